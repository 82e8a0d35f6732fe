package journal

import (
	"context"
	"errors"
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

var errTimeout = errors.New("no answer from the store in time")

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

// take sends r and whatever has queued up behind it.
func (a *appender) take(r *request) {
	if err := a.prepare(); err != nil {
		r.finish(nil, err)
		return
	}
	g := a.gather(r)
	if g.records > 0 {
		a.send(g)
	}
	if len(a.suspects) > 0 {
		a.broken = true // settled when what is under way has landed
	}
}

// prepare makes sure that there is a connection and that storing is allowed.
func (a *appender) prepare() error {
	if err := a.store.refusal(); err != nil {
		a.stats.refused.Add(1)
		return err
	}
	if a.rd != nil {
		return nil
	}
	return a.connect()
}

// gather fills a group from the queue. Requests whose fence does not fit what
// the appender knows are set aside as suspects.
func (a *appender) gather(r *request) *group {
	a.numbers++
	g := &group{number: a.numbers}
	for size := 0; r != nil; r = a.more(size) {
		seq, known := a.fences.get(r.call)
		if known && r.last != NoFence && r.last != seq {
			a.suspects = append(a.suspects, r)
			continue
		}
		if !g.add(r) {
			a.carry = r
			break
		}
		r.fence = r.last != NoFence && !known
		a.fences.set(r.call, seqPending)
		for i := range r.recs {
			size += len(r.recs[i].Data)
		}
	}
	g.batch = !g.single() || g.records > a.costs.few()
	a.learn(g)
	return g
}

// seqPending stands for the sequence of a call's record that is being
// gathered. It is no record's sequence and not NoFence.
const seqPending = NoFence - 1

// more takes another request from the queue if there is one and room for it.
func (a *appender) more(size int) *request {
	if size >= groupBytes || len(a.suspects) >= groupRecords {
		return nil
	}
	select {
	case r := <-a.queue:
		return r
	default:
		return nil
	}
}

// learn gives the group its sequences and remembers the newest of each call.
func (a *appender) learn(g *group) {
	g.first = a.next
	for _, r := range g.requests {
		a.next += uint64(len(r.recs))
		a.fences.set(r.call, a.next-1)
	}
}

// send hands g to the reader and writes it to the server.
func (a *appender) send(g *group) {
	a.enc.group(g)
	g.sent, g.alone = time.Now(), len(a.flight) == 0
	a.flight = append(a.flight, g)
	a.rd.flight <- g // has room: at most groupsInFlight are under way
	a.write(a.enc.buf)
}

// write writes to the server. A fault shows as the reader's end.
func (a *appender) write(p []byte) {
	if err := a.rd.w.conn.SetWriteDeadline(time.Now().Add(a.wait)); err != nil {
		a.rd.w.close()
		return
	}
	if _, err := a.rd.w.conn.Write(p); err != nil {
		a.rd.w.close()
	}
}

// landed takes a group back from the reader.
func (a *appender) landed(g *group) {
	for i, f := range a.flight {
		if f == g {
			a.flight = append(a.flight[:i], a.flight[i+1:]...)
			break
		}
	}
	if g.alone && !g.bad {
		a.costs.learn(g, time.Since(g.sent))
	}
	if g.bad {
		a.stats.fallbacks.Add(1)
		a.broken = true
		a.unsettled = append(a.unsettled, g.requests...)
	}
}

// lost gives up the connection: what is under way and not finished has an
// unknown outcome.
func (a *appender) lost() {
	a.disconnect()
	for _, g := range a.flight {
		a.unsettled = append(a.unsettled, g.requests...)
	}
	a.flight = nil
	a.broken = true
}

// disconnect ends the reader and takes back what it has finished.
func (a *appender) disconnect() {
	if a.rd == nil {
		return
	}
	a.rd.stop()
	for {
		select {
		case g := <-a.rd.done:
			a.landed(g)
			continue
		default:
		}
		break
	}
	a.rd = nil
}

// checkTime gives up when the oldest group has waited too long.
func (a *appender) checkTime() {
	if len(a.flight) > 0 && time.Since(a.flight[0].sent) > a.wait {
		a.stats.retries.Add(1)
		a.store.stuck(errTimeout)
		a.lost()
	}
}
