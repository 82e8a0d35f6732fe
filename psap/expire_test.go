package psap_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/engine/journal"
	"text911/psap"
	"text911/psap/floortest"
)

// hanging is calls of which one hangs.
type hanging struct {
	mu       sync.Mutex
	released map[callmodel.CallID]bool
}

func (h *hanging) Deliver(ctx context.Context, call callmodel.CallID, _ callmodel.Input) (callmodel.Outcome, error) {
	if call == "c0" {
		<-ctx.Done()
		return callmodel.Outcome{}, errors.New("no answer")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.released[call] = true
	return callmodel.Outcome{}, nil
}

// A dead console's calls are freed when their lease is over, also when one of them hangs.
func TestLeasesEndBesideACallThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := journal.NewMemory(journal.MemoryConfig{})
		log := journal.NewEvents(memory, nil)
		if err := log.Open(t.Context(), floortest.ID); err != nil {
			t.Fatal(err)
		}
		calls := &hanging{released: map[callmodel.CallID]bool{}}
		p := psap.New(psap.Config{ID: floortest.ID, Log: log, Calls: calls, ConsoleAlert: -1})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { _ = p.Run(ctx); close(done) }() // ends with ctx
		const n = 12
		for i := range n {
			call := callmodel.CallID(fmt.Sprint("c", i))
			for k, d := range []callmodel.EventData{
				callmodel.CallOffered{PSAP: floortest.ID}, callmodel.CallClaimed{Agent: "ann", Fence: 2},
			} {
				ev := callmodel.Event{ID: callmodel.EventID(fmt.Sprint(call, k)), Call: call, CallSeq: uint64(k + 1), Time: time.Now(), Data: d}
				if _, err := log.Append(ctx, floortest.ID, call, ^uint64(0), []callmodel.Event{ev}); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(32 * time.Second)
		synctest.Wait()
		calls.mu.Lock()
		if len(calls.released) != n-1 {
			t.Errorf("%d of %d claims are released", len(calls.released), n-1)
		}
		calls.mu.Unlock()
		cancel()
		<-done
		_ = memory.Close(context.Background())
	})
}
