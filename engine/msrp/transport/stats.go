package transport

import (
	"sync/atomic"

	"text911/engine/msrp/session"
)

// totals are the counters of an endpoint.
type totals struct {
	accepted, opened, bound atomic.Uint64
	acceptErrors            atomic.Uint64
	wrongPath, identity     atomic.Uint64
	refused                 [numAdmissions]atomic.Uint64
	ended                   [numEndReasons]atomic.Uint64
	core                    session.Stats // of ended connections; guarded by endpoint.mu
}

// Stats are the counters of an endpoint since it was made.
type Stats struct {
	// Connections and Unbound are those open now, and those among them that
	// have bound no session and come from no trusted source; Sessions are the sessions known now.
	Connections, Unbound, Sessions int
	// Accepted and Opened count connections by who opened them, Bound bindings.
	Accepted, Opened, Bound uint64
	// AcceptErrors counts failed accepts, such as for want of descriptors.
	AcceptErrors uint64
	// RefusedFull, RefusedSource and RefusedRate count connections turned away
	// by the limits on all, on one source, and on one source's rate.
	RefusedFull, RefusedSource, RefusedRate uint64
	// UnknownSession counts requests that named no session to be had here,
	// WrongIdentity bindings refused for the certificate.
	UnknownSession, WrongIdentity uint64
	// Ended counts ended connections by reason.
	Ended map[string]uint64
	// Protocol are the counters of the session layer over all connections.
	Protocol session.Stats
}

// Stats reads the counters.
func (e *Endpoint) Stats() Stats {
	t := &e.totals
	s := Stats{
		Accepted: t.accepted.Load(), Opened: t.opened.Load(), Bound: t.bound.Load(),
		AcceptErrors: t.acceptErrors.Load(),
		RefusedFull:  t.refused[refusedFull].Load(), RefusedSource: t.refused[refusedSource].Load(),
		RefusedRate:    t.refused[refusedRate].Load(),
		UnknownSession: t.wrongPath.Load(), WrongIdentity: t.identity.Load(),
		Ended: make(map[string]uint64, numEndReasons),
	}
	for r := endPeer; r < numEndReasons; r++ {
		s.Ended[r.String()] = t.ended[r].Load()
	}
	e.mu.Lock()
	s.Connections, s.Unbound, s.Sessions = len(e.conns), e.unbound.len, len(e.sessions)
	s.Protocol = t.core
	conns := make([]*Conn, 0, len(e.conns))
	for c := range e.conns {
		conns = append(conns, c)
	}
	e.mu.Unlock()
	for _, c := range conns {
		c.mu.Lock()
		if !c.dead {
			s.Protocol = addStats(s.Protocol, c.core.Stats())
		}
		c.mu.Unlock()
	}
	return s
}

func addStats(a, b session.Stats) session.Stats {
	a.FramesIn += b.FramesIn
	a.FramesOut += b.FramesOut
	a.Quirks.Add(b.Quirks)
	a.Refused += b.Refused
	a.RangeMismatch += b.RangeMismatch
	a.BeyondEnd += b.BeyondEnd
	a.PathMismatch += b.PathMismatch
	a.UnmatchedResponses += b.UnmatchedResponses
	a.UnmatchedReports += b.UnmatchedReports
	a.IgnoredReports += b.IgnoredReports
	a.RepeatedMessages += b.RepeatedMessages
	a.RepeatedTransactions += b.RepeatedTransactions
	a.Timeouts += b.Timeouts
	return a
}
