package journal

import "sync/atomic"

// counters are the live form of Stats.
type counters struct {
	appends, records, singles, batches, fallbacks atomic.Uint64
	fenced, duplicates, retries, refused, reopens atomic.Uint64
	tailHits, tailMisses, gaps, unpublished       atomic.Uint64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Appends: c.appends.Load(), Records: c.records.Load(),
		Singles: c.singles.Load(), Batches: c.batches.Load(), Fallbacks: c.fallbacks.Load(),
		Fenced: c.fenced.Load(), Duplicates: c.duplicates.Load(), Retries: c.retries.Load(),
		Refused: c.refused.Load(), Reopens: c.reopens.Load(),
		TailHits: c.tailHits.Load(), TailMisses: c.tailMisses.Load(), Gaps: c.gaps.Load(),
		Unpublished: c.unpublished.Load(), FreeBytes: -1,
	}
}
