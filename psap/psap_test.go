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

func by(id, agent string) callmodel.CommandRef {
	return callmodel.CommandRef{ID: callmodel.CommandID(id), Digest: id, Agent: callmodel.AgentID(agent)}
}

// The queue: higher priority first (RFC 7135 §4), then who was offered earlier; a call that comes
// back keeps its place.
func TestQueueOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := floortest.New(t, nil)
		var calls []callmodel.CallID
		for i, priority := range []string{"", "esnet.1", "esnet.4", "esnet.1", "nonsense"} {
			call, _, err := f.Engine.Open(t.Context(), floortest.ID, callmodel.LegOffered{
				Leg: callmodel.LegID(fmt.Sprint("l", i)), Queue: "text",
				Offer: callmodel.CallOffered{PSAP: floortest.ID, Bearer: callmodel.BearerMSRP, Priority: priority, Hold: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
			time.Sleep(time.Second)
		}
		want := []int{2, 1, 3, 0, 4}
		check := func() {
			t.Helper()
			synctest.Wait()
			views := f.PSAP.Views()
			if len(views) != len(calls) {
				t.Fatalf("%d calls on the board", len(views))
			}
			for i, v := range views {
				if v.Call != calls[want[i]] {
					t.Errorf("place %d has the call offered as number %d", i, want[i])
				}
			}
		}
		check()
		claim, _, err := f.PSAP.Claim(t.Context(), calls[1], by("c", "ann"), "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if v := f.PSAP.Views(); v[4].Call != calls[1] {
			t.Error("a claimed call stands behind those that wait")
		}
		if _, err := f.PSAP.Deliver(t.Context(), calls[1], callmodel.ReleaseRequested{By: by("r", "ann"), Fence: claim.Fence}); err != nil {
			t.Fatal(err)
		}
		check()
	})
}

// Closed calls leave the board by number and by age, and can still be looked up.
func TestBoardForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := floortest.New(t, func(c *psap.Config) { c.KeepClosed, c.KeepClosedFor = 3, time.Minute })
		var calls []callmodel.CallID
		for range 5 {
			call := f.Call(t)
			f.HangUp(t, call)
			calls = append(calls, call)
		}
		open := f.Call(t)
		synctest.Wait()
		if n := len(f.PSAP.Views()); n != 4 {
			t.Errorf("%d calls on the board", n)
		}
		time.Sleep(2 * time.Minute)
		f.Line(t, open, "x")
		synctest.Wait()
		if n := len(f.PSAP.Views()); n != 1 {
			t.Errorf("%d calls on the board after two minutes", n)
		}
		v, err := f.PSAP.View(t.Context(), calls[0])
		if err != nil || v.Phase != callmodel.PhaseClosed || v.ClosedBy != callmodel.ByTexter {
			t.Errorf("the oldest call: %q, %v", v.Phase, err)
		}
		var refusal *callmodel.Refusal
		if _, err := f.PSAP.View(t.Context(), "nobody"); !errors.As(err, &refusal) || refusal.Code != callmodel.CodeUnknownCall {
			t.Errorf("an unknown call: %v", err)
		}
	})
}

// Alerts: raised in the log when a text has waited 10 s or no console is there, cleared when that is
// over, and standing after a restart until they are.
func TestAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := floortest.New(t, func(c *psap.Config) { c.WaitingAlert, c.ConsoleAlert = 0, 0 })
		call := f.Call(t)
		standing := func() map[string]bool {
			synctest.Wait()
			snap, sub := f.PSAP.Join()
			sub.Close()
			out := map[string]bool{}
			for _, a := range snap.Alerts {
				out[a.Alert] = true
			}
			return out
		}
		time.Sleep(8 * time.Second)
		if s := standing(); len(s) != 0 {
			t.Errorf("after 8 s: %v", s)
		}
		time.Sleep(4 * time.Second)
		if s := standing(); !s["waiting"] || !s["no_console"] {
			t.Errorf("after 12 s: %v", s)
		}
		f.Restart(t)
		if s := standing(); !s["waiting"] || !s["no_console"] {
			t.Errorf("after the restart: %v", s)
		}
		detach, err := f.PSAP.Attach("ann", false)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if s := standing(); s["no_console"] || !s["no_sound"] {
			t.Errorf("with a console that cannot ring: %v", s)
		}
		can := true
		if _, err := f.PSAP.SetAgent(t.Context(), by("s", "ann"), callmodel.AgentReady, "", &can); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.PSAP.Claim(t.Context(), call, by("c", "ann"), ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if s := standing(); len(s) != 0 {
			t.Errorf("with a console and nobody waiting: %v", s)
		}
		detach()
		time.Sleep(12 * time.Second)
		if s := standing(); !s["no_console"] {
			t.Errorf("12 s after the last console left: %v", s)
		}
	})
}

// When events cannot be stored, the consoles that are connected are told, and told when it is over.
func TestJournalAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sick error
		f := floortest.New(t, func(c *psap.Config) {
			c.Journal = func() error { mu.Lock(); defer mu.Unlock(); return sick }
		})
		sub := f.PSAP.Listen()
		defer sub.Close()
		for i, want := range []callmodel.Kind{callmodel.KindAlertRaised, callmodel.KindAlertCleared} {
			mu.Lock()
			sick = []error{errors.New("disk full"), nil}[i]
			mu.Unlock()
			time.Sleep(3 * time.Second)
			synctest.Wait()
			var got []callmodel.Kind
			notices, _ := sub.Poll(t.Context(), nil, 0)
			for _, n := range notices {
				if k := n.Event.Data.Kind(); !k.Ephemeral() && !n.Durable() {
					got = append(got, k)
				}
			}
			if len(got) != 1 || got[0] != want {
				t.Errorf("told %v, want %s", got, want)
			}
			if k := firstOf(t, f.PSAP, "journal"); k != want { // who was away meanwhile and resumes
				t.Errorf("a resumed subscriber is told %q, want %s", k, want)
			}
		}
	})
}

// firstOf is what a subscriber that comes back is told of an alert.
func firstOf(t *testing.T, p *psap.PSAP, alert string) callmodel.Kind {
	t.Helper()
	sub := p.Subscribe(p.Seq())
	defer sub.Close()
	notices, err := sub.Poll(t.Context(), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices {
		switch d := n.Event.Data.(type) {
		case callmodel.AlertRaised:
			if d.Alert == alert {
				return d.Kind()
			}
		case callmodel.AlertCleared:
			if d.Alert == alert {
				return d.Kind()
			}
		}
	}
	return ""
}

// A release that cannot be stored is tried again.
func TestLeaseExpiryOutlivesTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := floortest.New(t, nil)
		call := f.Call(t)
		if _, _, err := f.PSAP.Claim(t.Context(), call, by("c", "ann"), ""); err != nil {
			t.Fatal(err)
		}
		f.Memory.Fail(errors.New("disk full"))
		time.Sleep(time.Minute)
		if v, _ := f.PSAP.View(t.Context(), call); v.Holder != "ann" {
			t.Fatal("released without being stored")
		}
		f.Memory.Fail(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if v, _ := f.PSAP.View(t.Context(), call); v.Holder != "" {
			t.Error("not released after the journal came back")
		}
	})
}

// agent.state is stored when it changes something, survives a restart, and is not stored twice.
func TestRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := floortest.New(t, nil)
		seq, err := f.PSAP.SetAgent(t.Context(), by("1", "ann"), callmodel.AgentReady, "7", nil)
		if err != nil || seq == 0 {
			t.Fatalf("seq %d, %v", seq, err)
		}
		again, err := f.PSAP.SetAgent(t.Context(), by("2", "ann"), callmodel.AgentReady, "", nil)
		if err != nil || again != 0 {
			t.Errorf("nothing changed, and seq is %d, %v", again, err)
		}
		f.Restart(t)
		synctest.Wait()
		snap, sub := f.PSAP.Join()
		sub.Close()
		want := psap.Agent{Agent: "ann", State: callmodel.AgentReady, Position: "7"}
		if len(snap.Agents) != 1 || snap.Agents[0] != want {
			t.Errorf("agents after the restart: %+v", snap.Agents)
		}
	})
}

// Snapshot and stream fit together at every moment: what is in neither or in both would be a fault.
func TestJoinIsConsistent(t *testing.T) {
	f := floortest.New(t, func(c *psap.Config) { c.Tail = 64 })
	call := f.Call(t)
	const lines = 2000
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range lines {
			f.Line(t, call, fmt.Sprint(i))
		}
	})
	for range 20 {
		wg.Go(func() {
			snap, sub := f.PSAP.Join()
			defer sub.Close()
			v := snap.Calls[0]
			for v.MessagesIn < lines {
				select {
				case <-sub.Wake():
				case <-t.Context().Done():
					return
				}
				notices, err := sub.Poll(t.Context(), nil, 100)
				if err != nil {
					t.Errorf("poll: %v", err)
					return
				}
				for _, n := range notices {
					if !n.Durable() {
						continue
					}
					if n.Event.Call == call && n.Event.CallSeq != v.CallSeq+1 {
						t.Errorf("call_seq %d follows %d", n.Event.CallSeq, v.CallSeq)
						return
					}
					v.Apply(n.Event)
				}
			}
		})
	}
	wg.Wait()
}

// A subscriber that is behind a log that has forgotten is told what is missing, once.
func TestPollGap(t *testing.T) {
	f := floortest.New(t, func(c *psap.Config) { c.Tail = 4 })
	call := f.Call(t)
	for i := range 20 {
		f.Line(t, call, fmt.Sprint(i))
	}
	f.Await(t, call, func(v callmodel.View) bool { return v.MessagesIn == 20 })
	sub := f.PSAP.Subscribe(2)
	defer sub.Close()
	if err := f.Memory.Forget(string(floortest.ID), 10); err != nil {
		t.Fatal(err)
	}
	var gap *psap.Gap
	if _, err := sub.Poll(t.Context(), nil, 5); !errors.As(err, &gap) || gap.From != 3 || gap.To != 10 {
		t.Fatalf("%v", err)
	}
	notices, err := sub.Poll(t.Context(), nil, 5)
	if err != nil || len(notices) != 5 || notices[0].Event.Seq != 11 {
		t.Errorf("%d notices, %v", len(notices), err)
	}
}

// Ephemeral notices are dropped for who does not take them, the oldest first, and never block.
func TestEphemeralBound(t *testing.T) {
	f := floortest.New(t, func(c *psap.Config) { c.Ephemerals = 8 })
	sub := f.PSAP.Listen()
	defer sub.Close()
	for i := range 20 {
		f.PSAP.Ephemeral(floortest.ID, callmodel.Event{ID: callmodel.EventID(fmt.Sprint(i)), Call: "c", Data: callmodel.TypingChanged{}})
	}
	f.PSAP.Ephemeral("other", callmodel.Event{ID: "other", Call: "c", Data: callmodel.TypingChanged{}})
	notices, _ := sub.Poll(t.Context(), nil, 0)
	if len(notices) != 8 || notices[7].Event.ID != "19" || sub.Dropped() < 12 {
		t.Errorf("%d notices, %d dropped", len(notices), sub.Dropped())
	}
}

// A log that cannot be followed is followed again, without a hole and without a repeat.
func TestFollowsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := journal.NewMemory(journal.MemoryConfig{})
		broken := &brokenLog{Events: journal.NewEvents(memory, nil), every: 3}
		if err := broken.Open(t.Context(), floortest.ID); err != nil {
			t.Fatal(err)
		}
		p := psap.New(psap.Config{ID: floortest.ID, Log: broken, Calls: nowhere{}, ConsoleAlert: -1})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { _ = p.Run(ctx); close(done) }() // ends with ctx
		<-p.Ready()
		sub := p.Subscribe(0)
		for i := range 20 {
			ev := callmodel.Event{ID: callmodel.EventID(fmt.Sprintf("%026d", i)), Call: "c", CallSeq: uint64(i + 1), Time: time.Now(), Data: callmodel.NoteAdded{Agent: "a", Text: "x"}}
			if _, err := broken.Append(ctx, floortest.ID, "c", ^uint64(0), []callmodel.Event{ev}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		notices, err := sub.Poll(ctx, nil, 100)
		durable := 0
		for _, n := range notices {
			if n.Durable() {
				durable++
				if n.Event.Seq != uint64(durable) {
					t.Errorf("seq %d in place %d", n.Event.Seq, durable)
				}
			}
		}
		if durable != 20 || err != nil || p.Stats().Refollowed == 0 {
			t.Errorf("%d events, %v, followed again %d times", durable, err, p.Stats().Refollowed)
		}
		cancel()
		<-done
		_ = memory.Close(context.Background())
	})
}

// brokenLog stops following after every so many batches.
type brokenLog struct {
	*journal.Events
	every int
}

func (b *brokenLog) Follow(ctx context.Context, id callmodel.PSAPID, after uint64, f func([]callmodel.Logged) error) error {
	n := 0
	return b.Events.Follow(ctx, id, after, func(batch []callmodel.Logged) error {
		if n++; n > b.every {
			return errors.New("connection lost")
		}
		return f(batch)
	})
}

type nowhere struct{}

func (nowhere) Deliver(context.Context, callmodel.CallID, callmodel.Input) (callmodel.Outcome, error) {
	return callmodel.Outcome{}, errors.New("no calls here")
}
