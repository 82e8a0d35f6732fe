package session

import (
	"errors"
	"io"
	"slices"
	"time"

	"text911/engine/msrp"
)

// Why Send refuses a message.
var (
	ErrType      = errors.New("session: media type not accepted by the peer")
	ErrSize      = errors.New("session: message larger than the peer accepts")
	ErrHeld      = errors.New("session: the peer does not want messages now")
	ErrFull      = errors.New("session: too many messages waiting")
	ErrEnded     = errors.New("session: ended or failed")
	ErrNeedsCPIM = errors.New("session: the peer wants message/cpim and nothing here wraps")
	ErrDuplicate = errors.New("session: message with this id is already being sent")
	ErrMessageID = errors.New("session: message id outside the grammar")
	ErrHeader    = errors.New("session: header not fit for the wire")
)

// Outgoing is a message to be sent. Body is not copied: it must stay unchanged until the
// message reached a final state. Source, if not nil, is read instead of Body, in pieces,
// while the message goes out; Size is its length.
type Outgoing struct {
	MessageID     msrp.MessageID // required; new ones come from msrp.IDSource
	ContentType   string         // required
	Body          []byte
	Source        io.ReaderAt
	Size          int64
	SuccessReport bool
	FailureReport msrp.FailureReport
	Headers       []msrp.Header // Content-Disposition and the like
	Control       bool          // not user payload: goes out while the session is held
}

// outgoing is a message on its way out.
type outgoing struct {
	session     *Session
	id          msrp.MessageID
	contentType string
	body        []byte
	source      io.ReaderAt
	size        int64
	headers     []msrp.Header
	success     bool
	failure     msrp.FailureReport
	control     bool
	bodiless    bool
	text        bool

	pos      int64 // octets sent
	open     int   // requests without response
	written  bool  // everything was sent
	accepted bool  // and nothing but a REPORT is expected
	broken   bool  // its source cannot be read
	aborting bool  // to be ended with #
	final    bool  // nothing more will be told
	covered  intervals
}

// Send queues a message. Its fate is told by EventSent. Messages of up to Quantum octets
// overtake longer ones of the same session.
func (s *Session) Send(now time.Time, m Outgoing) error {
	if m.Source == nil {
		m.Size = int64(len(m.Body))
	}
	if err := s.admit(now, &m); err != nil {
		return err
	}
	o := &outgoing{
		session: s, id: m.MessageID, contentType: m.ContentType, body: m.Body, source: m.Source, size: m.Size,
		headers: m.Headers, success: m.SuccessReport, failure: m.FailureReport,
		control: m.Control || isControl(m.ContentType), text: m.Size > Quantum && isText(mediaType(m.ContentType)),
	}
	if len(s.unsettled) >= s.cfg.MaxUnconfirmed {
		s.settleOwn(s.unsettled[0]) // its REPORT will hardly come any more
	}
	s.unsettled = append(s.unsettled, o)
	s.queued += int64(len(m.Body))
	if o.size <= Quantum {
		s.chat = append(s.chat, o)
	} else {
		s.bulk = append(s.bulk, o)
	}
	return nil
}

// admit checks a message against what the peer said and what may wait here.
func (s *Session) admit(now time.Time, m *Outgoing) error {
	switch {
	case s.ended || s.failed:
		return ErrEnded
	case !m.MessageID.Valid():
		return ErrMessageID
	case m.Size < 0 || m.ContentType == "" || !validHeaders(m):
		return ErrHeader
	case s.held && !m.Control && !isControl(m.ContentType):
		return ErrHeld
	case len(s.unsettled) >= s.cfg.MaxUnconfirmed && !s.unsettled[0].accepted:
		return ErrFull
	case s.queued > 0 && s.queued+int64(len(m.Body)) > s.cfg.MaxQueued:
		return ErrFull
	}
	for _, o := range s.unsettled {
		if o.id == m.MessageID {
			return ErrDuplicate
		}
	}
	if err := s.admitType(now, m); err != nil {
		return err
	}
	if s.cfg.PeerMaxMessage > 0 && m.Size > s.cfg.PeerMaxMessage {
		return ErrSize
	}
	return nil
}

// admitType wraps what has to be wrapped and checks the type, or both types, against the
// peer's lists (RFC 4975 §8.6, §13).
func (s *Session) admitType(now time.Time, m *Outgoing) error {
	if s.cfg.PeerTypes == nil && s.unwelcome == nil {
		return nil
	}
	media, inner := mediaType(m.ContentType), ""
	if s.wantsCPIM() && media != typeCPIM && !isControl(media) {
		if s.cfg.Wrap == nil || m.Source != nil {
			return ErrNeedsCPIM
		}
		body, err := s.cfg.Wrap(now, m.ContentType, m.Body)
		if err != nil {
			return err
		}
		media, inner = typeCPIM, media
		m.ContentType, m.Body, m.Size = typeCPIM, body, int64(len(body))
	} else if media == typeCPIM && s.cfg.WrappedType != nil && m.Source == nil {
		if t, ok := s.cfg.WrappedType(m.Body); ok {
			inner = mediaType(t)
		}
	}
	switch {
	case !accepts(s.cfg.PeerTypes, media), slices.Contains(s.unwelcome, media):
		return ErrType
	case inner == "" || accepts(s.cfg.PeerTypes, inner):
		return nil
	case len(s.cfg.PeerWrappedTypes) > 0 && accepts(s.cfg.PeerWrappedTypes, inner):
		return nil
	}
	return ErrType
}

// wantsCPIM: a peer that lists message/cpim first wants every message wrapped.
func (s *Session) wantsCPIM() bool {
	return len(s.cfg.PeerTypes) > 0 && mediaType(s.cfg.PeerTypes[0]) == typeCPIM
}

// validHeaders lets the encoder judge before anything is queued.
func validHeaders(m *Outgoing) bool {
	if len(m.Headers) == 0 && m.ContentType == "text/plain" {
		return true
	}
	probe := msrp.Request{
		ID: "probe", Method: msrp.SEND, To: msrp.RawPath("-"), From: msrp.RawPath("-"),
		MessageID: m.MessageID, Headers: m.Headers, ContentType: m.ContentType,
	}
	_, err := msrp.AppendHead(nil, &probe)
	return err == nil
}

func isControl(contentType string) bool {
	switch mediaType(contentType) {
	case typeComposing, typeIMDN:
		return true
	}
	return false
}

// queueBodiless queues the SEND that binds a session or keeps it alive.
func (s *Session) queueBodiless(id msrp.MessageID) {
	s.chat = append(s.chat, &outgoing{session: s, id: id, control: true, bodiless: true})
}

// Abort gives up an own message that has not gone out completely. Nothing more is told
// about it.
func (s *Session) Abort(id msrp.MessageID) bool {
	for _, o := range s.unsettled {
		if o.id == id && !o.written {
			s.settleOwn(o)
			return true
		}
	}
	return false
}

// waiting reports whether something is queued.
func (s *Session) waiting() bool { return len(s.chat) > 0 || len(s.bulk) > 0 }

// next gives what this session would send now, or nil.
func (s *Session) next() *outgoing {
	if s.failed || len(s.remoteRaw) == 0 {
		return nil
	}
	for _, queue := range [2][]*outgoing{s.chat, s.bulk} {
		for _, o := range queue {
			if !s.held || o.control || o.pos > 0 {
				return o
			}
		}
	}
	return nil
}

// dequeue takes a message out of its queue once it needs no more sending.
func (s *Session) dequeue(o *outgoing) {
	remove := func(queue *[]*outgoing) {
		q := *queue
		if len(q) > 0 && q[0] == o {
			copy(q, q[1:])
		} else if i := slices.Index(q, o); i >= 0 {
			copy(q[i:], q[i+1:])
		} else {
			return
		}
		q[len(q)-1] = nil
		*queue = q[:len(q)-1]
		s.queued -= int64(len(o.body))
	}
	remove(&s.chat)
	remove(&s.bulk)
}

// tell reports a state that is not final.
func (s *Session) tell(o *outgoing, state SendState, code int) {
	if !o.bodiless && s.conn != nil {
		s.conn.event(Event{Kind: EventSent, Session: s, MessageID: o.id, State: state, Code: code})
	}
}

// settleOwn ends the story of an own message. If it is half sent, its last chunk still has
// to say so (RFC 4975 §7.1.1).
func (s *Session) settleOwn(o *outgoing) {
	if o.final {
		return
	}
	o.final = true
	if i := slices.Index(s.unsettled, o); i >= 0 {
		s.unsettled = slices.Delete(s.unsettled, i, i+1)
	}
	running := s.conn != nil && s.conn.out.message == o
	switch {
	case o.written:
	case running || o.pos > 0:
		o.aborting = true
	default:
		s.dequeue(o)
	}
}

// dropOutgoing forgets every own message and gives the ids of those without final state.
func (s *Session) dropOutgoing() []msrp.MessageID {
	var ids []msrp.MessageID
	for _, o := range s.unsettled {
		ids = append(ids, o.id)
		o.final = true
	}
	for _, o := range slices.Concat(s.chat, s.bulk) {
		o.final, o.aborting = true, true
	}
	s.unsettled, s.chat, s.bulk, s.queued = nil, nil, nil, 0
	return ids
}
