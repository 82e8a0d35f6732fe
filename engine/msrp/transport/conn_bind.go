package transport

import (
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// claims is how the core of a connection asks for sessions. It calls from a
// step, so the connection's mu is held.
type claims Conn

// Claim tells which session a To-Path names and binds it here (RFC 4975 §5.4,
// §7.3).
func (cl *claims) Claim(key msrp.Key) (*session.Session, int) {
	c := (*Conn)(cl)
	e := c.endpoint
	s := e.lookup(key)
	if s == nil || !s.key.Equal(key) {
		c.wrongRequest()
		return nil, msrp.CodeNoSession
	}
	if !c.mayCarry(s) {
		if s.Bound() {
			return nil, msrp.CodeSessionBoundElsewhere
		}
		c.wrongRequest()
		return nil, msrp.CodeNoSession
	}
	if old := s.conn.Load(); old != nil && !c.takeOver(s, old) {
		return nil, msrp.CodeSessionBoundElsewhere
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, msrp.CodeNoSession
	case s.conn.Load() != nil:
		return nil, msrp.CodeSessionBoundElsewhere
	}
	if c.secure && s.peer.Verify != nil && (c.leaf == nil || s.peer.Verify(c.leaf) != nil) {
		e.totals.identity.Add(1)
		c.closing, c.why = true, endIdentity
		return nil, msrp.CodeNoSession
	}
	c.bind(s)
	return s.core, 0
}

// Release takes a claim back: the core found the request unfit to bind.
func (cl *claims) Release(core *session.Session) {
	c := (*Conn)(cl)
	s := c.ownerOf(core)
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.dropSession(s)
	c.closing = false
	s.conn.Store(nil)
	if c.one == nil {
		c.endpoint.backOnProbation(c)
	}
}

// mayCarry: only sessions that expect this listener and its transport bind here;
// a connection opened by this side carries what it was opened for, unless it is
// shared.
func (c *Conn) mayCarry(s *Session) bool {
	if c.listener != nil {
		return s.at == &c.listener.place
	}
	return c.share != nil && s.cfg.Local.Secure == c.secure
}

// bind notes the binding. c.mu and s.mu are held.
func (c *Conn) bind(s *Session) {
	c.addSession(s)
	c.closing = false
	c.endpoint.totals.bound.Add(1)
	c.endpoint.leftProbation(c)
}

// wrongRequest counts a request for no session. A source that guesses is cut.
func (c *Conn) wrongRequest() {
	e := c.endpoint
	e.totals.wrongPath.Add(1)
	if c.listener == nil {
		return
	}
	e.mu.Lock()
	tooMany := e.sources.wrongRequest(c.source, e.cfg.Now())
	e.mu.Unlock()
	if tooMany && c.one == nil {
		c.kill(endGuessing)
	}
}

// takeOverTries and takeOverPause bound the wait for the other connection's
// lock: two connections that take sessions from each other at the same time must
// not wait for ever.
const (
	takeOverTries = 200
	takeOverPause = 200 * time.Microsecond
)

// takeOver moves a session here whose present binding may be replaced: by a new
// offer/answer, or because both sides connected at the same time. In that case
// the connection of the side with the smaller path wins, which both can tell.
func (c *Conn) takeOver(s *Session, old *Conn) bool {
	if old == c {
		return false
	}
	s.mu.Lock()
	obsolete := !s.obsolete.IsZero()
	gives := s.yields && old.listener == nil && len(s.cfg.Remote) > 0 &&
		s.cfg.Remote[len(s.cfg.Remote)-1].Wire() < s.cfg.Local.Wire()
	s.mu.Unlock()
	if !obsolete && !gives {
		return false
	}
	for range takeOverTries {
		if !old.mu.TryLock() {
			time.Sleep(takeOverPause)
			continue
		}
		defer old.mu.Unlock()
		switch {
		case s.conn.Load() != old:
			return true // it has just ended by itself
		case !obsolete && old.heard:
			return false
		}
		old.giveUp(s)
		return true
	}
	return false
}

// giveUp ends a superseded binding without telling the application a loss. c.mu
// is held.
func (c *Conn) giveUp(s *Session) {
	if s.conn.Load() != c {
		return
	}
	c.dropSession(s)
	close(s.unbind())
	c.afterForeign()
}

// leftProbation takes a connection off the list of those that go first.
func (e *Endpoint) leftProbation(c *Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.isUnbound {
		e.sources.proven(c.source)
	}
	e.unbound.remove(c)
}

// backOnProbation puts it there again.
func (e *Endpoint) backOnProbation(c *Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, alive := e.conns[c]; alive && c.listener != nil && !c.trusted && !c.isUnbound {
		e.sources.doubted(c.source, e.cfg.Now())
		e.unbound.push(c)
	}
}

// remove forgets a connection that has ended.
func (e *Endpoint) remove(c *Conn) {
	e.timers.remove(c)
	why := endReason(c.end.Load())
	e.totals.ended[why].Add(1)
	c.mu.Lock()
	stats, reason := c.core.Stats(), c.reason
	c.mu.Unlock()
	e.mu.Lock()
	delete(e.conns, c)
	if c.isUnbound || c.evicted {
		e.sources.closed(c.source)
	}
	e.unbound.remove(c)
	if c.share != nil && e.shared[*c.share] == c {
		delete(e.shared, *c.share)
	}
	e.totals.core = addStats(e.totals.core, stats)
	e.mu.Unlock()
	e.cfg.Log.Debug("msrp connection ended", "peer", c.peerName(), "why", why.String(), "reason", reason,
		"age", e.cfg.Now().Sub(c.opened).Round(time.Millisecond))
}

func (c *Conn) peerName() string {
	if a := c.wire.RemoteAddr(); a != nil {
		return a.String()
	}
	return "unknown"
}
