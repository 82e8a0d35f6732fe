package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/callmodel/firstparty"
	"text911/engine"
)

// badLog is a log of which some reading fails.
type badLog struct {
	*memLog
	replays  atomic.Int32 // of other.example, how often they fail
	readFail atomic.Bool
}

func (l *badLog) Replay(ctx context.Context, psap callmodel.PSAPID, after uint64, f func(callmodel.Logged) error) error {
	err := l.memLog.Replay(ctx, psap, after, f)
	if psap == "other.example" && l.replays.Add(-1) >= 0 {
		return errors.New("a record cannot be read")
	}
	return err
}

func (l *badLog) ReadCall(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	if l.readFail.Load() {
		return nil, errAway
	}
	return l.memLog.ReadCall(ctx, psap, call, after, limit)
}

func stale([]callmodel.Event) error { return errAway }

// TestOpenStoredBeforeTheLogWent: an offer that reached the log before the log went away was refused
// to its sender; it must not stay in the queue for ever.
func TestOpenStoredBeforeTheLogWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, nil)
		log.fail(nil, stale)
		if _, _, err := r.Open(t.Context(), psapID, offer("L1")); !unavailable(err) {
			t.Fatalf("got %v", err)
		}
		log.fail(nil, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		all, err := log.read(psapID, "", 0, 100)
		if err != nil || len(all) == 0 {
			t.Fatal(err)
		}
		var v callmodel.View
		for _, l := range all {
			v.Apply(l.Event)
		}
		if !v.Done() || v.ClosedBy != callmodel.ByEngine {
			t.Errorf("a call nobody is behind is %s", v.Phase)
		}
	})
}

// TestReplyStoredBeforeTheLogWent: a reply that is in the log is sent, also when its command is not
// repeated.
func TestReplyStoredBeforeTheLogWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, nil)
		call := r.up(t, "L1")
		fence := claim(t, r, call, "alice")
		log.fail(nil, stale)
		_, err := r.Deliver(t.Context(), call, callmodel.ReplyRequested{By: by("c1", "alice"), Fence: fence, Content: callmodel.PlainText("x")})
		if !unavailable(err) {
			t.Fatalf("got %v", err)
		}
		log.fail(nil, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		sent := 0
		for _, eff := range r.legs.effects() {
			if _, ok := eff.(callmodel.SendMessage); ok {
				sent++
			}
		}
		if sent != 1 {
			t.Errorf("sent %d times", sent)
		}
	})
}

type tooLargeErr struct{ logErr }

func (tooLargeErr) TooLarge() bool { return true }

// TestTooLargeForTheLog: what the log will never take is refused for good, not put off.
func TestTooLargeForTheLog(t *testing.T) {
	log := newMemLog()
	r := start(t, log, nil)
	call := r.up(t, "L1")
	log.fail(func([]callmodel.Event) error { return tooLargeErr{} }, nil)
	if _, err := r.Deliver(t.Context(), call, text("L1", "w1", "x")); code(err) != callmodel.CodeTooLarge {
		t.Errorf("got %v", err)
	}
	if _, _, err := r.Open(t.Context(), psapID, offer("L2")); code(err) != callmodel.CodeTooLarge {
		t.Errorf("open: %v", err)
	}
	log.fail(nil, nil)
	r.must(t, call, text("L1", "w2", "x"))
	if st := r.Stats(); st.Reread != 0 || st.Calls != 1 {
		t.Errorf("stats %+v", st)
	}
}

// TestOneLogBad: a PSAP whose log cannot be replayed takes down nobody, and comes back.
func TestOneLogBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &badLog{memLog: newMemLog()}
		one := start(t, log, nil)
		good := one.up(t, "L1")
		bad, _, err := one.Open(t.Context(), "other.example", offer("L2"))
		if err != nil {
			t.Fatal(err)
		}
		one.must(t, bad, callmodel.LegAnswered{Leg: "L2"}, callmodel.LegEstablished{Leg: "L2"})
		one.stop()

		log.replays.Store(2)
		two := start(t, log, nil)
		synctest.Wait()
		if !two.Ready() {
			t.Fatal("the bad log of one PSAP keeps the engine from serving")
		}
		two.must(t, good, text("L1", "w1", "x"))
		if _, _, err := two.Open(t.Context(), "other.example", offer("L3")); !unavailable(err) {
			t.Errorf("open at the PSAP without its log: %v", err)
		}
		two.up(t, "L4")
		if _, ok := two.View(bad); ok {
			t.Error("a call of a log that was not replayed is there in part")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if v, ok := two.View(bad); !ok || v.LegState != callmodel.LegStateBroken {
			t.Errorf("the call did not come back: %v, leg %s", ok, v.LegState)
		}
		if _, _, err := two.Open(t.Context(), "other.example", offer("L5")); err != nil {
			t.Errorf("open after the log came back: %v", err)
		}
	})
}

// TestGivenUpWhileTheLogIsAway: a call that was given up is closed in the log as soon as that can be
// written, so that it does not stand on a board for ever.
func TestGivenUpWhileTheLogIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, func(c *engine.Config) { c.PSAPs[0].NewMachine = poisonous })
		call := r.up(t, "L1")
		log.fail(func([]callmodel.Event) error { return errAway }, nil)
		for range 3 {
			_, _ = r.Deliver(t.Context(), call, text("L1", "p", poison))
		}
		time.Sleep(10 * time.Second)
		log.fail(nil, nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		evs := log.of(t, call)
		if d, ok := evs[len(evs)-1].Data.(callmodel.CallClosed); !ok || d.By != callmodel.ByEngine {
			t.Errorf("the last event is %s", evs[len(evs)-1].Data.Kind())
		}
	})
}

// TestFaultWhileTheLogCannotBeRead: a machine that died over a stored message is not used again as
// it is: what was acknowledged would be missing from it.
func TestFaultWhileTheLogCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &badLog{memLog: newMemLog()}
		var calm atomic.Bool
		r := start(t, log, func(c *engine.Config) {
			c.PSAPs[0].NewMachine = func(m callmodel.Mode) callmodel.Machine {
				if calm.Load() {
					return firstparty.New(firstparty.Config{})
				}
				return poisonous(m)
			}
		})
		call := r.up(t, "L1")
		log.readFail.Store(true)
		r.must(t, call, text("L1", "w1", "venom")) // stored, then the machine dies
		calm.Store(true)
		for range 5 { // the log cannot be read for a while: that is no fault of the call
			if _, err := r.Deliver(t.Context(), call, text("L1", "w2", "fine")); !unavailable(err) {
				t.Fatalf("got %v", err)
			}
		}
		log.readFail.Store(false)
		if out := r.must(t, call, text("L1", "w2", "fine")); out.Repeat != nil {
			t.Error("taken as a repeat")
		}
		if out := r.must(t, call, text("L1", "w1", "venom")); out.Repeat == nil {
			t.Error("an acknowledged message was forgotten")
		}
		log.of(t, call)
	})
}

// TestDonePanics: an adapter that panics over an answer harms nobody else.
func TestDonePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newMemLog(), nil)
		call := r.up(t, "L1")
		r.DeliverAsync(call, text("L1", "w1", "x"), func(callmodel.Outcome, error) { panic("adapter") })
		synctest.Wait()
		r.must(t, call, text("L1", "w2", "x"))
		if n := r.Stats().AdapterFaults; n != 1 {
			t.Errorf("%d adapter faults", n)
		}
	})
}

// TestUnreadableRecord: a record of a call that cannot be read costs what it said and nothing else;
// what follows does not take its call_seq.
func TestUnreadableRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		one := start(t, log, nil)
		call := one.up(t, "L1")
		one.must(t, call, text("L1", "w1", "x"))
		one.stop()
		n := uint64(len(log.of(t, call)))
		if _, err := log.store(psapID, call, log.newest[call], []callmodel.Event{
			{ID: "unreadable", Call: call, Time: time.Now(), Data: eventjson.Unknown{Type: "garbage", JSON: []byte("{}")}},
		}); err != nil {
			t.Fatal(err)
		}
		two := start(t, log, nil)
		synctest.Wait()
		out := two.must(t, call, text("L1", "w2", "x"))
		// One is the record's, one that of the leg broken by the restart.
		if got := out.Events[0].CallSeq; got != n+3 {
			t.Errorf("call_seq %d, want %d", got, n+3)
		}
		if fence := claim(t, two, call, "alice"); uint64(fence) != n+4 {
			t.Errorf("fence %d, want %d", fence, n+4)
		}
	})
}

// TestLogPanicsWhileNobodyWaits: a bug met on a goroutine of the engine costs the input.
func TestLogPanicsWhileNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemLog()
		r := start(t, log, nil)
		call := r.up(t, "L1")
		log.fail(func([]callmodel.Event) error { panic("log") }, nil)
		var told error
		r.DeliverAsync(call, text("L1", "w1", "x"), func(_ callmodel.Outcome, err error) { told = err })
		synctest.Wait()
		if !unavailable(told) {
			t.Errorf("told %v", told)
		}
		log.fail(nil, nil)
		r.must(t, call, text("L1", "w1", "x"))
		if log.arrivals(t, call)["w1"] != 1 {
			t.Error("the message is not in the log once")
		}
	})
}

// hungLog does not answer when a call is read.
type hungLog struct {
	*memLog
	hung atomic.Bool
}

func (l *hungLog) ReadCall(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	if l.hung.Load() {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return l.memLog.ReadCall(ctx, psap, call, after, limit)
}

// TestDoubtHoldsNobodyUp: while the log is away a call's sender is told so at once, or nearly, though
// the engine tries to find out what the log holds.
func TestDoubtHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &hungLog{memLog: newMemLog()}
		r := start(t, log, nil)
		call := r.up(t, "L1")
		log.fail(func([]callmodel.Event) error { return errAway }, nil)
		log.hung.Store(true)
		for range 60 {
			began := time.Now()
			if _, err := r.Deliver(t.Context(), call, text("L1", "w1", "x")); !unavailable(err) {
				t.Fatalf("got %v", err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Fatalf("told after %v", took)
			}
			time.Sleep(500 * time.Millisecond)
		}
		log.fail(nil, nil)
		log.hung.Store(false)
		r.must(t, call, text("L1", "w1", "x"))
	})
}
