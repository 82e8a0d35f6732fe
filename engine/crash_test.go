package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/callmodel/firstparty"
	"text911/engine"
)

// TestLogAway: while the log cannot store, the sender is told to try later and nothing changes.
func TestLogAway(t *testing.T) {
	log := newMemLog()
	r := start(t, log, nil)
	call := r.up(t, "L1")
	before, _ := r.View(call)
	log.fail(func([]callmodel.Event) error { return errAway }, nil)
	for range 3 {
		if _, err := r.Deliver(t.Context(), call, text("L1", "w1", "x")); !unavailable(err) {
			t.Fatalf("got %v", err)
		}
	}
	if _, _, err := r.Open(t.Context(), psapID, offer("L1")); !unavailable(err) {
		t.Errorf("open: %v", err)
	}
	if after, _ := r.View(call); after.CallSeq != before.CallSeq || after.MessagesIn != 0 {
		t.Error("the state changed")
	}
	log.fail(nil, nil)
	out := r.must(t, call, text("L1", "w1", "x"))
	if out.Repeat != nil || len(out.Events) != 1 || log.arrivals(t, call)["w1"] != 1 {
		t.Error("the message is not in the log once")
	}
	// The call that was refused stays until the log has said that it was not stored.
	if st := r.Stats(); st.Calls != 2 || st.Reread != 0 || st.Failed != 4 {
		t.Errorf("stats %+v", st)
	}
}

// TestNoReply: the log stored and could not say so. The sender repeats; the message is there once,
// and what followed from it is performed.
func TestNoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, nil)
		call := r.up(t, "L1")
		fence := claim(t, r, call, "alice")
		for _, stored := range []bool{true, false} {
			lose := func([]callmodel.Event) error { return errNoReply }
			if stored {
				log.fail(nil, lose)
			} else {
				log.fail(lose, nil)
			}
			name := fmt.Sprint("w-", stored)
			reply := callmodel.ReplyRequested{By: by(name, "alice"), Fence: fence, Content: callmodel.PlainText("x")}
			if _, err := r.Deliver(t.Context(), call, text("L1", name, "x")); !unavailable(err) {
				t.Fatalf("got %v", err)
			}
			if _, err := r.Deliver(t.Context(), call, reply); !unavailable(err) {
				t.Fatalf("got %v", err)
			}
			log.fail(nil, nil)
			if out := r.must(t, call, text("L1", name, "x")); (out.Repeat != nil) != stored {
				t.Errorf("stored %v, repeat %v", stored, out.Repeat)
			}
			if out := r.must(t, call, reply); (out.Repeat != nil) != stored {
				t.Errorf("reply: stored %v, repeat %v", stored, out.Repeat)
			}
			if log.arrivals(t, call)[name] != 1 {
				t.Error("the message is not in the log once")
			}
		}
		synctest.Wait()
		sends := map[callmodel.MessageID]int{}
		for _, eff := range r.legs.effects() {
			if s, ok := eff.(callmodel.SendMessage); ok {
				sends[s.Message]++
			}
		}
		if len(sends) != 2 {
			t.Errorf("%d messages were handed on, want 2", len(sends))
		}
	})
}

// TestOpenWithoutReply: a call that was offered in vain does not stay in the queue.
func TestOpenWithoutReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, nil)
		for _, stored := range []bool{true, false} {
			lose := func([]callmodel.Event) error { return errNoReply }
			if stored {
				log.fail(nil, lose)
			} else {
				log.fail(lose, nil)
			}
			if _, _, err := r.Open(t.Context(), psapID, offer("L1")); !unavailable(err) {
				t.Fatalf("got %v", err)
			}
			for _, v := range r.Views(psapID) {
				if !v.Done() {
					t.Error("the call is shown as open")
				}
			}
			time.Sleep(20 * time.Second) // the log is still away: it is tried again
			log.fail(nil, nil)
			time.Sleep(20 * time.Second)
			synctest.Wait()
		}
		all, err := log.read(psapID, "", 0, 100)
		if err != nil || len(all) == 0 {
			t.Fatal(err)
		}
		last := all[len(all)-1].Event
		if d, ok := last.Data.(callmodel.CallClosed); !ok || !d.Abandoned || d.By != callmodel.ByEngine {
			t.Errorf("last event %s", last.Data.Kind())
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n := r.Stats().Calls; n != 0 {
			t.Errorf("%d calls in memory", n)
		}
	})
}

// TestFenced: somebody else wrote to the call. It is read again and the input decided anew.
func TestFenced(t *testing.T) {
	log := newMemLog()
	one, two := start(t, log, nil), newEngine(log, nil)
	call := one.up(t, "L1")
	two.run(t) // takes the call over: its leg is broken now
	for !two.Ready() {
		runtime.Gosched()
	}
	out := one.must(t, call, text("L1", "w1", "x"))
	if len(out.Events) != 1 || one.Stats().Fenced != 1 {
		t.Errorf("%d events, fenced %d times", len(out.Events), one.Stats().Fenced)
	}
	if out = two.must(t, call, text("L1", "w1", "x")); out.Repeat == nil {
		t.Error("the second engine did not see what the first wrote")
	}
	if v, _ := one.View(call); v.LegState != callmodel.LegStateBroken {
		t.Errorf("leg %s", v.LegState)
	}
	log.of(t, call)
	log.fail(func([]callmodel.Event) error { return errFenced }, nil)
	if _, err := one.Deliver(t.Context(), call, text("L1", "w2", "x")); !unavailable(err) {
		t.Errorf("a call that keeps moving: %v", err)
	}
}

// TestRestart: open calls come back with their state, broken until mended; closed ones do not.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		one := start(t, log, nil)
		call, closed := one.up(t, "L1"), one.up(t, "L2")
		fence := claim(t, one, call, "alice")
		one.must(t, call, text("L1", "w1", "x"))
		one.must(t, closed, callmodel.LegEnded{Leg: "L2", By: callmodel.ByTexter})
		held := offer("L3")
		held.Offer.Hold = true
		ringing, _, err := one.Open(t.Context(), psapID, held)
		if err != nil {
			t.Fatal(err)
		}
		one.stop()

		two := newEngine(log, nil)
		log.fail(func([]callmodel.Event) error { return errAway }, nil) // the log is slow to come back
		two.run(t)
		time.Sleep(3 * time.Second)
		if two.Ready() || len(two.legs.effects()) > 0 {
			t.Error("ready, or acting, before the calls know of the restart")
		}
		log.fail(nil, nil)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if !two.Ready() || two.Stats().Calls != 2 {
			t.Fatalf("ready %v, %d calls", two.Ready(), two.Stats().Calls)
		}
		v, _ := two.View(call)
		if v.LegState != callmodel.LegStateBroken || v.Holder != "alice" || v.Fence != fence || v.MessagesIn != 1 {
			t.Errorf("leg %s, holder %s, fence %d", v.LegState, v.Holder, v.Fence)
		}
		if effs := two.legs.effects(); len(effs) != 1 {
			t.Errorf("effects %T", effs)
		} else if m, ok := effs[0].(callmodel.MendLeg); !ok || m.Leg != "L1" {
			t.Errorf("effect %T", effs[0])
		}
		if v, _ := two.View(ringing); v.Phase != callmodel.PhaseClosed || !v.Abandoned {
			t.Errorf("a call that rang is %s", v.Phase)
		}
		if out := two.must(t, call, text("L1", "w1", "x")); out.Repeat == nil {
			t.Error("the restart forgot a wire id")
		}
		two.must(t, call, callmodel.LegEstablished{Leg: "L1"})
		two.must(t, call, callmodel.ReplyRequested{By: by("c9", "alice"), Fence: fence, Content: callmodel.PlainText("x")})
		if out := two.must(t, closed, text("L2", "w1", "x")); len(out.Events) != 1 {
			t.Error("a late message of a call closed before the restart was not taken")
		}
	})
}

// TestCrashAtEachArrow cuts the engine off at a random place again and again: whoever was told yes
// finds the message in the log once, in order; whoever was told no may repeat.
func TestCrashAtEachArrow(t *testing.T) {
	log := newMemLog()
	next, call := 0, callmodel.CallID("")
	for round := range 24 {
		r := start(t, log, nil)
		if call == "" {
			call = r.up(t, "L1")
		}
		cut := round % 3
		for i := range 5 {
			wire := fmt.Sprint("w", next)
			if i == 4 {
				switch cut {
				case 0: // died before storing
					log.fail(func([]callmodel.Event) error { return errNoReply }, nil)
				case 1: // died after storing, before anybody heard
					log.fail(nil, func([]callmodel.Event) error { return errNoReply })
				case 2: // the log panics
					log.fail(func([]callmodel.Event) error { panic("log") }, nil)
				}
			}
			_, err := deliverSafely(t.Context(), r, call, text("L1", wire, "x"))
			if (err != nil) != (i == 4) {
				t.Fatalf("round %d, message %d: %v", round, i, err)
			}
			if err == nil {
				next++
			}
		}
		log.fail(nil, nil)
		r.stop()
	}
	got := log.arrivals(t, call)
	var last uint64
	n := 0
	for _, ev := range log.of(t, call) {
		if d, ok := ev.Data.(callmodel.MessageReceived); ok {
			if d.Number != last+1 || d.WireID != fmt.Sprint("w", n) {
				t.Fatalf("message %d: number %d after %d, wire id %s", n, d.Number, last, d.WireID)
			}
			last, n = d.Number, n+1
		}
	}
	for i := range next {
		if got[fmt.Sprint("w", i)] != 1 {
			t.Errorf("message %d is in the log %d times", i, got[fmt.Sprint("w", i)])
		}
	}
}

func deliverSafely(ctx context.Context, r *running, call callmodel.CallID, in callmodel.Input) (out callmodel.Outcome, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("died")
		}
	}()
	return r.Deliver(ctx, call, in)
}

const poison = "poison "

// poisonMachine is a first-party machine that dies of a text, of applying another, or of both.
type poisonMachine struct{ *firstparty.Machine }

func poisonous(callmodel.Mode) callmodel.Machine {
	return poisonMachine{firstparty.New(firstparty.Config{})}
}

func (p poisonMachine) Step(now time.Time, in callmodel.Input) ([]callmodel.Event, []callmodel.Effect, error) {
	if m, ok := in.(callmodel.MessageArrived); ok && strings.HasPrefix(m.Content.Text.Reveal(), poison) {
		panic(m.Content.Text.Reveal())
	}
	return p.Machine.Step(now, in)
}

func (p poisonMachine) Apply(ev callmodel.Event) {
	if m, ok := ev.Data.(callmodel.MessageReceived); ok && m.Content.Text == "venom" {
		var none []int
		_ = none[len(m.WireID)]
	}
	p.Machine.Apply(ev)
}

// TestPoison: a machine that panics costs the input, then its call, never another call.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		edit := func(c *engine.Config) { c.PSAPs[0].NewMachine = poisonous }
		r := start(t, log, edit)
		sick, well := r.up(t, "L1"), r.up(t, "L2")
		for i := range 10 { // now and then: the conversation goes on
			if _, err := r.Deliver(t.Context(), sick, text("L1", "p", poison)); code(err) != callmodel.CodeUnexpected {
				t.Fatalf("poison: %v", err)
			}
			r.must(t, sick, text("L1", fmt.Sprint("w", i), "fine"))
		}
		for range 3 { // again and again: the call is given up
			if _, err := r.Deliver(t.Context(), sick, text("L1", "p", poison)); code(err) != callmodel.CodeUnexpected {
				t.Fatalf("poison: %v", err)
			}
		}
		if _, err := r.Deliver(t.Context(), sick, text("L1", "w99", "fine")); code(err) != callmodel.CodeCallClosed {
			t.Errorf("after giving up: %v", err)
		}
		synctest.Wait()
		effs := r.legs.effects()
		effs = slices.DeleteFunc(effs, func(e callmodel.Effect) bool { return e.LegOf() != "L1" })
		if _, ok := effs[len(effs)-1].(callmodel.EndLeg); !ok {
			t.Errorf("last effect of the leg: %T", effs[len(effs)-1])
		}
		r.must(t, sick, callmodel.LegEnded{Leg: "L1", By: callmodel.ByEngine})
		v, _ := r.View(sick)
		if v.ClosedBy != callmodel.ByEngine || v.LegState != callmodel.LegStateClosed || v.MessagesIn != 10 {
			t.Errorf("closed by %q, leg %s, %d messages", v.ClosedBy, v.LegState, v.MessagesIn)
		}
		r.must(t, well, text("L2", "w1", "fine"))
		if st := r.Stats(); st.Faults != 13 || st.GivenUp != 1 {
			t.Errorf("%d faults, %d given up", st.Faults, st.GivenUp)
		}
		log.of(t, sick)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n := r.Stats().Calls; n != 1 {
			t.Errorf("%d calls in memory", n)
		}
	})
}

// TestVenom: a machine that cannot bear its own history. What was stored was said to be stored.
func TestVenom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		edit := func(c *engine.Config) { c.PSAPs[0].NewMachine = poisonous }
		r := start(t, log, nil)
		dead, well := r.up(t, "L1"), r.up(t, "L2")
		r.must(t, dead, text("L1", "w1", "venom"))
		r.stop()

		two := start(t, log, edit)
		synctest.Wait()
		if !two.Ready() {
			t.Fatal("one call's history keeps the engine from starting")
		}
		if v, ok := two.View(dead); !ok || v.ClosedBy != callmodel.ByEngine || v.MessagesIn != 1 {
			t.Errorf("closed by %q", v.ClosedBy)
		}
		out := two.must(t, well, text("L2", "w1", "venom")) // now live
		if len(out.Events) != 1 || log.arrivals(t, well)["w1"] != 1 {
			t.Error("a stored message was not acknowledged")
		}
		if v, ok := two.View(well); !ok || v.ClosedBy != callmodel.ByEngine {
			t.Errorf("closed by %q", v.ClosedBy)
		}
		third := two.up(t, "L3")
		two.must(t, third, text("L3", "w1", "fine"))
		log.of(t, dead)
		log.of(t, well)
	})
}
