package transport

import (
	"time"

	"text911/engine/msrp"
)

// sweepEvery is how often the slow clocks are looked at.
const sweepEvery = time.Second

// sweep serves what needs no exact time: superseded bindings, sources that are
// not seen any more, and the log lines of quirks.
func (e *Endpoint) sweep() {
	tick := newTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-tick.C:
		}
		now := e.cfg.Now()
		e.mu.Lock()
		e.sources.forgetIdle(now)
		conns := make([]*Conn, 0, len(e.conns))
		for c := range e.conns {
			conns = append(conns, c)
		}
		e.mu.Unlock()
		for _, c := range conns {
			c.sweep(now)
		}
	}
}

func (c *Conn) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	c.noteQuirks()
	for _, s := range c.sessionsNow() {
		s.mu.Lock()
		old := !s.obsolete.IsZero() && now.Sub(s.obsolete) >= c.endpoint.cfg.Obsolete
		s.mu.Unlock()
		if old {
			c.giveUp(s)
		}
	}
}

func (c *Conn) sessionsNow() []*Session {
	var out []*Session
	if c.one != nil {
		out = append(out, c.one)
	}
	for _, s := range c.more {
		out = append(out, s)
	}
	return out
}

// noteQuirks logs the first occurrence of each tolerated deviation on this
// connection, by name. c.mu is held.
func (c *Conn) noteQuirks() {
	seen := c.core.Stats().Quirks
	if seen == c.quirks {
		return
	}
	for i, n := range seen {
		if n > 0 && c.quirks[i] == 0 {
			c.endpoint.cfg.Log.Warn("msrp peer deviates", "peer", c.peerName(), "quirk", msrp.Quirk(i).String())
		}
	}
	c.quirks = seen
}
