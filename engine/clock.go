package engine

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// clock is the one heap of deadlines of all calls. A call's entry may be earlier than its true
// deadline, never later: a deadline that moves away is left alone and looked at when it comes, so
// that the silence timer of a busy call costs nothing.
type clock struct {
	mu   sync.Mutex
	due  dueHeap
	wake chan struct{}
}

func newClock() *clock { return &clock{wake: make(chan struct{}, 1)} }

// set makes sure that a is ticked at t or before.
func (c *clock) set(a *actor, t time.Time) {
	if at := a.due.Load(); at != 0 && at <= t.UnixNano() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a.due.Store(t.UnixNano())
	if a.slot >= 0 {
		heap.Fix(&c.due, a.slot)
	} else {
		heap.Push(&c.due, a)
	}
	if a.slot == 0 {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

func (c *clock) cancel(a *actor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.due.Store(0)
	if a.slot >= 0 {
		heap.Remove(&c.due, a.slot)
	}
}

// run ticks what is due until ctx ends.
func (c *clock) run(ctx context.Context, now func() time.Time, tick func(*actor)) {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		a, wait := c.pop(now())
		if a != nil {
			tick(a)
			continue
		}
		t.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-c.wake:
		}
	}
}

// pop returns a call that is due, or how long to wait for the next.
func (c *clock) pop(now time.Time) (*actor, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.due) == 0 {
		return nil, time.Hour
	}
	a := c.due[0]
	if wait := time.Duration(a.due.Load() - now.UnixNano()); wait > 0 {
		return nil, wait
	}
	heap.Pop(&c.due)
	a.due.Store(0)
	return a, 0
}

type dueHeap []*actor

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Load() < h[j].due.Load() }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}

func (h *dueHeap) Push(x any) {
	a := x.(*actor)
	a.slot = len(*h)
	*h = append(*h, a)
}

func (h *dueHeap) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.slot = -1
	return a
}
