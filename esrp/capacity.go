package esrp

import (
	"sync/atomic"

	"text911/callmodel"
)

// gauge counts open calls up to a limit; 0 is no limit.
type gauge struct {
	limit int64
	now   atomic.Int64
}

func (g *gauge) enter(force bool) bool {
	if n := g.now.Add(1); force || g.limit == 0 || n <= g.limit {
		return true
	}
	g.now.Add(-1)
	return false
}

func (g *gauge) full() bool { return g.limit > 0 && g.now.Load() >= g.limit }

// Full reports whether a new call of the trunk would be refused for the trunk's own capacity.
func (t *Trunks) Full(id callmodel.TrunkID) bool {
	tr := t.byID[id]
	return tr == nil || tr.open.full()
}

// Enter counts a new call of a trunk to a PSAP and reports whether there is room for it
// (NENA-STA-010.3 §4.2.1.3). Whoever got true gives it back with Leave, once. A resumed call is
// counted though there is no room: it is there.
func (t *Trunks) Enter(id callmodel.TrunkID, psap callmodel.PSAPID, resumed bool) bool {
	tr, to := t.byID[id], t.psaps[psap]
	if tr != nil && !tr.open.enter(resumed) {
		tr.full.Add(1)
		return false
	}
	if to != nil && !to.enter(resumed) {
		if tr != nil {
			tr.open.now.Add(-1)
			tr.full.Add(1)
		}
		return false
	}
	if tr != nil && !resumed {
		tr.calls.Add(1)
	}
	return true
}

// Leave gives back what Enter counted.
func (t *Trunks) Leave(id callmodel.TrunkID, psap callmodel.PSAPID) {
	if tr := t.byID[id]; tr != nil {
		tr.open.now.Add(-1)
	}
	if to := t.psaps[psap]; to != nil {
		to.now.Add(-1)
	}
}
