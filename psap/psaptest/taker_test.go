package psaptest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap/console"
	"text911/psap/floortest"
	"text911/psap/psaptest"
)

func serve(t *testing.T, f *floortest.Floor) psaptest.Config {
	t.Helper()
	s := console.New(console.Config{PSAPs: []console.Seat{{PSAP: f.PSAP, Service: f.Service}}})
	hs := httptest.NewServer(s)
	t.Cleanup(func() {
		_ = s.Close(context.Background())
		hs.Close()
	})
	return psaptest.Config{URL: "ws" + strings.TrimPrefix(hs.URL, "http") + "/v1/ws", PSAP: floortest.ID, Agent: "auto", CanRing: true}
}

// The taker claims every call, answers every line once and in order, and closes when told; also when
// it comes late, and when its connection is cut again and again.
func TestAutoTaker(t *testing.T) {
	for name, cuts := range map[string]int{"undisturbed": 0, "cut": 12} {
		t.Run(name, func(t *testing.T) {
			const calls, lines = 5, 20
			f := floortest.New(t, nil)
			cfg := serve(t, f)
			var all []callmodel.CallID
			for range calls {
				call := f.Call(t)
				f.Line(t, call, "0") // before the taker is there
				all = append(all, call)
			}
			f.Await(t, all[calls-1], func(v callmodel.View) bool { return v.MessagesIn == 1 })
			taker := psaptest.NewAutoTaker(psaptest.AutoTakerConfig{
				Console: cfg,
				Reply:   func(_ callmodel.CallID, m callmodel.MessageReceived) string { return "re " + m.Content.Text.Reveal() },
				Done:    func(v callmodel.View) bool { return v.MessagesOut == lines },
			})
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := taker.Run(ctx); err != nil {
					t.Errorf("taker: %v", err)
				}
			})
			for i := 1; i < lines; i++ {
				for _, call := range all {
					f.Line(t, call, fmt.Sprint(i))
				}
				if cuts > 0 && i <= cuts {
					time.Sleep(3 * time.Millisecond)
					taker.Break()
				}
			}
			for _, call := range all {
				v := f.Await(t, call, func(v callmodel.View) bool { return v.Done() })
				if v.MessagesOut != lines || v.Unshown != 0 || v.ClosedBy != callmodel.ByTaker {
					t.Errorf("out %d, unshown %d, closed by %s", v.MessagesOut, v.Unshown, v.ClosedBy)
				}
			}
			cancel()
			wg.Wait()
			for _, call := range all {
				inOrder(t, f, call, lines)
			}
			if s := taker.Stats(); s.Cursor.Repeated+int(s.Cursor.Missing) != 0 || cuts > 0 && s.Connections < 3 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func inOrder(t *testing.T, f *floortest.Floor, call callmodel.CallID, lines int) {
	t.Helper()
	page, err := f.Log.ReadCall(t.Context(), floortest.ID, call, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range page {
		q, ok := l.Event.Data.(callmodel.MessageQueued)
		if !ok {
			continue
		}
		if q.Content.Text.Reveal() != fmt.Sprint("re ", n) {
			t.Errorf("reply %d is out of place", n)
		}
		n++
	}
	if n != lines {
		t.Errorf("%d replies", n)
	}
}

// When the server goes for good the taker says so; when it is only away it comes back.
func TestAutoTakerStops(t *testing.T) {
	f := floortest.New(t, nil)
	cfg := serve(t, f)
	cfg.PSAP = "elsewhere"
	err := psaptest.NewAutoTaker(psaptest.AutoTakerConfig{Console: cfg}).Run(t.Context())
	if how, ok := psaptest.CutOf(err); !ok || how.Code != console.CloseNotAllowed {
		t.Errorf("%v", err)
	}
}
