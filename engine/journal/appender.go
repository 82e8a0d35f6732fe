package journal

import (
	"context"
	"sync"
	"time"
)

// appendPatience is how often the appender looks whether an answer is overdue.
const appendPatience = 100 * time.Millisecond

// appender is the only writer of one stream of the embedded server. It
// collects the Appends that wait, sends them as groups, and lets its reader
// finish them when they are durable. One goroutine, plus the reader's.
type appender struct {
	store localStore
	tail  *tail
	stats *counters
	wait  time.Duration

	pool  requestPool
	queue chan *request
	quit  chan struct{}
	ended chan struct{} // closed when run has ended
	wg    sync.WaitGroup

	// The rest belongs to run.
	enc      encoder
	fences   *fences
	costs    costs
	rd       *reader
	next     uint64 // sequence of the next record
	flight   []*group
	carry    *request // taken from the queue, did not fit the last group
	suspects []*request
	numbers  uint64
	tick     *time.Ticker

	// broken: something unusual happened; unsettled and then suspects are
	// settled one by one, when nothing is under way any more.
	broken    bool
	unsettled []*request
}

// localStore is what an appender needs of the embedded store.
type localStore interface {
	// dial connects to the server.
	dial() (*wire, error)
	// last is the stream's newest sequence.
	last(ctx context.Context) (uint64, error)
	// after reads a call's records behind a sequence.
	after(ctx context.Context, call string, after uint64, limit int) ([]Stored, error)
	// refusal is why nothing may be stored now, nil if it may.
	refusal() error
	// stuck reports that the server does not answer.
	stuck(err error)
}

func newAppender(port *localPort, s *stream, stats *counters, cfg Config, prefix string) *appender {
	return &appender{store: port, tail: s.tail, stats: stats, wait: cfg.AckWait,
		queue: make(chan *request, cfg.Queue), quit: make(chan struct{}), ended: make(chan struct{}),
		fences: newFences(), costs: newCosts(), enc: encoder{names: &s.names, inbox: port.inbox, prefix: prefix}}
}

func (a *appender) start() { a.wg.Go(a.run) }

// append queues the records and waits for the outcome.
func (a *appender) append(ctx context.Context, call string, last uint64, recs []Record) ([]uint64, error) {
	r := a.pool.get(call, last, recs)
	select {
	case a.queue <- r:
	default:
		select {
		case a.queue <- r:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-a.ended:
			return nil, ErrClosed
		}
	}
	return a.pool.await(ctx, r, a.ended)
}

func (a *appender) queued() int { return len(a.queue) }

// stop ends the appender after what is queued.
func (a *appender) stop() {
	close(a.quit)
	a.wg.Wait()
}

func (a *appender) run() {
	a.tick = time.NewTicker(appendPatience)
	defer close(a.ended)
	defer a.tick.Stop()
	defer a.disconnect()
	for a.turn() {
	}
}

// turn does one thing. It returns false when the appender has ended.
func (a *appender) turn() bool {
	switch {
	case a.broken && len(a.flight) == 0:
		a.recover()
		return true
	case a.carry != nil && a.room():
		r := a.carry
		a.carry = nil
		a.take(r)
		return true
	}
	queue, quit := a.queue, a.quit
	if !a.room() || a.carry != nil {
		queue = nil
	}
	if queue == nil || len(a.flight) > 0 {
		quit = nil // not before everything is settled
	}
	var done <-chan *group
	var pings, dead <-chan struct{}
	if a.rd != nil {
		done, pings, dead = a.rd.done, a.rd.pings, a.rd.dead
	}
	select {
	case r := <-queue:
		a.take(r)
	case g := <-done:
		a.landed(g)
	case <-pings:
		a.write(pong)
	case <-dead:
		a.lost()
	case <-a.tick.C:
		a.checkTime()
	case <-quit:
		return len(a.queue) > 0
	}
	return true
}

// room: another group may be sent.
func (a *appender) room() bool {
	switch n := len(a.flight); {
	case a.broken:
		return false
	case n == 0:
		return true
	default:
		return n < groupsInFlight && len(a.queue) >= nextBatch
	}
}
