package api

import (
	"sync"

	"text911/callmodel"
)

// Lanes does things for a connection: those of one call in the order they were given, those of
// different calls side by side. What belongs to no call shares one lane.
type Lanes struct {
	most int
	wg   sync.WaitGroup

	mu     sync.Mutex
	n      int
	closed bool
	lanes  map[callmodel.CallID][]func()
}

// NewLanes returns lanes for at most most things that wait or are being done.
func NewLanes(most int) *Lanes {
	return &Lanes{most: most, lanes: map[callmodel.CallID][]func(){}}
}

// Go has f done. It reports false, and f is not done, when there is no room or Close was called.
func (l *Lanes) Go(call callmodel.CallID, f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.n >= l.most {
		return false
	}
	l.n++
	waiting, busy := l.lanes[call]
	l.lanes[call] = append(waiting, f)
	if !busy {
		l.wg.Go(func() { l.drive(call) })
	}
	return true
}

// drive does what waits on one lane and ends when nothing does.
func (l *Lanes) drive(call callmodel.CallID) {
	for {
		l.mu.Lock()
		waiting := l.lanes[call]
		if len(waiting) == 0 {
			delete(l.lanes, call)
			l.mu.Unlock()
			return
		}
		f := waiting[0]
		l.lanes[call] = waiting[1:]
		l.mu.Unlock()
		f()
		l.mu.Lock()
		l.n--
		l.mu.Unlock()
	}
}

// Close refuses what comes from now on and waits for what was taken.
func (l *Lanes) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.wg.Wait()
}
