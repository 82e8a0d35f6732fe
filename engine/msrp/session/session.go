package session

import (
	"errors"
	"io"
	"time"

	"text911/engine/msrp"
)

// Why Send refuses a message.
var (
	ErrType      = errors.New("session: media type not accepted by the peer")
	ErrSize      = errors.New("session: message larger than the peer accepts")
	ErrHeld      = errors.New("session: the peer does not want messages now")
	ErrFull      = errors.New("session: too many messages waiting")
	ErrEnded     = errors.New("session: ended")
	ErrNeedsCPIM = errors.New("session: the peer wants message/cpim and no addresses are configured")
	ErrDuplicate = errors.New("session: message with this id is already being sent")
	ErrMessageID = errors.New("session: message id outside the grammar")
	ErrNoRemote  = errors.New("session: the peer's path is not known")
)

// Outgoing is a message to be sent. Body is not copied: it must stay unchanged until the
// message reached a final state. Source, if not nil, is read instead of Body, in pieces,
// while the message goes out; Size is its length.
type Outgoing struct {
	MessageID     msrp.MessageID // required; MessageIDs come from msrp.IDSource
	ContentType   string
	Body          []byte
	Source        io.ReaderAt
	Size          int64
	SuccessReport bool
	FailureReport msrp.FailureReport
	Headers       []msrp.Header // Content-Disposition and the like
}

// Session is one MSRP session.
type Session struct {
	cfg  Config
	conn *Conn
}

// New makes a session that is bound to no connection. Messages sent meanwhile wait.
func New(cfg Config) (*Session, error) { return &Session{cfg: cfg}, nil }

// Local is the own session URI.
func (s *Session) Local() msrp.URI { return s.cfg.Local }

// Key is the table key of Local.
func (s *Session) Key() msrp.Key { return s.cfg.Local.Key() }

// Conn is the connection the session is bound to, or nil.
func (s *Session) Conn() *Conn { return s.conn }

// SetRemote sets the peer's path once the answer is known.
func (s *Session) SetRemote(path msrp.Path) error { return nil }

// SetPeer sets what the peer's SDP said about types and size.
func (s *Session) SetPeer(types, wrapped []string, maxMessage int64) {}

// SetHeld follows the direction attributes: while held, only control messages go out.
func (s *Session) SetHeld(held bool) {}

// Send queues a message. Its fate is told by EventSent.
func (s *Session) Send(now time.Time, m Outgoing) error { return nil }

// Abort gives up an own message that has not gone out completely.
func (s *Session) Abort(id msrp.MessageID) bool { return false }

// Accept says that the application has the message durably: the completing chunk is
// answered 200 and the success REPORT goes out if one was asked for. It reports false if
// the ticket is not open, for instance because the connection was lost.
func (s *Session) Accept(now time.Time, t Ticket) bool { return false }

// Reject answers the completing chunk with code; the message counts as not received and
// may come again.
func (s *Session) Reject(now time.Time, t Ticket, code int) bool { return false }

// Remember takes a Message-ID as accepted, so that its repetition is recognised.
func (s *Session) Remember(now time.Time, id msrp.MessageID) {}

// Close ends the session: nothing more is sent for it, and the Conn forgets it. Own
// messages without final state are returned. Table entries are the caller's to remove.
func (s *Session) Close(now time.Time) []msrp.MessageID { return nil }
