package transport

import (
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// collect takes the core's events and does what must not wait for a handler:
// failed sessions are unbound, settled messages forgotten, unconfirmed ones sent
// again. c.mu is held.
func (c *Conn) collect(now time.Time) {
	if !c.core.HasEvents() {
		return
	}
	b := c.queue
	if b == nil {
		b = c.endpoint.pools.takeBatch()
	}
	from := len(b.events)
	b.events = c.core.TakeEvents(b.events)
	failed := false
	for i := from; i < len(b.events); i++ {
		ev := &b.events[i]
		s := c.ownerOf(ev.Session)
		if s == nil {
			if ev.Kind == session.EventClosing {
				c.reason = ev.Reason
			}
			b.owners = append(b.owners, owner{})
			continue
		}
		b.owners = append(b.owners, owner{session: s, after: s.after})
		switch ev.Kind {
		case session.EventSent:
			s.settled(ev)
		case session.EventBound:
			b.events = c.again(b.events, s, now)
		case session.EventFailed:
			failed = true
			if len(c.more) == 0 { // the connection ends with it, and what is left of it is told
				c.core.Lost(now)
				b.events = c.core.TakeEvents(b.events)
			}
		}
	}
	for i := from; failed && i < len(b.events); i++ {
		if b.events[i].Kind == session.EventFailed {
			c.lose(&b.owners[i], b.events[i].Code)
		}
	}
	c.queue = b
}

// again sends unconfirmed messages on a new binding; what the peer no longer
// takes becomes an event. c.mu is held.
func (c *Conn) again(events []session.Event, s *Session, now time.Time) []session.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	core := s.core
	for _, id := range s.again(now) {
		events = append(events, session.Event{Kind: session.EventSent, Session: core, MessageID: id, State: session.Failed})
	}
	return events
}

// lose unbinds the owner of a failure, to be told of it. c.mu is held.
func (c *Conn) lose(o *owner, code int) {
	if o.session == nil {
		return
	}
	c.dropSession(o.session)
	o.told = o.session.unbind()
	if c.gaveWay(o.session, code) {
		close(o.told)
		*o = owner{}
	}
}

// gaveWay: both sides connected at the same time and the peer kept the other
// connection. That is no loss: the session binds there.
func (c *Conn) gaveWay(s *Session, code int) bool {
	return code == msrp.CodeSessionBoundElsewhere && s.yields && c.listener == nil
}

// dispatch calls handlers until nothing is left to tell, unless somebody is at
// it: they look again before leaving, so handlers hear everything in order and
// one at a time. c.mu is held and given up meanwhile.
func (c *Conn) dispatch(now time.Time) {
	c.collect(now)
	if c.dispatching {
		return
	}
	for c.queue != nil {
		b := c.queue
		c.queue = nil
		c.tell(b)
		for i := range b.events {
			ev := &b.events[i]
			if v := b.verdicts[i]; ev.Kind == session.EventMessage && v != Later {
				c.decide(ev.Session, ev.Ticket, v, now)
			}
		}
		c.endpoint.pools.putBatch(b)
		c.collect(now)
	}
}

// tell calls the handlers of one batch without c.mu.
func (c *Conn) tell(b *batch) {
	c.dispatching = true
	c.mu.Unlock()
	defer func() { // also when a handler panics
		c.mu.Lock()
		c.dispatching = false
	}()
	for i := range b.events {
		v := Later
		if o := &b.owners[i]; o.session != nil {
			v = o.tell(c, &b.events[i])
		}
		b.verdicts = append(b.verdicts, v)
	}
}

// tell calls the handler of one event. A handler that panics ends the
// connection, and what follows is told all the same.
func (o *owner) tell(c *Conn, ev *session.Event) Verdict {
	defer c.contain()
	s := o.session
	h := &s.handler
	if o.after != nil {
		<-o.after
	}
	if o.told != nil {
		defer close(o.told)
	}
	switch ev.Kind {
	case session.EventMessage:
		return h.Received(s, Message{ID: ev.MessageID, ContentType: ev.ContentType, Body: ev.Body,
			SuccessReport: ev.SuccessReport, session: s, core: ev.Session, conn: c, ticket: ev.Ticket})
	case session.EventBound:
		if h.Bound != nil {
			h.Bound(s)
		}
	case session.EventPartial:
		if h.Partial != nil {
			h.Partial(s, Partial{ID: ev.MessageID, ContentType: ev.ContentType, Body: ev.Body, Reason: ev.Partial})
		}
	case session.EventComposing:
		if h.Composing != nil {
			h.Composing(s, ev.Body)
		}
	case session.EventSent:
		if h.Sent != nil {
			h.Sent(s, Update{ID: ev.MessageID, State: ev.State, Code: ev.Code})
		}
	case session.EventFailed:
		if h.Lost != nil {
			h.Lost(s, Loss{Code: ev.Code, Reason: ev.Reason, Unconfirmed: ev.Unconfirmed})
		}
	}
	return Later
}

// decide answers a received message. c.mu is held.
func (c *Conn) decide(core *session.Session, t session.Ticket, v Verdict, now time.Time) bool {
	if c.ownerOf(core) == nil {
		return false
	}
	if v == Accepted {
		return core.Accept(now, t)
	}
	return core.Reject(now, t, int(v))
}

// verdict answers a received message from any goroutine.
func (c *Conn) verdict(m Message, v Verdict) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || !c.decide(m.core, m.ticket, v, c.endpoint.cfg.Now()) {
		return false
	}
	c.afterForeign()
	return true
}

// ownerOf is the session bound here that has the core. c.mu is held.
func (c *Conn) ownerOf(core *session.Session) *Session {
	if core == nil {
		return nil
	}
	if c.one != nil && c.one.core == core {
		return c.one
	}
	return c.more[core]
}

// addSession notes a session as bound here. c.mu and s.mu are held.
func (c *Conn) addSession(s *Session) {
	s.conn.Store(c)
	s.after = s.lastLoss
	if c.one == nil {
		c.one = s
		return
	}
	if c.more == nil {
		c.more = map[*session.Session]*Session{}
	}
	c.more[s.core] = s
}

// dropSession forgets a session that ended or failed. The connection is closed
// with its last one (RFC 4975 §5.4). c.mu is held.
func (c *Conn) dropSession(s *Session) {
	if c.one == s {
		c.one = nil
	} else {
		delete(c.more, s.core)
	}
	c.closing = c.one == nil && len(c.more) == 0
}

// orphan unbinds sessions that the core did not fail, because a fault ended it.
// c.mu is held.
func (c *Conn) orphan() {
	left := make([]*Session, 0, len(c.more)+1)
	if c.one != nil {
		left = append(left, c.one)
	}
	for _, s := range c.more {
		left = append(left, s)
	}
	for _, s := range left {
		c.dropSession(s)
		o := owner{session: s, after: s.after, told: s.unbind()}
		ev := session.Event{Kind: session.EventFailed, Reason: endFault.String()}
		c.mu.Unlock()
		o.tell(c, &ev)
		c.mu.Lock()
	}
}
