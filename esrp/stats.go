package esrp

import "text911/callmodel"

// Stats are the counters of all trunks since New.
type Stats struct {
	Strangers      uint64 // identifications refused
	Lookups        uint64 // host names looked up
	LookupFailures uint64
	Trunks         map[callmodel.TrunkID]TrunkStats
	PSAPs          map[callmodel.PSAPID]int64 // open calls
}

// TrunkStats are the counters of one trunk.
type TrunkStats struct {
	Identified uint64 // times a peer was recognised as this trunk
	Calls      uint64 // calls let in
	Full       uint64 // calls refused for capacity
	NoQueue    uint64 // calls refused for an unknown queue
	Open       int64  // calls open now
}

// Stats gives the counters.
func (t *Trunks) Stats() Stats {
	s := Stats{Strangers: t.refused.Load(), Lookups: t.lookups.Load(), LookupFailures: t.failures.Load(),
		Trunks: make(map[callmodel.TrunkID]TrunkStats, len(t.byID)),
		PSAPs:  make(map[callmodel.PSAPID]int64, len(t.psaps))}
	for id, tr := range t.byID {
		s.Trunks[id] = TrunkStats{Identified: tr.identified.Load(), Calls: tr.calls.Load(),
			Full: tr.full.Load(), NoQueue: tr.noPath.Load(), Open: tr.open.now.Load()}
	}
	for id, g := range t.psaps {
		s.PSAPs[id] = g.now.Load()
	}
	return s
}
