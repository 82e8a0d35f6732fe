package psap_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/engine/journal"
	"text911/psap"
	"text911/psap/floortest"
)

// What the log says happened in the future, because the clock was set back, keeps no dead console's
// claim alive and silences no alert.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := floortest.New(t, func(c *psap.Config) {
			c.WaitingAlert = 0
			c.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		})
		waiting, held := f.Call(t), f.Call(t)
		if _, _, err := f.PSAP.Claim(t.Context(), held, by("c", "ann"), ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(12 * time.Second)
		synctest.Wait()
		snap, sub := f.PSAP.Join()
		sub.Close()
		if len(snap.Alerts) != 1 || snap.Alerts[0].Alert != "waiting" {
			t.Errorf("%d alerts stand after 12 s", len(snap.Alerts))
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if v, _ := f.PSAP.View(t.Context(), held); v.Holder != "" {
			t.Errorf("%q still has the call", v.Holder)
		}
		if v, _ := f.PSAP.View(t.Context(), waiting); v.Phase != callmodel.PhaseQueued {
			t.Errorf("the other call is %s", v.Phase)
		}
	})
}

// emptyLog answers reads as a replica does that has not got the events yet.
type emptyLog struct{ *journal.Events }

func (emptyLog) Read(context.Context, callmodel.PSAPID, uint64, int) ([]callmodel.Logged, error) {
	return nil, nil
}

// A log that shows nothing where events are known to be is not taken for a log without events: the
// subscriber is told what it misses.
func TestPollOfALaggingLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := journal.NewMemory(journal.MemoryConfig{})
		log := journal.NewEvents(memory, nil)
		if err := log.Open(t.Context(), floortest.ID); err != nil {
			t.Fatal(err)
		}
		p := psap.New(psap.Config{ID: floortest.ID, Log: emptyLog{log}, Calls: nowhere{}, ConsoleAlert: -1, Tail: 4})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { _ = p.Run(ctx); close(done) }() // ends with ctx
		for i := range 10 {
			ev := callmodel.Event{ID: callmodel.EventID(rune('a' + i)), Call: "c", CallSeq: uint64(i + 1), Time: time.Now(), Data: callmodel.NoteAdded{Agent: "a", Text: "x"}}
			if _, err := log.Append(ctx, floortest.ID, "c", ^uint64(0), []callmodel.Event{ev}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		sub := p.Subscribe(2)
		var gap *psap.Gap
		if _, err := sub.Poll(ctx, nil, 10); !errors.As(err, &gap) || gap.From != 3 || gap.To != 10 {
			t.Errorf("got %v", err)
		}
		cancel()
		<-done
		_ = memory.Close(context.Background())
	})
}
