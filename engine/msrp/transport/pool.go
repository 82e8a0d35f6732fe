package transport

import (
	"sync"

	"text911/engine/msrp/session"
)

// Buffer sizes. A connection holds a small one while it waits to read; larger
// ones are borrowed while there is much to read or write.
const (
	readSmall = 4 << 10
	readLarge = 64 << 10
	// writeBatch is about how much is taken from the core for one write: small
	// enough that a response waits only a moment behind a bulk message.
	writeBatch = 16 << 10
)

var largeBuffers = sync.Pool{New: func() any { b := make([]byte, readLarge); return &b }}

var outBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

func putOut(b *[]byte) {
	if cap(*b) <= 2*readLarge {
		outBuffers.Put(b)
	}
}

// batch is a list of events on the way to handlers.
type batch struct{ events []session.Event }

var batches = sync.Pool{New: func() any { return new(batch) }}

func putBatch(b *batch) {
	clear(b.events)
	if b.events = b.events[:0]; cap(b.events) <= 256 {
		batches.Put(b)
	}
}
