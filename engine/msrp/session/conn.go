package session

import (
	"time"

	"text911/engine/msrp"
)

// Conn is the core of one connection. See the package comment for its life.
type Conn struct {
	cfg      ConnConfig
	scanner  *msrp.Scanner
	ids      *msrp.IDSource
	sessions []*Session
	events   []Event
	stats    Stats

	recent   *Session // the session that recentTo named
	recentTo []byte
	in       incoming

	urgent  []byte // responses and REPORTs, whole frames
	scratch []byte
	out     scheduler
	own     requests

	created time.Time
	clocks  clocks
	memory  int64 // octets of incomplete messages
	blocked int   // sessions that owe too many verdicts
	bad     int   // refused requests while nothing was bound
	closing bool
	lost    bool
}

// NewConn makes the core of a connection that exists since now.
func NewConn(now time.Time, cfg ConnConfig) *Conn {
	cfg = cfg.withDefaults()
	return &Conn{
		cfg:     cfg,
		scanner: msrp.NewScanner(cfg.Profile, cfg.Limits),
		ids:     msrp.NewIDSource(cfg.Random),
		created: now,
	}
}

// Attach binds a session of which this side opened the connection. If nothing waits to be
// sent, a bodiless SEND announces it (RFC 4975 §5.4).
func (c *Conn) Attach(now time.Time, s *Session) {
	if s.conn != nil || s.ended || c.lost {
		return
	}
	c.bind(now, s)
	if !s.waiting() {
		s.queueBodiless(c.ids.MessageID())
	}
}

func (c *Conn) bind(now time.Time, s *Session) {
	s.conn, s.failed = c, false
	s.active = now
	c.sessions = append(c.sessions, s)
	c.event(Event{Kind: EventBound, Session: s})
}

// Receive takes octets from the peer. p may be reused when it returns.
func (c *Conn) Receive(now time.Time, p []byte) {
	if c.closing || c.lost {
		return
	}
	c.scanner.Write(p)
	c.clocks.received(len(p))
	c.process(now)
}

// PeerClosed says that the peer closed its side; Lost still has to be called.
func (c *Conn) PeerClosed(now time.Time) {
	if c.closing || c.lost {
		return
	}
	c.scanner.End()
	c.process(now)
}

// process handles the frames that are there, as long as the application keeps up.
func (c *Conn) process(now time.Time) {
	for !c.closing {
		if !c.WantsInput() {
			c.scanner.Keep()
			break
		}
		f, ok, err := c.scanner.Next()
		if err != nil {
			c.fail(err.Error())
			break
		}
		if !ok {
			break
		}
		c.frame(now, f)
		if f.Final {
			c.fail("header section over the limit")
		}
	}
	c.clocks.update(now, c.scanner.Progress(), c.stats.FramesIn, !c.WantsInput())
}

// WantsInput is false while the application owes too many verdicts or the peer does not
// take our responses: stop reading. Input goes on by itself with the verdicts.
func (c *Conn) WantsInput() bool {
	return c.blocked == 0 && len(c.urgent) < c.cfg.MaxOutput && !c.lost
}

// TakeEvents appends the events since the last call to dst, in order.
func (c *Conn) TakeEvents(dst []Event) []Event {
	dst = append(dst, c.events...)
	clear(c.events)
	c.events = c.events[:0]
	return dst
}

// HasEvents reports whether TakeEvents would append something.
func (c *Conn) HasEvents() bool { return len(c.events) > 0 }

func (c *Conn) event(e Event) { c.events = append(c.events, e) }

// fail ends the connection from this side: it is closed once its output is written.
func (c *Conn) fail(reason string) {
	if c.closing {
		return
	}
	c.closing = true
	c.event(Event{Kind: EventClosing, Reason: reason})
}

// Closing reports whether the connection is to be closed once its output is written.
func (c *Conn) Closing() bool { return c.closing }

// Lost ends the connection: each session gets EventFailed with its unconfirmed messages
// and may be attached to or claimed by another connection.
func (c *Conn) Lost(now time.Time) {
	if c.lost {
		return
	}
	c.lost = true
	for _, s := range c.sessions {
		s.dropIncoming(now)
		s.fail(0)
		s.conn = nil
	}
	c.sessions, c.recent, c.urgent = nil, nil, nil
	c.out, c.own = scheduler{}, requests{}
	c.in = incoming{discard: true}
}

// Sessions is the number of sessions bound.
func (c *Conn) Sessions() int { return len(c.sessions) }

// Stats are counters of one connection.
type Stats struct {
	FramesIn, FramesOut  uint64
	Quirks               msrp.Quirks
	Refused              uint64 // requests that could not be taken
	RangeMismatch        uint64 // byte ranges that disagree with the octets received
	BeyondEnd            uint64 // octets after the end of a message
	PathMismatch         uint64 // responses and first SENDs with unexpected paths
	UnmatchedResponses   uint64
	UnmatchedReports     uint64
	IgnoredReports       uint64 // without usable Status
	RepeatedMessages     uint64
	RepeatedTransactions uint64
	Timeouts             uint64
}

// Stats gives the counters.
func (c *Conn) Stats() Stats {
	st := c.stats
	st.Quirks = c.scanner.Quirks()
	return st
}
