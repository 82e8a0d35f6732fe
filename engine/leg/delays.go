package leg

import (
	"sync"
	"time"
)

// delays runs functions after one and the same delay, in the order in which they were added. It
// needs no timer and no goroutine of its own: its owner runs it now and then.
type delays struct {
	after time.Duration

	mu   sync.Mutex // guards list
	list []delayed
}

type delayed struct {
	due time.Time
	f   func()
}

func (d *delays) add(now time.Time, f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, delayed{now.Add(d.after), f})
}

// run runs everything that is due.
func (d *delays) run(now time.Time) {
	d.mu.Lock()
	n := 0
	for n < len(d.list) && !now.Before(d.list[n].due) {
		n++
	}
	due := d.list[:n:n]
	if d.list = d.list[n:]; len(d.list) == 0 {
		d.list = nil
	}
	d.mu.Unlock()
	for i := range due {
		due[i].f()
		due[i].f = nil
	}
}
