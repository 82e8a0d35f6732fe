package journal

import "sync"

// Bounds of the tail a stream keeps in memory for its followers.
const (
	defaultTailCount = 16384
	defaultTailBytes = 32 << 20
	// recordOverhead is what a record costs beside its bytes, about.
	recordOverhead = 160
)

// tail is the newest part of one stream: a ring of records with contiguous
// sequences, and the newest sequence known to be stored. When it is full the
// oldest records leave; whoever needs them reads the stream.
type tail struct {
	maxBytes int64

	mu     sync.Mutex
	ring   []Stored
	head   int // index of the oldest
	n      int
	bytes  int64
	last   uint64
	wake   chan struct{} // closed when last grows or the tail closes
	waits  bool          // somebody holds wake
	closed bool
}

func newTail(count int, bytes int64) *tail {
	if count <= 0 {
		count = defaultTailCount
	}
	if bytes <= 0 {
		bytes = defaultTailBytes
	}
	return &tail{maxBytes: bytes, ring: make([]Stored, count), wake: make(chan struct{})}
}

// add takes records of ascending sequences that are stored. Sequences known
// already are dropped. If records are missing in between, the ring starts
// anew behind them.
func (t *tail) add(recs []Stored) {
	t.mu.Lock()
	defer t.mu.Unlock()
	grown := false
	for i := range recs {
		if recs[i].Seq <= t.last {
			continue
		}
		t.put(&recs[i])
		grown = true
	}
	if grown {
		t.signal()
	}
}

// reach says that everything up to last is stored, though not at hand.
func (t *tail) reach(last uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last > t.last {
		t.drop(t.n)
		t.last = last
		t.signal()
	}
}

// restart forgets everything: the stream is another one now.
func (t *tail) restart(last uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(t.n)
	t.last = last
	t.signal()
}

// forget drops the records up to and including seq.
func (t *tail) forget(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n > 0 && t.ring[t.head].Seq <= seq {
		t.drop(1)
	}
}

func (t *tail) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.drop(t.n)
	t.signal()
}

// put needs mu.
func (t *tail) put(r *Stored) {
	if r.Seq != t.last+1 {
		t.drop(t.n)
	}
	size := recordSize(r)
	for t.n > 0 && (t.n == len(t.ring) || t.bytes+size > t.maxBytes) {
		t.drop(1)
	}
	at := t.head + t.n
	if at >= len(t.ring) {
		at -= len(t.ring)
	}
	t.ring[at] = *r
	t.n++
	t.bytes += size
	t.last = r.Seq
}

// drop removes the k oldest records; it needs mu.
func (t *tail) drop(k int) {
	for range k {
		t.bytes -= recordSize(&t.ring[t.head])
		t.ring[t.head] = Stored{}
		t.head++
		if t.head == len(t.ring) {
			t.head = 0
		}
		t.n--
	}
}

// signal wakes whoever waits; it needs mu.
func (t *tail) signal() {
	if t.waits {
		close(t.wake)
		t.wake, t.waits = make(chan struct{}), false
	}
}

// look is what a cursor at seq sees.
type look struct {
	recs   []Stored        // records behind seq, from memory
	behind bool            // records behind seq are stored but not in memory
	last   uint64          // newest sequence stored
	wake   <-chan struct{} // otherwise: closed when there is more
	closed bool
}

// from copies the records behind seq into buf, at most cap(buf).
func (t *tail) from(seq uint64, buf []Stored) look {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return look{closed: true}
	}
	if seq >= t.last {
		t.waits = true
		return look{wake: t.wake, last: t.last}
	}
	first := t.last - uint64(t.n) + 1
	if seq+1 < first {
		return look{behind: true, last: t.last}
	}
	k := int(seq + 1 - first)
	buf = buf[:0]
	for ; k < t.n && len(buf) < cap(buf); k++ {
		at := t.head + k
		if at >= len(t.ring) {
			at -= len(t.ring)
		}
		buf = append(buf, t.ring[at])
	}
	return look{recs: buf, last: t.last}
}

// newest is the newest sequence known to be stored.
func (t *tail) newest() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

func (t *tail) size() (count int, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n, t.bytes
}

func recordSize(r *Stored) int64 {
	return int64(len(r.Data)+len(r.ID)+len(r.Call)+len(r.Kind)) + recordOverhead
}
