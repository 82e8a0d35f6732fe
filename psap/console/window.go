package console

// window is what a console has been sent and has not acknowledged.
type window struct {
	most, mostOctets int

	sent   []unacked // oldest first, from head on
	head   int
	octets int
	last   uint64 // newest seq sent
	acked  uint64
}

type unacked struct {
	seq  uint64
	size int
}

// room is how many more durable events may be sent now.
func (w *window) room() int {
	if w.octets >= w.mostOctets {
		return 0
	}
	return max(w.most-(len(w.sent)-w.head), 0)
}

func (w *window) add(seq uint64, size int) {
	w.sent = append(w.sent, unacked{seq, size})
	w.octets += size
	w.last = seq
}

// ack reports whether it made room.
func (w *window) ack(seq uint64) bool {
	before := w.head
	for w.head < len(w.sent) && w.sent[w.head].seq <= seq {
		w.octets -= w.sent[w.head].size
		w.head++
	}
	w.acked = max(w.acked, seq)
	moved := w.head > before
	if w.head > len(w.sent)/2 {
		w.sent = append(w.sent[:0], w.sent[w.head:]...)
		w.head = 0
	}
	return moved
}

// bucket bounds the rate of commands: it holds at most rate tokens and gains rate a second.
type bucket struct {
	rate   float64
	tokens float64
	at     int64 // nanoseconds
}

func newBucket(rate int, now int64) *bucket {
	return &bucket{rate: float64(rate), tokens: float64(rate), at: now}
}

func (b *bucket) take(now int64) bool {
	b.tokens = min(b.rate, b.tokens+b.rate*float64(max(now-b.at, 0))/1e9)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
