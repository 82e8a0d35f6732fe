package engine

import "sync/atomic"

// Stats are counters since New; Calls is what is in memory now.
type Stats struct {
	Calls         int
	Inputs        uint64 // turns taken
	Events        uint64 // events stored
	Repeats       uint64 // inputs that were repeats
	Refused       uint64 // inputs refused, by a machine or a bound
	Failed        uint64 // inputs the log could not take
	Fenced        uint64 // times another writer was met
	Reread        uint64 // times a call's events were read again
	Faults        uint64 // panics of machines
	GivenUp       uint64 // calls closed because of them
	Effects       uint64 // effects handed to adapters
	Dropped       uint64 // effects nobody could perform
	AdapterFaults uint64 // panics of adapters
	Ephemeral     uint64
	Ticks         uint64
}

type counters struct {
	inputs, events, repeats, refused, failed, fenced, reread atomic.Uint64
	faults, givenUp, effects, dropped, adapterFaults         atomic.Uint64
	ephemeral, ticks                                         atomic.Uint64
}

// Stats returns the counters.
func (e *Engine) Stats() Stats {
	e.mu.RLock()
	n := len(e.calls)
	e.mu.RUnlock()
	c := &e.count
	return Stats{
		Calls: n, Inputs: c.inputs.Load(), Events: c.events.Load(), Repeats: c.repeats.Load(),
		Refused: c.refused.Load(), Failed: c.failed.Load(), Fenced: c.fenced.Load(),
		Reread: c.reread.Load(), Faults: c.faults.Load(), GivenUp: c.givenUp.Load(),
		Effects: c.effects.Load(), Dropped: c.dropped.Load(), AdapterFaults: c.adapterFaults.Load(),
		Ephemeral: c.ephemeral.Load(), Ticks: c.ticks.Load(),
	}
}
