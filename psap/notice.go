package psap

import (
	"sync"

	"text911/callmodel"
)

// Notice is one event on its way to subscribers, who share it and must not change it. Raw is nil
// and Event.Seq 0 for what is shown and forgotten.
type Notice struct {
	callmodel.Logged

	once sync.Once
	form any
}

// Durable reports whether the event is in the log.
func (n *Notice) Durable() bool { return n.Event.Seq != 0 }

// Form returns what encode made of the notice for the first subscriber that asked, so that an event
// is encoded once for all consoles. All callers must pass the same encode.
func (n *Notice) Form(encode func(*Notice) any) any {
	n.once.Do(func() { n.form = encode(n) })
	return n.form
}

// tail is a ring of the newest durable notices, in seq order.
type tail struct {
	ring []*Notice
	head uint64 // how many were ever added
	from uint64 // every event with a greater seq is held
}

func newTail(size int) *tail { return &tail{ring: make([]*Notice, size)} }

func (t *tail) add(n *Notice) {
	if t.head >= uint64(len(t.ring)) {
		t.from = t.at(t.head).Event.Seq // the one that goes
	}
	t.ring[t.head%uint64(len(t.ring))] = n
	t.head++
}

func (t *tail) at(i uint64) *Notice { return t.ring[i%uint64(len(t.ring))] }

// base is the number of the oldest notice held.
func (t *tail) base() uint64 {
	if t.head > uint64(len(t.ring)) {
		return t.head - uint64(len(t.ring))
	}
	return 0
}

// after returns the number of the first notice held with a greater seq; head if there is none.
func (t *tail) after(seq uint64) uint64 {
	lo, hi := t.base(), t.head
	if hi > lo && t.at(hi-1).Event.Seq <= seq {
		return hi
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		if t.at(mid).Event.Seq <= seq {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
