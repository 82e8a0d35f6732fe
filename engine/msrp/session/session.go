package session

import (
	"errors"
	"strings"
	"time"

	"text911/engine/msrp"
)

// Session is one MSRP session. See the package comment for who owns it when.
type Session struct {
	cfg       Config
	key       msrp.Key
	localRaw  msrp.RawPath
	remote    msrp.Path
	remoteRaw msrp.RawPath
	conn      *Conn

	history   history
	open      []*assembly
	pending   pending
	memory    int64 // octets in open
	isBlocked bool

	chat, bulk []*outgoing // waiting to go out
	unsettled  []*outgoing // without final state, oldest first
	queued     int64       // octets waiting in chat and bulk
	unwelcome  []string    // types the peer answered 415 to
	held       bool
	failed     bool // EventFailed was told
	ended      bool // Close was called
	active     time.Time

	acceptRaw, acceptType string // the last content type found acceptable, as it stood
	fromRaw               string // the last From-Path, as it stood
}

// New makes a session that is bound to no connection. Messages sent meanwhile wait.
func New(cfg Config) (*Session, error) {
	cfg = cfg.withDefaults()
	if !cfg.Local.Valid() || cfg.Local.SessionID == "" || cfg.Local.Port == 0 {
		return nil, errors.New("session: own uri is not a session uri")
	}
	s := &Session{
		cfg:      cfg,
		key:      cfg.Local.Key(),
		localRaw: msrp.Path{cfg.Local}.Raw(),
		history:  history{limit: min(cfg.History, maxHistory), age: cfg.HistoryAge},
	}
	if cfg.Previous != nil {
		s.history.copyFrom(&cfg.Previous.history)
		s.cfg.Previous = nil // or every session of a long call would keep the one before it
	}
	if cfg.Remote != nil {
		return s, s.SetRemote(cfg.Remote)
	}
	return s, nil
}

// Local is the own session URI.
func (s *Session) Local() msrp.URI { return s.cfg.Local }

// Key is the table key of Local.
func (s *Session) Key() msrp.Key { return s.key }

// Conn is the connection the session is bound to, or nil.
func (s *Session) Conn() *Conn { return s.conn }

// SetRemote sets the peer's path once it is known: the whole path from the peer's SDP,
// next hop first.
func (s *Session) SetRemote(path msrp.Path) error {
	if len(path) == 0 || len(path) > msrp.MaxPathURIs {
		return errors.New("session: peer path is empty or too long")
	}
	for _, u := range path {
		if !u.Valid() || u.Port == 0 {
			return errors.New("session: peer path holds an invalid uri")
		}
	}
	if t := strings.ToLower(path[0].Transport); t != "" && t != "tcp" && t != "ws" {
		return errors.New("session: next hop has an unknown transport")
	}
	s.remote, s.remoteRaw = path, path.Raw()
	return nil
}

// SetPeer sets what the peer's SDP said about types and size.
func (s *Session) SetPeer(types, wrapped []string, maxMessage int64) {
	s.cfg.PeerTypes, s.cfg.PeerWrappedTypes, s.cfg.PeerMaxMessage = types, wrapped, maxMessage
}

// SetHeld follows the direction attributes: while held, only control messages go out.
func (s *Session) SetHeld(held bool) { s.held = held }

// Remember takes a Message-ID as accepted, so that its repetition is recognised.
func (s *Session) Remember(now time.Time, id msrp.MessageID) {
	s.history.add(now, id, 0, 0)
}

// Close ends the session: nothing more is sent for it, not even REPORTs, and the Conn
// forgets it, so that later requests for it get 481. Own messages without final state are
// returned, oldest first. The caller removes the session from its Table.
func (s *Session) Close(now time.Time) []msrp.MessageID {
	if s.ended {
		return nil
	}
	s.ended = true
	c := s.conn
	s.dropIncoming(now)
	ids := s.dropOutgoing()
	if c != nil {
		c.forget(s)
		c.process(now)
	}
	return ids
}

// fail tells the application, once, that the session cannot go on; nothing more is sent.
// Code is 0 for a lost connection.
func (s *Session) fail(code int) {
	ids := s.dropOutgoing()
	if s.failed || s.conn == nil {
		return
	}
	s.failed = true
	s.conn.event(Event{Kind: EventFailed, Session: s, Code: code, Unconfirmed: ids})
}
