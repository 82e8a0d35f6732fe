package leg

import "sync/atomic"

type counters struct {
	offered, away, busy, unknownQueue, unacceptable         atomic.Uint64
	received, accepted, rejected, bad, late, stalls         atomic.Uint64
	sent, delivered, failed, unknown                        atomic.Uint64
	mends, mended, broken, garbledLocations, orphanedEffect atomic.Uint64
}

// Stats is a snapshot of a Gateway's counters since New.
type Stats struct {
	Legs     int    // held now
	Stalled  int    // legs whose inbox waits for the log now
	Offered  uint64 // INVITEs that became calls
	Away     uint64 // 503: draining, or the log away
	Busy     uint64 // 486
	NoQueue  uint64 // 404
	Refused  uint64 // 488
	Received uint64 // complete messages
	Accepted uint64 // of them acknowledged
	Rejected uint64 // of them refused; their senders know
	Bad      uint64 // of them content that could not be taken in (acknowledged and kept aside)
	Late     uint64 // of them after the end of the dialog
	Stalls   uint64 // times a leg began to wait for the log

	Sent      uint64 // own messages handed to MSRP
	Delivered uint64
	Failed    uint64
	Unknown   uint64

	Broken  uint64 // connections lost under a live dialog
	Mends   uint64 // re-INVITEs to mend one
	Mended  uint64 // texts pass again
	Garbled uint64 // locations that could not be read
	Orphans uint64 // effects for legs that do not exist
}

// Stats gives the counters.
func (g *Gateway) Stats() Stats {
	g.mu.RLock()
	legs, stalled := len(g.legs), len(g.stalled)
	g.mu.RUnlock()
	c := &g.count
	return Stats{Legs: legs, Stalled: stalled,
		Offered: c.offered.Load(), Away: c.away.Load(), Busy: c.busy.Load(), NoQueue: c.unknownQueue.Load(),
		Refused: c.unacceptable.Load(), Received: c.received.Load(), Accepted: c.accepted.Load(),
		Rejected: c.rejected.Load(), Bad: c.bad.Load(), Late: c.late.Load(), Stalls: c.stalls.Load(),
		Sent: c.sent.Load(), Delivered: c.delivered.Load(), Failed: c.failed.Load(), Unknown: c.unknown.Load(),
		Broken: c.broken.Load(), Mends: c.mends.Load(), Mended: c.mended.Load(),
		Garbled: c.garbledLocations.Load(), Orphans: c.orphanedEffect.Load()}
}
