package transport

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// timers wakes connections whose core has a deadline. A connection is in the
// heap at most once and is not moved when its deadline moves later: it is looked
// at early, found not due, and put back. A request per second therefore costs no
// timer work at all.
type timers struct {
	now func() time.Time

	mu    sync.Mutex
	queue timerQueue
	wake  chan struct{}
}

func (t *timers) init(now func() time.Time) {
	t.now = now
	t.wake = make(chan struct{}, 1)
}

// timerEntry is a connection's place in the queue, embedded in it.
type timerEntry struct {
	at    time.Time
	index int // in the heap, counted from 1; 0 when not queued
}

// arm asks for c.tick at t or soon after. c.mu is held.
func (t *timers) arm(c *Conn, at time.Time) {
	t.mu.Lock()
	first := false
	switch {
	case c.timer.index == 0:
		c.timer.at = at
		heap.Push(&t.queue, c)
		first = t.queue[0] == c
	case at.Before(c.timer.at):
		c.timer.at = at
		heap.Fix(&t.queue, c.timer.index-1)
		first = t.queue[0] == c
	}
	t.mu.Unlock()
	if first {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

func (t *timers) remove(c *Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.timer.index > 0 {
		heap.Remove(&t.queue, c.timer.index-1)
	}
}

// due takes the first entry that is due, or tells how long to wait.
func (t *timers) due(now time.Time) (c *Conn, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		return nil, time.Hour
	}
	if wait = t.queue[0].timer.at.Sub(now); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&t.queue).(*Conn), 0
}

// run serves deadlines until ctx ends.
func (t *timers) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		c, wait := t.due(t.now())
		if c != nil {
			c.tick()
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-t.wake:
		}
	}
}

func newTicker(d time.Duration) *time.Ticker { return time.NewTicker(max(d, time.Millisecond)) }

// timerQueue is a heap by time.
type timerQueue []*Conn

func (q timerQueue) Len() int           { return len(q) }
func (q timerQueue) Less(i, j int) bool { return q[i].timer.at.Before(q[j].timer.at) }
func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].timer.index, q[j].timer.index = i+1, j+1
}
func (q *timerQueue) Push(x any) {
	c := x.(*Conn)
	*q = append(*q, c)
	c.timer.index = len(*q)
}
func (q *timerQueue) Pop() any {
	old := *q
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	c.timer.index = 0
	return c
}
