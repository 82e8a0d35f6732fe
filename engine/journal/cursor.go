package journal

import (
	"context"
	"sync"
	"sync/atomic"
)

// cursorBatch is how many records Next returns at most.
const cursorBatch = 256

// source is what a cursor needs of a stream.
type source struct {
	psap string
	tail *tail
	// read returns stored records behind after, oldest first.
	read  func(ctx context.Context, after uint64, limit int) ([]Stored, error)
	stats *counters
}

// cursor follows one stream: from memory while it keeps up, from the stream
// when it has fallen behind.
type cursor struct {
	find func() (source, error) // the stream may be opened after Follow
	seq  atomic.Uint64

	src   source
	ready bool
	buf   []Stored

	once   sync.Once
	closed chan struct{}
}

func newCursor(after uint64, find func() (source, error)) *cursor {
	c := &cursor{find: find, closed: make(chan struct{})}
	c.seq.Store(after)
	return c
}

func (c *cursor) Seq() uint64 { return c.seq.Load() }

func (c *cursor) Close() { c.once.Do(func() { close(c.closed) }) }

func (c *cursor) Next(ctx context.Context) ([]Stored, error) {
	if err := c.attach(); err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if c.isClosed() {
			return nil, ErrClosed
		}
		l := c.src.tail.from(c.seq.Load(), c.buf)
		switch {
		case l.closed:
			return nil, ErrClosed
		case len(l.recs) > 0:
			c.src.stats.tailHits.Add(uint64(len(l.recs)))
			return c.deliver(l.recs), nil
		case l.behind:
			return c.catchUp(ctx, l.last)
		}
		select {
		case <-l.wake:
		case <-c.closed:
		case <-ctx.Done():
		}
	}
}

func (c *cursor) attach() error {
	if c.ready {
		return nil
	}
	src, err := c.find()
	if err != nil {
		return err
	}
	c.src, c.ready = src, true
	c.buf = make([]Stored, 0, cursorBatch)
	return nil
}

func (c *cursor) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// catchUp reads the stream behind the cursor's place. last is known to be
// stored, so a missing sequence below it is gone for good.
func (c *cursor) catchUp(ctx context.Context, last uint64) ([]Stored, error) {
	at := c.seq.Load()
	recs, err := c.src.read(ctx, at, cursorBatch)
	if err != nil {
		return nil, err
	}
	if len(recs) == 0 {
		return nil, c.gap(at+1, last)
	}
	if recs[0].Seq != at+1 {
		return nil, c.gap(at+1, recs[0].Seq-1)
	}
	c.src.stats.tailMisses.Add(uint64(len(recs)))
	return c.deliver(upToGap(recs)), nil
}

func (c *cursor) gap(from, to uint64) error {
	c.src.stats.gaps.Add(to - from + 1)
	c.seq.Store(to)
	return &GapError{PSAP: c.src.psap, From: from, To: to}
}

func (c *cursor) deliver(recs []Stored) []Stored {
	c.seq.Store(recs[len(recs)-1].Seq)
	return recs
}

// upToGap cuts recs before the first sequence that does not follow.
func upToGap(recs []Stored) []Stored {
	for i := 1; i < len(recs); i++ {
		if recs[i].Seq != recs[i-1].Seq+1 {
			return recs[:i]
		}
	}
	return recs
}

var _ Cursor = (*cursor)(nil)
