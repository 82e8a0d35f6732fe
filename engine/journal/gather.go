package journal

import (
	"runtime"
	"time"
)

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
	g := &group{number: a.numbers, requests: make([]*request, 0, min(1+len(a.queue), groupRecords))}
	wait := linger{atMost: a.costs.batch / 4}
	for ; r != nil; r = a.more(g, &wait) {
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
	}
	g.batch = a.batches(g)
	a.learn(g)
	return g
}

// seqPending stands for the sequence of a call's record that is being
// gathered. It is no record's sequence and not NoFence.
const seqPending = NoFence - 1

// more takes another request if there is one and room for it. When the group is
// going to be a batch, it lets others run first: those who were just told of
// the last group's end come with their next record, and a fuller batch costs
// hardly more. It does so as long as every pause brings somebody.
func (a *appender) more(g *group, wait *linger) *request {
	if g.bytes >= groupBytes || len(a.suspects) >= groupRecords {
		return nil
	}
	if r := a.poll(); r != nil {
		return r
	}
	if a.batches(g) && wait.yield() {
		return a.poll()
	}
	return nil
}

// poll takes a request from the queue, nil if it is empty.
func (a *appender) poll() *request {
	select {
	case r := <-a.queue:
		return r
	default:
		return nil
	}
}

// batches tells whether g is better sent as an atomic batch.
func (a *appender) batches(g *group) bool { return !g.single() || g.records > a.costs.few() }

// learn gives the group its sequences and remembers the newest of each call.
func (a *appender) learn(g *group) {
	g.first = a.next
	for _, r := range g.requests {
		a.next += uint64(len(r.recs))
		a.fences.set(r.call, a.next-1)
	}
}

// linger is the patience of one group.
type linger struct {
	atMost time.Duration
	until  time.Time
}

// yield lets other goroutines run. It returns false when patience is at an end.
func (l *linger) yield() bool {
	now := time.Now()
	if l.until.IsZero() {
		l.until = now.Add(l.atMost)
	}
	if !now.Before(l.until) {
		return false
	}
	runtime.Gosched()
	return true
}
