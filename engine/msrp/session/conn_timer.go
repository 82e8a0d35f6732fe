package session

import (
	"time"

	"text911/engine/msrp"
)

// clocks watch the peer's progress inside a frame. They run on whole heads and on averages,
// so that single octets buy no time.
type clocks struct {
	frames uint64
	head   time.Time // when the head under way began
	body   time.Time // start of the window in which the body's rate is measured
	last   time.Time // when the body last grew
	octets int64     // received in the window
	got    int       // since the last update
}

func (k *clocks) received(n int) { k.got += n }

// update follows what the scanner is in the middle of. While we do not read, the peer is
// not to blame.
func (k *clocks) update(now time.Time, p msrp.Progress, frames uint64, paused bool) {
	if frames != k.frames || paused || p == msrp.Idle {
		k.head, k.body = time.Time{}, time.Time{}
		k.frames = frames
	}
	switch {
	case paused:
	case p == msrp.InHead:
		k.body = time.Time{}
		if k.head.IsZero() {
			k.head = now
		}
	case p == msrp.InBody:
		k.head = time.Time{}
		if k.body.IsZero() {
			k.body, k.octets = now, 0
		}
		k.octets += int64(k.got)
		if k.got > 0 {
			k.last = now
		}
	}
	k.got = 0
}

// Deadline is when Tick must be called next if nothing else happens.
func (c *Conn) Deadline() (time.Time, bool) {
	var d time.Time
	soonest := func(t time.Time) {
		if d.IsZero() || t.Before(d) {
			d = t
		}
	}
	if c.closing || c.lost {
		return d, false
	}
	if c.cfg.Incoming && len(c.sessions) == 0 {
		soonest(c.created.Add(c.cfg.Probation))
	}
	if !c.clocks.head.IsZero() {
		soonest(c.clocks.head.Add(c.cfg.HeadTimer))
	}
	if !c.clocks.body.IsZero() {
		soonest(c.clocks.last.Add(bodyStall))
		soonest(c.clocks.body.Add(bodyRateWindow))
	}
	if at, ok := c.own.due(); ok {
		soonest(at.Add(c.cfg.ResponseTimer))
	}
	for _, s := range c.sessions {
		for _, a := range s.open {
			soonest(a.last.Add(s.cfg.MaxGap))
		}
		if s.keepsAlive() {
			soonest(s.active.Add(s.cfg.KeepAlive))
		}
	}
	return d, !d.IsZero()
}

// Tick lets the timers that are due act.
func (c *Conn) Tick(now time.Time) {
	if c.closing || c.lost {
		return
	}
	c.tickPeer(now)
	for {
		at, ok := c.own.due()
		if !ok || now.Before(at.Add(c.cfg.ResponseTimer)) {
			break
		}
		c.stats.Timeouts++
		m := c.own.done(c.own.head)
		m.session.timedOut(m)
	}
	for _, s := range c.sessions {
		for i := len(s.open) - 1; i >= 0; i-- {
			if a := s.open[i]; !now.Before(a.last.Add(s.cfg.MaxGap)) {
				s.expire(a)
			}
		}
		if s.keepsAlive() && !now.Before(s.active.Add(s.cfg.KeepAlive)) {
			s.active = now
			s.queueBodiless(c.ids.MessageID())
		}
	}
}

// tickPeer ends a connection whose peer is too slow to be honest.
func (c *Conn) tickPeer(now time.Time) {
	k := &c.clocks
	switch {
	case c.cfg.Incoming && len(c.sessions) == 0 && !now.Before(c.created.Add(c.cfg.Probation)):
		c.fail("no session within the probation time")
	case !k.head.IsZero() && !now.Before(k.head.Add(c.cfg.HeadTimer)):
		c.fail("header section not complete in time")
	case k.body.IsZero():
	case !now.Before(k.last.Add(bodyStall)):
		c.fail("body stalled")
	case !now.Before(k.body.Add(bodyRateWindow)):
		if k.octets < int64(minBodyRate*bodyRateWindow/time.Second) {
			c.fail("body too slow")
			return
		}
		k.body, k.octets = now, 0
	}
}

// keepsAlive reports whether the keep-alive clock of a session runs.
func (s *Session) keepsAlive() bool {
	return s.cfg.KeepAlive > 0 && !s.failed && len(s.remoteRaw) > 0
}
