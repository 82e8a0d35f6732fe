package transport

import (
	"sync"

	"text911/engine/msrp/session"
)

// Buffer sizes.
const (
	// readSmall is what a connection holds that cannot borrow (TLS).
	readSmall = 4 << 10
	// lingerMax bounds what is dropped of a peer that goes on after the end.
	lingerMax = 64 << 10
	// writeBatch is about how much is taken from the core for one write: small
	// enough that a response waits only a moment behind a bulk message.
	writeBatch = 16 << 10
	// keepOut and keepEvents bound what goes back into a pool.
	keepOut    = 128 << 10
	keepEvents = 256
)

// readBuffer takes one read. A connection has one only while there is something
// to read: thousands of idle ones hold none.
type readBuffer [16 << 10]byte

// pools lend what a connection needs only while it is at work.
type pools struct{ reads, out, batches sync.Pool }

func (p *pools) takeRead() *readBuffer {
	if b, ok := p.reads.Get().(*readBuffer); ok {
		return b
	}
	return new(readBuffer)
}

func (p *pools) putRead(b *readBuffer) { p.reads.Put(b) }

func (p *pools) takeOut() *[]byte {
	if b, ok := p.out.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 4096)
	return &b
}

func (p *pools) putOut(b *[]byte) {
	if cap(*b) <= keepOut {
		*b = (*b)[:0]
		p.out.Put(b)
	}
}

// batch is a list of events on the way to handlers, each with its session and,
// for messages, the verdict that came back.
type batch struct {
	events   []session.Event
	owners   []owner
	verdicts []Verdict
}

// owner is whom an event is for, and when: not before the loss of the session's
// earlier binding was told.
type owner struct {
	session *Session
	after   <-chan struct{}
	told    chan struct{} // of a loss: to be closed afterwards
}

func (p *pools) takeBatch() *batch {
	if b, ok := p.batches.Get().(*batch); ok {
		return b
	}
	return new(batch)
}

func (p *pools) putBatch(b *batch) {
	if cap(b.events) > keepEvents {
		return
	}
	clear(b.events)
	clear(b.owners)
	b.events, b.owners, b.verdicts = b.events[:0], b.owners[:0], b.verdicts[:0]
	p.batches.Put(b)
}
