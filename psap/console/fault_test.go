package console_test

import (
	"sync/atomic"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/console"
)

// A bug that one console's connection meets, reading or writing, ends that connection, to be resumed,
// and nothing else.
func TestFaultEndsOneConsole(t *testing.T) {
	var bug atomic.Bool
	w := newWorld(t, func(c *console.Config) {
		c.Heartbeat, c.Cut = 100*time.Millisecond, 10*time.Second
		c.Now = func() time.Time {
			if bug.CompareAndSwap(true, false) {
				panic("bug")
			}
			return time.Now()
		}
	})
	calm := func(name string) {
		t.Helper()
		for ctx := within(t); bug.Load() || w.server.Stats().Connections > 0; {
			select {
			case <-ctx.Done():
				t.Fatalf("%s: the connection is still there", name)
			case <-time.After(5 * time.Millisecond):
			}
		}
		if n := w.PSAP.Stats().Subscribers; n != 0 {
			t.Errorf("%s: %d subscribers", name, n)
		}
	}
	call := w.Call(t)
	w.started(t, "ann")
	bug.Store(true) // the next heartbeat meets it while writing
	calm("writing")

	two, _ := w.started(t, "eve")
	bug.Store(true)
	_, _ = two.Do(within(t), api.CallGet, api.GetData{Call: call}) // meets it while reading
	calm("reading")

	three, _ := w.started(t, "bob")
	do[callmodel.View](t, three, api.CallGet, api.GetData{Call: call})
	if n := w.server.Stats().Faults; n != 2 {
		t.Errorf("%d faults", n)
	}
}
