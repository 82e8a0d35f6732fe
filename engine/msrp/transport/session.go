package transport

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// Peer is what the other side's SDP said.
type Peer struct {
	// Path is its a=path; requests are addressed with all of it.
	Path msrp.Path
	// Types, WrappedTypes and MaxMessage are its lists and a=max-size.
	Types, WrappedTypes []string
	MaxMessage          int64
	// Held is true while it does not take user payload.
	Held bool
	// Verify checks the leaf certificate, in DER form, of a TLS connection for
	// this session: it holds the fingerprints of the SDP (RFC 8122). Nil leaves
	// an own connection to the check by chain and name, and an incoming one to
	// the secrecy of the session-id.
	Verify func(leaf []byte) error
}

// Session is one MSRP session of one SDP negotiation. It is safe for concurrent
// use.
type Session struct {
	endpoint *Endpoint
	at       *place
	handler  Handler
	key      msrp.Key

	conn atomic.Pointer[Conn] // nil while unbound; written under both mu

	// mu guards the rest, and the core while unbound. While the session is
	// bound, the core belongs to the connection's mu. Order: Conn.mu, then this.
	mu       sync.Mutex
	core     *session.Session
	cfg      session.Config
	peer     Peer
	ready    chan struct{} // closed when the peer's SDP is known
	known    bool
	closed   bool
	after    <-chan struct{} // closed when the loss before this binding was told
	lastLoss chan struct{}   // closed when the latest loss was told
	obsolete time.Time       // since when the binding may be replaced; zero: it may not
	yields   bool            // the peer may connect at the same time
	waits    bool            // lost: own messages wait in pending for the next binding
	pending  []session.Outgoing
}

// NewSession issues a session URI at a place and makes the session reachable
// there. In cfg, Local and Remote are left empty.
func (e *Endpoint) NewSession(at Place, cfg session.Config, h Handler) (*Session, error) {
	s, err := e.newSession(at, cfg, h)
	if err != nil {
		return nil, err
	}
	if err := e.register(s, at.URI()); err != nil {
		return nil, err
	}
	return s, s.begin()
}

// ResumeSession is NewSession with a URI issued earlier, for a call that another
// node, or an earlier life of this one, began. The URI must lie at the place.
func (e *Endpoint) ResumeSession(at Place, uri msrp.URI, cfg session.Config, h Handler) (*Session, error) {
	s, err := e.newSession(at, cfg, h)
	if err != nil {
		return nil, err
	}
	if err := e.adopt(s, uri); err != nil {
		return nil, err
	}
	return s, s.begin()
}

func (e *Endpoint) newSession(at Place, cfg session.Config, h Handler) (*Session, error) {
	if h.Received == nil {
		return nil, ErrNoHandler
	}
	cfg.Profile = e.cfg.Profile
	return &Session{endpoint: e, at: at.here(), handler: h, cfg: cfg, ready: make(chan struct{})}, nil
}

// begin makes the core, now that the URI is known.
func (s *Session) begin() error {
	s.mu.Lock()
	core, err := newCore(s.cfg)
	s.core = core
	s.mu.Unlock()
	if err != nil {
		s.endpoint.forget(s)
	}
	return err
}

// URI is the own session URI.
func (s *Session) URI() msrp.URI { return s.cfg.Local }

// Path is the own path for SDP.
func (s *Session) Path() msrp.Path { return msrp.Path{s.cfg.Local} }

// Bound reports whether a connection carries the session now.
func (s *Session) Bound() bool { return s.conn.Load() != nil }

// SetPeer takes what the peer's SDP said, at first and after every exchange that
// changed it. Until then an incoming TLS connection for the session is held
// back unread (RFC 8122 §6.2).
func (s *Session) SetPeer(p Peer) error {
	var err error
	s.withCore(func(core *session.Session, _ *Conn) {
		if err = core.SetRemote(p.Path); err != nil {
			return
		}
		core.SetPeer(p.Types, p.WrappedTypes, p.MaxMessage)
		s.peer = p
		s.setHeld(core, p.Held)
		s.cfg.Remote, s.cfg.PeerTypes, s.cfg.PeerWrappedTypes, s.cfg.PeerMaxMessage =
			p.Path, p.Types, p.WrappedTypes, p.MaxMessage
		if !s.known {
			s.known = true
			close(s.ready)
		}
	})
	return err
}

// SetHeld follows a change of the direction attributes alone.
func (s *Session) SetHeld(held bool) {
	s.withCore(func(core *session.Session, _ *Conn) {
		s.peer.Held = held
		s.setHeld(core, held)
	})
}

// setHeld lets what waited for the peer to want it go out. s.mu is held.
func (s *Session) setHeld(core *session.Session, held bool) {
	core.SetHeld(held)
	if !held && !s.waits && s.conn.Load() != nil {
		s.again(s.endpoint.cfg.Now())
	}
}

// withCore runs f with the core's owner locked: the connection's mu when bound,
// and the session's in any case.
func (s *Session) withCore(f func(core *session.Session, c *Conn)) {
	for {
		c := s.conn.Load()
		if c != nil {
			c.mu.Lock()
		}
		s.mu.Lock()
		if s.conn.Load() == c {
			f(s.core, c)
			s.mu.Unlock()
			if c != nil {
				c.afterForeign()
				c.mu.Unlock()
			}
			return
		}
		s.mu.Unlock()
		if c != nil {
			c.mu.Unlock()
		}
	}
}

// Send queues a message; its fate is told by Handler.Sent. While the session is
// unbound it waits for a connection. The body must not change until the message
// has a final state. It never waits for the network: when too much is waiting it
// refuses with session.ErrFull, and the caller keeps the message.
func (s *Session) Send(m session.Outgoing) error {
	var err error
	s.withCore(func(core *session.Session, _ *Conn) {
		switch {
		case s.closed:
			err = ErrClosed
		case s.waits:
			err = s.mayWait(&m)
		default:
			err = core.Send(s.endpoint.cfg.Now(), m)
		}
		if err != nil {
			return
		}
		s.pending = append(s.pending, m)
		if len(s.pending) > session.DefaultMaxUnconfirmed { // as the core does
			s.pending = slices.Delete(s.pending, 0, 1)
		}
	})
	return err
}

// mayWait bounds what waits for a binding after a loss. s.mu is held.
func (s *Session) mayWait(m *session.Outgoing) error {
	octets := len(m.Body)
	for i := range s.pending {
		if s.pending[i].MessageID == m.MessageID {
			return session.ErrDuplicate
		}
		octets += len(s.pending[i].Body)
	}
	if len(s.pending) >= session.DefaultMaxUnconfirmed || octets > session.DefaultMaxQueued {
		return session.ErrFull
	}
	return nil
}

// Abort gives up an own message that has not gone out completely.
func (s *Session) Abort(id msrp.MessageID) bool {
	aborted := false
	s.withCore(func(core *session.Session, _ *Conn) { aborted = core.Abort(id) })
	return aborted
}

// Remember takes a Message-ID as accepted earlier, so that its repetition is
// recognised after a restart.
func (s *Session) Remember(id msrp.MessageID) {
	s.withCore(func(core *session.Session, _ *Conn) { core.Remember(s.endpoint.cfg.Now(), id) })
}

// Supersede says that a new offer/answer replaced the peer's path: the present
// binding goes on until another connection binds, at most for Config.Obsolete
// (RFC 4975 §8.4).
func (s *Session) Supersede() {
	s.withCore(func(_ *session.Session, c *Conn) {
		if c != nil {
			s.obsolete = s.endpoint.cfg.Now()
		}
	})
}

// Close ends the session after its dialog has: requests for it get 481 from now
// on. The connection is closed when it carries no other session, after what is
// queued was written. The result are own messages without a final state. Close
// may be called from a handler.
func (s *Session) Close() []msrp.MessageID {
	s.endpoint.forget(s)
	var left []msrp.MessageID
	s.withCore(func(core *session.Session, c *Conn) {
		if s.closed {
			return
		}
		s.closed = true
		if !s.known {
			s.known = true
			close(s.ready)
		}
		left = core.Close(s.endpoint.cfg.Now())
		s.pending = nil
		if c != nil {
			c.dropSession(s)
			s.conn.Store(nil)
		}
	})
	return left
}

// settled forgets an own message that has reached a final state. c.mu is held.
func (s *Session) settled(ev *session.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.pending {
		if s.pending[i].MessageID != ev.MessageID {
			continue
		}
		if s.pending[i].SuccessReport && (ev.State == session.Accepted || ev.State == session.Sent) {
			return // a success REPORT is still to come
		}
		s.pending = slices.Delete(s.pending, i, i+1)
		return
	}
}

// unbind takes a session off a connection that is lost to it. c.mu is held. The
// result is to be closed when the application was told: it hears of the next
// binding only then.
func (s *Session) unbind() (told chan struct{}) {
	told = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return told
	}
	s.lastLoss, s.obsolete, s.waits = told, time.Time{}, true
	if s.core.Conn() != nil {
		s.replaceCore()
	}
	s.conn.Store(nil)
	return told
}

// replaceCore is for a session that failed alone on a connection that lives on:
// its core stays behind there, and a new one takes over what it knows. s.mu is
// held.
func (s *Session) replaceCore() {
	s.core.Close(s.endpoint.cfg.Now())
	cfg := s.cfg
	cfg.Previous = s.core
	core, err := newCore(cfg)
	if err != nil {
		return // the same configuration made the core before this one
	}
	core.SetHeld(s.peer.Held)
	s.core = core
}

// again sends what has no final state on a new binding, under its Message-IDs,
// so that the peer knows it for what it is (RFC 4975 §5.4). What the peer does
// not take any more is given back as refused; what it only holds off waits. The
// core's owner and s.mu are locked.
func (s *Session) again(now time.Time) (refused []msrp.MessageID) {
	s.waits = false
	s.pending = slices.DeleteFunc(s.pending, func(m session.Outgoing) bool {
		switch err := s.core.Send(now, m); err {
		case nil, session.ErrDuplicate, session.ErrHeld, session.ErrFull:
			return false
		default:
			refused = append(refused, m.MessageID)
			return true
		}
	})
	return refused
}
