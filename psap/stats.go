package psap

import "sync/atomic"

// Stats are counters since New and what holds now.
type Stats struct {
	Events      uint64 // events taken from the log
	CaughtUp    uint64 // events subscribers read from the log because they were behind
	Dropped     uint64 // ephemeral notices dropped for slow subscribers
	Expired     uint64 // claims released because their lease was over
	Refollowed  uint64 // times following the log had to start again
	Faults      uint64 // events that met a bug and were passed over
	Calls       int    // on the board, closed ones included
	Waiting     int
	Held        int
	Consoles    int // agents connected
	Ready       int // agents connected and ready
	Subscribers int
	Alerts      int // alerts that stand
}

type counters struct {
	events, caughtUp, dropped, expired, refollowed, faults atomic.Uint64
}

// Stats returns the counters.
func (p *PSAP) Stats() Stats {
	c := &p.count
	s := Stats{
		Events: c.events.Load(), CaughtUp: c.caughtUp.Load(), Dropped: c.dropped.Load(),
		Expired: c.expired.Load(), Refollowed: c.refollowed.Load(), Faults: c.faults.Load(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Calls, s.Waiting, s.Held = len(p.board.calls), len(p.board.waiting), len(p.board.held)
	s.Consoles, _, s.Ready = p.roster.present()
	s.Subscribers, s.Alerts = len(p.subs), len(p.alerts)
	return s
}
