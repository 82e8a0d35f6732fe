package journal

import (
	"sync"

	"text911/callmodel"
)

const (
	freshSlots = 8192 // a power of two
	freshLocks = 16   // a power of two
	freshLimit = 4096 // larger envelopes are decoded again instead of being held
)

// freshEvents remembers the events appended last in their decoded form, so that followers, who
// want them a moment later, need not decode them. It is a direct-mapped table: a newer event takes
// the place of an older one, and whoever comes too late decodes. At most freshSlots envelopes of
// freshLimit octets are held.
type freshEvents struct {
	locks [freshLocks]struct {
		sync.Mutex
		_ [56]byte // own cache line
	}
	slots [freshSlots]callmodel.Event
}

func newFreshEvents() *freshEvents { return &freshEvents{} }

func (f *freshEvents) put(ev *callmodel.Event, size int) {
	if size > freshLimit {
		return
	}
	i := slotOf(string(ev.ID))
	mu := &f.locks[i%freshLocks]
	mu.Lock()
	f.slots[i] = *ev
	mu.Unlock()
}

func (f *freshEvents) get(id string) (callmodel.Event, bool) {
	i := slotOf(id)
	mu := &f.locks[i%freshLocks]
	mu.Lock()
	ev := f.slots[i]
	mu.Unlock()
	return ev, string(ev.ID) == id && id != ""
}

// slotOf hashes the id (FNV-1a).
func slotOf(id string) uint32 {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return (h ^ h>>16) % freshSlots
}
