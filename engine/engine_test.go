package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/engine"
)

// seen is an observer.
type seen struct{ events chan callmodel.Event }

func (s seen) Ephemeral(_ callmodel.PSAPID, ev callmodel.Event) { s.events <- ev }

func TestConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := newEngine(log, nil)
		obs := seen{make(chan callmodel.Event, 10)}
		r.Observe(obs)
		r.legs.perform = func(ctx context.Context, call callmodel.CallID, eff callmodel.Effect) {
			switch eff := eff.(type) {
			case callmodel.AnswerLeg:
				r.Deliver(ctx, call, callmodel.LegAnswered{Leg: eff.Leg})
				r.Deliver(ctx, call, callmodel.LegEstablished{Leg: eff.Leg})
			case callmodel.SendMessage:
				for _, s := range []callmodel.DeliveryState{callmodel.Submitted, callmodel.Accepted, callmodel.Delivered} {
					r.Deliver(ctx, call, callmodel.MessageProgress{Leg: eff.Leg, Message: eff.Message, State: s})
				}
			case callmodel.EndLeg:
				r.Deliver(ctx, call, callmodel.LegEnded{Leg: eff.Leg, By: callmodel.ByEngine, Cause: eff.Cause})
			}
		}
		r.run(t)
		call, out, err := r.Open(t.Context(), psapID, offer("L1"))
		if err != nil || len(out.Events) != 4 || out.Events[0].Seq == 0 {
			t.Fatalf("open: %d events, %v", len(out.Events), err)
		}
		synctest.Wait()
		out = r.must(t, call, text("L1", "w1", "help"))
		first := out.Events[0].Data.(callmodel.MessageReceived)
		if len(first.Message) != 26 || first.Number != 1 {
			t.Errorf("message id of %d octets, number %d", len(first.Message), first.Number)
		}
		if out = r.must(t, call, text("L1", "w1", "help")); out.Repeat == nil || out.Repeat.Message != first.Message {
			t.Errorf("the same message again is no repeat")
		}
		fence := claim(t, r, call, "alice")
		r.must(t, call, callmodel.TypingRequested{By: by("c2", "alice"), Fence: fence, On: true})
		if ev := <-obs.events; ev.Data.Kind() != callmodel.KindTypingChanged || ev.Call != call || ev.CallSeq != 0 || ev.ID == "" {
			t.Errorf("observed %s", ev.Data.Kind())
		}
		r.must(t, call, callmodel.ReplyRequested{By: by("c3", "alice"), Fence: fence, Content: callmodel.PlainText("where")})
		synctest.Wait()
		r.must(t, call, callmodel.CloseRequested{By: by("c4", "alice"), Fence: fence, Reason: "resolved"})
		synctest.Wait()

		v, ok := r.View(call)
		if !ok || v.Phase != callmodel.PhaseClosed || v.LegState != callmodel.LegStateClosed || v.MessagesIn != 1 || v.MessagesOut != 1 {
			t.Errorf("view: %v phase %s leg %s", ok, v.Phase, v.LegState)
		}
		if vs := r.Views(psapID); len(vs) != 1 || !reflect.DeepEqual(vs[0], v) || len(r.Views("other.example")) != 0 {
			t.Errorf("%d views", len(vs))
		}
		var kinds []string
		for _, ev := range log.of(t, call) {
			kinds = append(kinds, string(ev.Data.Kind()))
		}
		want := "call.offered leg.opening participant.joined call.queued call.answered leg.established message.received " +
			"call.claimed participant.joined message.queued message.receipt message.receipt message.receipt call.closed leg.closed"
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("log:\n%s\nwant\n%s", got, want)
		}
		st := r.Stats()
		if st.Effects != 4 || st.Repeats != 1 || st.Dropped != 0 || st.Events != uint64(len(kinds)) {
			t.Errorf("stats %+v", st)
		}
		time.Sleep(3 * time.Minute) // of the bubble: the grace time
		synctest.Wait()
		if r.Stats().Calls != 0 {
			t.Error("the closed call is still in memory")
		}
		if out = r.must(t, call, text("L1", "w2", "still here")); !out.Events[0].Data.(callmodel.MessageReceived).Late {
			t.Error("a message after the close is not late")
		}
		if out = r.must(t, call, text("L1", "w1", "help")); out.Repeat == nil {
			t.Error("a repeat after the close is none")
		}
	})
}

func claim(t testing.TB, r *running, call callmodel.CallID, agent string) callmodel.Fence {
	t.Helper()
	out := r.must(t, call, callmodel.ClaimRequested{By: by("claim-"+agent+string(call), agent)})
	return out.Events[0].Data.(callmodel.CallClaimed).Fence
}

func TestUnknownCall(t *testing.T) {
	r := start(t, newMemLog(), nil)
	if _, err := r.Deliver(t.Context(), "nobody", callmodel.TimePassed{}); code(err) != callmodel.CodeUnknownCall {
		t.Errorf("got %v", err)
	}
	if n := r.Stats().Calls; n != 0 {
		t.Errorf("%d calls in memory", n)
	}
	if _, ok := r.View("nobody"); ok {
		t.Error("a view of nobody")
	}
	if _, _, err := r.Open(t.Context(), "nowhere", offer("L1")); code(err) != callmodel.CodeInvalid {
		t.Errorf("unknown PSAP: %v", err)
	}
	in := offer("L1")
	in.Offer.Mode = callmodel.ThirdParty
	if _, _, err := r.Open(t.Context(), psapID, in); code(err) != callmodel.CodeInvalid {
		t.Errorf("unserved mode: %v", err)
	}
	if _, _, err := r.Open(t.Context(), psapID, callmodel.LegOffered{}); code(err) != callmodel.CodeInvalid {
		t.Errorf("offer without leg: %v", err)
	}
	if n := r.Stats().Calls; n != 0 {
		t.Errorf("%d calls in memory after refusals", n)
	}
}

// TestBeforeAndAfter: Deliver waits for Ready, and is refused when the engine has stopped.
func TestBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newEngine(newMemLog(), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := r.Open(ctx, psapID, offer("L1")); !unavailable(err) {
			t.Errorf("before Run: %v", err)
		}
		var got error
		r.DeliverAsync("C", callmodel.TimePassed{}, func(_ callmodel.Outcome, err error) { got = err })
		if !unavailable(got) {
			t.Errorf("async before Run: %v", got)
		}
		if r.Ready() {
			t.Error("ready before Run")
		}
		opened := make(chan error, 1)
		go func() {
			_, _, err := r.Open(context.Background(), psapID, offer("L1"))
			opened <- err
		}()
		synctest.Wait()
		r.run(t)
		if err := <-opened; err != nil {
			t.Errorf("waited for Run: %v", err)
		}
		if err := r.stop(); err != nil || r.Ready() {
			t.Errorf("stop: %v", err)
		}
		if _, _, err := r.Open(t.Context(), psapID, offer("L2")); !unavailable(err) {
			t.Errorf("after stop: %v", err)
		}
	})
}

// TestIdle: one clock serves the deadlines of all calls, and they take effect at their time.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, nil)
		calls := map[callmodel.CallID]time.Time{}
		for i := range 20 {
			call := r.up(t, "L1")
			claim(t, r, call, "alice")
			if i%2 == 0 {
				time.Sleep(7 * time.Second)
				r.must(t, call, text("L1", "w1", "hi"))
			}
			calls[call] = time.Now()
		}
		synctest.Wait()
		ticks := r.Stats().Ticks
		if ticks != 0 {
			t.Errorf("%d ticks before anything is due", ticks)
		}
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		for call, silent := range calls {
			for _, ev := range log.of(t, call) {
				var want time.Time
				switch ev.Data.(type) {
				case callmodel.CallIdleWarning:
					want = silent.Add(10 * time.Minute)
				case callmodel.CallClosed:
					want = silent.Add(15 * time.Minute)
				default:
					continue
				}
				if ev.Time.Before(want) || ev.Time.Sub(want) > 5*time.Millisecond {
					t.Errorf("%s at %v, want %v", ev.Data.Kind(), ev.Time, want)
				}
				delete(calls, call)
			}
		}
		if len(calls) > 0 {
			t.Errorf("%d calls were not closed", len(calls))
		}
	})
}

// TestAsyncOrder: inputs posted by one goroutine are handled in order.
func TestAsyncOrder(t *testing.T) {
	log := newMemLog()
	r := start(t, log, nil)
	call := r.up(t, "L1")
	const n = 200
	done := make(chan int, n)
	for i := range n {
		r.DeliverAsync(call, text("L1", fmt.Sprint("w", i), "x"), func(out callmodel.Outcome, err error) {
			if err != nil {
				t.Errorf("message %d: %v", i, err)
			}
			done <- i
		})
	}
	for i := range n {
		if got := <-done; got != i {
			t.Fatalf("done %d, want %d", got, i)
		}
	}
	i := 0
	for _, ev := range log.of(t, call) {
		if d, ok := ev.Data.(callmodel.MessageReceived); ok {
			if d.WireID != fmt.Sprint("w", i) {
				t.Fatalf("message %d has wire id %s", i, d.WireID)
			}
			i++
		}
	}
}

// TestMailbox: what waits for one call is bounded, and a waiting sender may give up.
func TestMailbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, func(c *engine.Config) { c.Mailbox = 3 })
		call, other := r.up(t, "L1"), r.up(t, "L1")
		hold := make(chan struct{})
		log.setHold(hold)
		results := make(chan error, 10)
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 4 { // one has the turn, three wait
			in := text("L1", fmt.Sprint("w", i), "x")
			go func() {
				c := context.Background()
				if i == 2 {
					c = ctx
				}
				_, err := r.Deliver(c, call, in)
				results <- err
			}()
			synctest.Wait()
		}
		if _, err := r.Deliver(t.Context(), call, text("L1", "w9", "x")); code(err) != callmodel.CodeTooMany {
			t.Errorf("beyond the mailbox: %v", err)
		}
		r.DeliverAsync(call, text("L1", "w9", "x"), func(_ callmodel.Outcome, err error) { results <- err })
		if err := <-results; code(err) != callmodel.CodeTooMany {
			t.Errorf("beyond the mailbox, async: %v", err)
		}
		cancel()
		if err := <-results; !unavailable(err) {
			t.Errorf("given up: %v", err)
		}
		log.setHold(nil)
		r.must(t, other, text("L1", "w1", "x")) // a call beside is not delayed
		close(hold)
		for range 3 {
			if err := <-results; err != nil {
				t.Errorf("waiting: %v", err)
			}
		}
		if got := log.arrivals(t, call); len(got) != 3 || got["w2"] != 0 {
			t.Errorf("in the log: %v", got)
		}
	})
}

// TestOutbox: a command that cannot be performed is refused before it is a fact; the end of the leg
// always has room.
func TestOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := newEngine(log, func(c *engine.Config) { c.Outbox = 4 })
		release := make(chan struct{})
		r.legs.perform = func(_ context.Context, _ callmodel.CallID, eff callmodel.Effect) {
			if _, ok := eff.(callmodel.SendMessage); ok {
				<-release
			}
		}
		r.run(t)
		call := r.up(t, "L1")
		fence := claim(t, r, call, "alice")
		sent := 0
		var err error
		for err == nil && sent < 20 {
			synctest.Wait()
			_, err = r.Deliver(t.Context(), call, callmodel.ReplyRequested{
				By: by(fmt.Sprint("c", sent), "alice"), Fence: fence, Content: callmodel.PlainText("x")})
			sent++
		}
		if code(err) != callmodel.CodeTooMany || sent != 6 { // one is being performed, four wait
			t.Errorf("refused at %d: %v", sent, err)
		}
		if v, _ := r.View(call); v.MessagesOut != 5 {
			t.Errorf("%d messages out", v.MessagesOut)
		}
		r.must(t, call, callmodel.CloseRequested{By: by("end", "alice"), Fence: fence})
		close(release)
		synctest.Wait()
		effs := r.legs.effects()
		if _, ok := effs[len(effs)-1].(callmodel.EndLeg); !ok || len(effs) != 7 {
			t.Errorf("%d effects, last %T", len(effs), effs[len(effs)-1])
		}
	})
}

// TestAdapterPanic: an adapter's fault costs one effect.
func TestAdapterPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newEngine(newMemLog(), nil)
		r.legs.perform = func(_ context.Context, _ callmodel.CallID, eff callmodel.Effect) {
			if m, ok := eff.(callmodel.SendMessage); ok && m.Content.Text == "boom" {
				panic("boom")
			}
		}
		r.run(t)
		call := r.up(t, "L1")
		fence := claim(t, r, call, "alice")
		for i, s := range []string{"boom", "fine"} {
			r.must(t, call, callmodel.ReplyRequested{By: by(fmt.Sprint("c", i), "alice"), Fence: fence, Content: callmodel.PlainText(s)})
		}
		synctest.Wait()
		if n := len(r.legs.effects()); n != 3 || r.Stats().AdapterFaults != 1 {
			t.Errorf("%d effects, %d faults", n, r.Stats().AdapterFaults)
		}
	})
}

// TestNoAdapter: an effect nobody can perform is counted, not forgotten.
func TestNoAdapter(t *testing.T) {
	r := start(t, newMemLog(), nil)
	in := offer("L1")
	in.Offer.Bearer = callmodel.BearerSMS
	if _, _, err := r.Open(t.Context(), psapID, in); err != nil {
		t.Fatal(err)
	}
	if n := r.Stats().Dropped; n != 1 {
		t.Errorf("%d dropped", n)
	}
}

// TestMaxCalls: a flood of calls is refused, those that are there live.
func TestMaxCalls(t *testing.T) {
	r := start(t, newMemLog(), func(c *engine.Config) { c.MaxCalls = 2 })
	call := r.up(t, "L1")
	r.up(t, "L1")
	if _, _, err := r.Open(t.Context(), psapID, offer("L1")); code(err) != callmodel.CodeTooMany {
		t.Errorf("third call: %v", err)
	}
	r.must(t, call, text("L1", "w1", "x"))
}

// TestNothingPrivateIsLogged drives a call, faults included, at debug level.
func TestNothingPrivateIsLogged(t *testing.T) {
	const secret, number = "my secret words", "tel:+15550123"
	var buf syncBuffer
	log := newMemLog()
	r := start(t, log, func(c *engine.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.PSAPs[0].NewMachine = poisonous
	})
	in := offer("L1")
	in.Offer.Caller.Address = number
	call, _, err := r.Open(t.Context(), psapID, in)
	if err != nil {
		t.Fatal(err)
	}
	r.must(t, call, text("L1", "w1", secret))
	for i := range 3 {
		if _, err := r.Deliver(t.Context(), call, text("L1", fmt.Sprint("p", i), poison+secret)); err == nil ||
			strings.Contains(err.Error(), secret) {
			t.Error("a fault was no error, or the error quotes the text")
		}
	}
	out := buf.String()
	if !strings.Contains(out, "machine fault") || !strings.Contains(out, "call given up") {
		t.Error("the faults were not logged")
	}
	for _, s := range []string{secret, "secret", number, "5550123"} {
		if strings.Contains(out, s) {
			t.Errorf("the log holds %d private octets", len(s))
		}
	}
}

// syncBuffer is a buffer several goroutines may write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
