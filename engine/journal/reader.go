package journal

import (
	"sync"
)

// reader takes the answers of one connection: it matches them to the groups
// in flight and lets their Appends return.
type reader struct {
	w     *wire
	tail  *tail
	stats *counters

	flight  chan *group   // to the reader, in the order sent
	done    chan *group   // back to the appender, in the same order
	replies chan []byte   // answers to what is not part of a group
	pings   chan struct{} // the server wants a PONG
	dead    chan struct{} // closed when the reader has ended
	wg      sync.WaitGroup

	ready []*group // answered, not yet finished
	buf   []Stored
}

func newReader(w *wire, t *tail, stats *counters) *reader {
	return &reader{w: w, tail: t, stats: stats,
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
	select {
	case g := <-r.flight:
		g.check(f.data)
		r.ready = append(r.ready, g)
		return true
	default:
		return false
	}
}

// release finishes the answered groups that are good.
func (r *reader) release() {
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
