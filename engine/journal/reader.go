package journal

import (
	"sync"
)

// reader takes the answers of one connection: it matches them to the groups
// in flight and lets their Appends return. If the journal syncs the server's
// files, it first does that, once for all groups that are answered.
type reader struct {
	w      *wire
	blocks *blocks
	tail   *tail
	stats  *counters
	fault  func(error) // told of a failed sync

	flight  chan *group   // to the reader, in the order sent
	done    chan *group   // back to the appender, in the same order
	replies chan []byte   // answers to what is not part of a group
	pings   chan struct{} // the server wants a PONG
	dead    chan struct{} // closed when the reader has ended
	wg      sync.WaitGroup

	current *group
	waits   int // answers missing for current
	ready   []*group
	buf     []Stored
}

func newReader(w *wire, b *blocks, t *tail, stats *counters, fault func(error)) *reader {
	return &reader{w: w, blocks: b, tail: t, stats: stats, fault: fault,
		flight: make(chan *group, groupsInFlight), done: make(chan *group, groupsInFlight),
		replies: make(chan []byte, 1), pings: make(chan struct{}, 1), dead: make(chan struct{})}
}

// start runs the reader until its connection is closed; stop waits for it.
func (r *reader) start() { r.wg.Go(r.run) }

func (r *reader) stop() {
	r.w.close()
	r.wg.Wait()
}

func (r *reader) run() {
	defer close(r.dead)
	for {
		f, err := r.w.next()
		if err != nil {
			return
		}
		switch {
		case f.kind == framePing:
			select {
			case r.pings <- struct{}{}:
			default: // one answer is enough
			}
		case f.kind == frameMsg && !r.answer(f):
			return
		}
		if len(r.ready) > 0 && !r.w.more() {
			r.release()
		}
	}
}

// answer takes one acknowledgement. It returns false if it makes no sense.
func (r *reader) answer(f frame) bool {
	if len(f.token) == 0 {
		return false
	}
	if f.token[0] == 'c' {
		select {
		case r.replies <- append(f.token, append([]byte{' '}, f.data...)...):
		default: // an answer nobody waits for any more
		}
		return true
	}
	if r.current == nil {
		select {
		case r.current = <-r.flight:
		default:
			return false
		}
		r.waits = 0
		if r.current.wantSingle != 0 {
			r.waits++
		}
		if r.current.wantBatch != 0 {
			r.waits++
		}
	}
	r.current.check(f.token[0] == 'b', f.data)
	if r.waits--; r.waits == 0 {
		r.ready = append(r.ready, r.current)
		r.current = nil
	}
	return true
}

// release finishes the answered groups that are good and durable.
func (r *reader) release() {
	var grown int64
	good := false
	for _, g := range r.ready {
		if !g.bad {
			grown += g.bytes
			good = true
		}
	}
	if good && r.blocks != nil {
		if err := r.blocks.sync(grown); err != nil {
			r.fault(err)
			for _, g := range r.ready {
				g.bad = true
			}
		}
	}
	for _, g := range r.ready {
		if !g.bad {
			r.buf = g.stored(r.buf[:0])
			r.tail.add(r.buf)
			g.finish(r.stats)
		}
		r.done <- g
	}
	clear(r.buf[:cap(r.buf)])
	r.ready = r.ready[:0]
}
