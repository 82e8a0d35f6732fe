package journal

// fenceCalls is how many calls a stream's fences remember at least.
const fenceCalls = 32768

// fences knows the newest sequence of the calls that were written to lately.
// The appender of an embedded store is the stream's only writer, so that it
// can compare itself and the server need not search; for a call it does not
// know, it lets the server compare. It forgets the calls not written to for
// long. It is used by one goroutine.
type fences struct {
	young, old map[string]uint64
}

func newFences() *fences { return &fences{young: map[string]uint64{}} }

func (f *fences) get(call string) (uint64, bool) {
	if seq, ok := f.young[call]; ok {
		return seq, true
	}
	seq, ok := f.old[call]
	return seq, ok
}

func (f *fences) set(call string, seq uint64) {
	if len(f.young) >= fenceCalls {
		if _, ok := f.young[call]; !ok {
			f.old, f.young = f.young, make(map[string]uint64, fenceCalls)
		}
	}
	f.young[call] = seq
}

func (f *fences) clear() { f.young, f.old = map[string]uint64{}, nil }
