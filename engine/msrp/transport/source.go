package transport

import (
	"net/netip"
	"time"
)

// admission says whether a new connection is let in, and if not, why.
type admission int

const (
	admitted admission = iota
	refusedFull
	refusedSource
	refusedRate
	numAdmissions
)

// sources keeps count of what each source address does. It is guarded by the
// endpoint's mu.
type sources struct {
	perSource, rate, wrong int
	trusted                []netip.Prefix
	known                  map[netip.Addr]*source
}

type source struct {
	open    int     // connections that have bound nothing
	tokens  float64 // new connections it may still open now
	refill  time.Time
	wrong   int // requests naming no session in the minute that began at
	counted time.Time
}

func (s *sources) init(cfg Config) {
	s.perSource, s.rate, s.wrong = cfg.PerSource, cfg.PerSourceRate, cfg.WrongPerMinute
	s.trusted = cfg.Trusted
	s.known = map[netip.Addr]*source{}
}

func (s *sources) exempt(a netip.Addr) bool {
	for _, p := range s.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return !a.IsValid()
}

func (s *sources) get(a netip.Addr, now time.Time) *source {
	one := s.known[a]
	if one == nil {
		one = &source{tokens: float64(s.rate), refill: now, counted: now}
		s.known[a] = one
	}
	return one
}

// admit counts a new connection of a source.
func (s *sources) admit(a netip.Addr, now time.Time) admission {
	if s.exempt(a) {
		return admitted
	}
	one := s.get(a, now)
	one.tokens = min(float64(s.rate), one.tokens+now.Sub(one.refill).Seconds()*float64(s.rate))
	one.refill = now
	switch {
	case one.open >= s.perSource:
		return refusedSource
	case one.tokens < 1:
		return refusedRate
	}
	one.tokens--
	one.open++
	return admitted
}

// closed takes a connection out of the count of its source.
func (s *sources) closed(a netip.Addr) {
	if one := s.known[a]; one != nil && one.open > 0 {
		one.open--
	}
}

// proven takes a connection that has bound a session out of the count and gives
// its source back what it cost: who names our sessions was told of them, and a
// gateway has the texters of a whole carrier behind one address.
func (s *sources) proven(a netip.Addr) {
	s.closed(a)
	if one := s.known[a]; one != nil {
		one.tokens = min(float64(s.rate), one.tokens+1)
	}
}

// doubted counts a connection again that has lost its last session.
func (s *sources) doubted(a netip.Addr, now time.Time) { s.get(a, now).open++ }

// wrongRequest counts a request that names no session and reports whether the
// source has had its share.
func (s *sources) wrongRequest(a netip.Addr, now time.Time) (tooMany bool) {
	if s.exempt(a) {
		return false
	}
	one := s.get(a, now)
	if now.Sub(one.counted) >= time.Minute {
		one.counted, one.wrong = now, 0
	}
	one.wrong++
	return one.wrong > s.wrong
}

// forgetIdle drops what is worth nothing any more, so that the table follows
// the number of live sources.
func (s *sources) forgetIdle(now time.Time) {
	for a, one := range s.known {
		if one.open == 0 && now.Sub(one.refill) > time.Minute && now.Sub(one.counted) > time.Minute {
			delete(s.known, a)
		}
	}
}

// admit applies all limits to a new connection. e.mu is held. Connections that
// have bound nothing make room for new ones, oldest first: an honest peer binds
// at once, so those that linger are the ones to lose (bound ones never are).
func (e *Endpoint) admit(a netip.Addr, now time.Time) admission {
	full := len(e.conns) >= e.cfg.MaxConns
	if full && e.unbound.oldest() == nil {
		return refusedFull
	}
	if why := e.sources.admit(a, now); why != admitted {
		return why
	}
	if full || e.unbound.len >= e.cfg.MaxUnbound {
		e.evictOldest()
	}
	return admitted
}

// evictOldest ends the oldest connection without a session. e.mu is held.
func (e *Endpoint) evictOldest() {
	if c := e.unbound.oldest(); c != nil {
		e.unbound.remove(c)
		c.evicted = true
		c.kill(endEvicted)
	}
}

// evictUnbound makes room when the process is out of descriptors.
func (e *Endpoint) evictUnbound() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range max(1, e.unbound.len/2) {
		e.evictOldest()
	}
}

// unboundList are the connections that have bound nothing, oldest first. It is
// guarded by the endpoint's mu.
type unboundList struct {
	first, last *Conn
	len         int
}

func (l *unboundList) oldest() *Conn { return l.first }

func (l *unboundList) push(c *Conn) {
	c.unboundPrev, c.isUnbound = l.last, true
	if l.last != nil {
		l.last.unboundNext = c
	} else {
		l.first = c
	}
	l.last = c
	l.len++
}

func (l *unboundList) remove(c *Conn) {
	if !c.isUnbound {
		return
	}
	if c.unboundPrev != nil {
		c.unboundPrev.unboundNext = c.unboundNext
	} else {
		l.first = c.unboundNext
	}
	if c.unboundNext != nil {
		c.unboundNext.unboundPrev = c.unboundPrev
	} else {
		l.last = c.unboundPrev
	}
	c.unboundPrev, c.unboundNext, c.isUnbound = nil, nil, false
	l.len--
}
