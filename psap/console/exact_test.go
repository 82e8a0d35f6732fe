package console_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/floortest"
	"text911/psap/psaptest"
)

// A console that is cut at random moments and resumes by seq has every durable event exactly once
// and in order, while events flow; whether it finds them in memory or has to read the log.
func TestResumeIsExact(t *testing.T) {
	for name, tail := range map[string]int{"from memory": 0, "from the log": 16} {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, nil, func(c *psap.Config) { c.Tail = tail })
			calls := []callmodel.CallID{w.Call(t), w.Call(t), w.Call(t)}
			const lines = 1500
			var wg sync.WaitGroup
			wg.Go(func() {
				for i := range lines {
					w.Line(t, calls[i%len(calls)], fmt.Sprintf("line %d", i))
					if i%50 == 0 {
						time.Sleep(2 * time.Millisecond) // let the consoles be cut in the middle
					}
				}
				for _, c := range calls {
					w.HangUp(t, c)
				}
			})
			const consoles = 4
			got := make([][]callmodel.EventID, consoles)
			cuts := make([]int, consoles)
			for i := range consoles {
				wg.Go(func() {
					got[i], cuts[i] = follow(t, w, fmt.Sprintf("agent%d", i), rand.New(rand.NewPCG(uint64(i), uint64(tail))), len(calls))
				})
			}
			wg.Wait()
			want := logged(t, w)
			for i := range consoles {
				if cuts[i] == 0 {
					t.Errorf("console %d was never cut", i)
				}
				compare(t, i, got[i], want)
			}
		})
	}
}

// follow reads the stream from the beginning until the calls are closed, over connections that are
// cut at random.
func follow(t *testing.T, w *world, agent string, r *rand.Rand, calls int) (ids []callmodel.EventID, cuts int) {
	cfg := w.config(callmodel.AgentID(agent))
	cfg.AckEach = 1 + r.IntN(60)
	cursor := &psaptest.Cursor{Epoch: w.PSAP.Epoch()}
	for closed := 0; closed < calls; {
		c, err := psaptest.Dial(within(t), cfg, cursor)
		if err != nil {
			t.Errorf("dial: %v", err)
			return ids, cuts
		}
		if f, err := c.Resume(within(t)); err != nil || f.Op != "resumed" || f.From != cursor.Seq+1 {
			t.Errorf("resume after %d: %s from %d, %v", cursor.Seq, f.Op, f.From, err)
			return ids, cuts
		}
		for left := 1 + r.IntN(200); left > 0 && closed < calls; left-- {
			f, err := c.Next(within(t))
			if err != nil {
				t.Errorf("stream: %v", err)
				return ids, cuts
			}
			if f.Op != "event" || !f.Event.Durable() {
				continue
			}
			ids = append(ids, f.Event.ID)
			if f.Event.Kind() == callmodel.KindCallClosed {
				closed++
			}
		}
		c.Break()
		cuts++
	}
	if cursor.Repeated != 0 || cursor.Missing != 0 {
		t.Errorf("%s: %d repeated, %d missing", agent, cursor.Repeated, cursor.Missing)
	}
	return ids, cuts
}

func logged(t *testing.T, w *world) (ids []callmodel.EventID) {
	t.Helper()
	err := w.Log.Replay(t.Context(), floortest.ID, 0, func(l callmodel.Logged) error {
		ids = append(ids, l.Event.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// compare holds that got is the beginning of want up to the last close.
func compare(t *testing.T, who int, got, want []callmodel.EventID) {
	t.Helper()
	if len(got) < 1500 || len(got) > len(want) {
		t.Fatalf("console %d has %d events, the log %d", who, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("console %d: event %d differs from the log", who, i)
		}
	}
}

// Resume works on a server that was started anew: the place is in the log, not in the connection.
func TestResumeAfterRestart(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	c, _ := w.started(t, "ann")
	w.Line(t, call, "one")
	next(t, c, callmodel.KindMessageReceived)
	cursor := c.Cursor
	c.Break()
	w.Restart(t)
	w.serve(t, nil)
	w.Line(t, call, "two")
	c = dial(t, w.config("ann"), cursor)
	f, err := c.Resume(within(t))
	if err != nil || f.Op != "resumed" {
		t.Fatalf("%s, %v", f.Op, err)
	}
	var d callmodel.MessageReceived
	if err := next(t, c, callmodel.KindMessageReceived).Into(&d); err != nil || d.Number != 2 {
		t.Errorf("line %d, %v", d.Number, err)
	}
	if cursor.Missing+uint64(cursor.Repeated) != 0 {
		t.Errorf("%+v", cursor)
	}
}

// A place that cannot be resumed from is answered with a gap that says why, then a snapshot.
func TestGap(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	w.Line(t, call, "one")
	last := w.Await(t, call, func(v callmodel.View) bool { return v.MessagesIn == 1 }).Seq
	for _, c := range []struct {
		name, epoch, reason string
		seq                 uint64
	}{
		{"other log", "another", "epoch", 1},
		{"ahead", w.PSAP.Epoch(), "ahead", last + 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			con := dial(t, w.config("ann"), &psaptest.Cursor{Epoch: c.epoch, Seq: c.seq})
			f, err := con.Resume(within(t))
			if err != nil || f.Op != "gap" || f.Reason != c.reason {
				t.Fatalf("%s %s, %v", f.Op, f.Reason, err)
			}
			if f, err = con.Next(within(t)); err != nil || f.Op != "ready" || len(f.Snapshot.Calls) != 1 {
				t.Fatalf("%s, %v", f.Op, err)
			}
			if con.Cursor.Seq != f.Seq || con.Cursor.Epoch != w.PSAP.Epoch() {
				t.Errorf("cursor %+v", con.Cursor)
			}
		})
	}
	t.Run("expired", func(t *testing.T) {
		if err := w.Memory.Forget(string(floortest.ID), 3); err != nil {
			t.Fatal(err)
		}
		con := dial(t, w.config("ann"), &psaptest.Cursor{Epoch: w.PSAP.Epoch(), Seq: 1})
		f, err := con.Resume(within(t))
		if err != nil || f.Op != "gap" || f.Reason != "expired" || f.From != 2 || f.To != 3 {
			t.Fatalf("%s %s %d-%d, %v", f.Op, f.Reason, f.From, f.To, err)
		}
	})
}

// A filter leaves events out and nothing else; ping tells how far the stream has come.
func TestFilter(t *testing.T) {
	w := newWorld(t, nil)
	one, two := w.Call(t), w.Call(t)
	cfg := w.config("ann")
	cfg.Filter = map[string]any{"kinds": []string{"message.*"}, "calls": []string{string(two)}, "no_ephemeral": true}
	c := dial(t, cfg, nil)
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	w.Line(t, one, "not wanted")
	w.Line(t, two, "wanted")
	for {
		f, err := c.Next(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if f.Op != "event" {
			continue
		}
		if f.Event.Call != two || f.Event.Kind() != callmodel.KindMessageReceived {
			t.Errorf("%s of %s came through", f.Event.Kind(), f.Event.Call)
		}
		return
	}
}
