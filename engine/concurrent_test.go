package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"text911/callmodel"
)

// TestConcurrent: many senders, calls and readers at once. Every message is in the log once, each
// sender's in its order, and call_seq has no gaps.
func TestConcurrent(t *testing.T) {
	log := newMemLog()
	r := start(t, log, nil)
	const calls, senders, each = 6, 6, 40
	ids := make([]callmodel.CallID, calls)
	for i := range ids {
		ids[i] = r.up(t, "L1")
	}
	var wg sync.WaitGroup
	for c := range calls {
		for s := range senders {
			wg.Go(func() {
				for k := range each {
					in := text("L1", fmt.Sprintf("%d-%d", s, k), fmt.Sprint(s, k))
					if s%2 == 0 {
						if _, err := r.Deliver(t.Context(), ids[c], in); err != nil {
							t.Error(err)
						}
						continue
					}
					wg.Add(1)
					r.DeliverAsync(ids[c], in, func(_ callmodel.Outcome, err error) {
						if err != nil {
							t.Error(err)
						}
						wg.Done()
					})
				}
			})
		}
		wg.Go(func() {
			for range each {
				if v, ok := r.View(ids[c]); !ok || v.Call != ids[c] {
					t.Error("no view")
				}
				r.Views(psapID)
				r.Stats()
			}
		})
	}
	wg.Wait()
	for _, call := range ids {
		next := map[string]int{}
		n := 0
		for _, ev := range log.of(t, call) {
			d, ok := ev.Data.(callmodel.MessageReceived)
			if !ok {
				continue
			}
			n++
			var s, k int
			if _, err := fmt.Sscanf(d.WireID, "%d-%d", &s, &k); err != nil || k != next[fmt.Sprint(s)] || d.Number != uint64(n) {
				t.Fatalf("message %d is %s, sender's %d is next", n, d.WireID, next[fmt.Sprint(s)])
			}
			next[fmt.Sprint(s)]++
		}
		if n != senders*each {
			t.Errorf("%d messages, want %d", n, senders*each)
		}
	}
	if st := r.Stats(); st.Reread != 0 || st.Fenced != 0 {
		t.Errorf("stats %+v", st)
	}
}
