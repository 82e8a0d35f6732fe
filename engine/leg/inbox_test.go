package leg

import (
	"context"
	"errors"
	"testing"
	"time"

	"text911/callmodel"
)

// fakeCalls is an engine that answers when the test says so.
type fakeCalls struct {
	heard []callmodel.Input
	done  []func(callmodel.Outcome, error)
}

func (f *fakeCalls) Open(context.Context, callmodel.PSAPID, callmodel.LegOffered) (callmodel.CallID, callmodel.Outcome, error) {
	return "", callmodel.Outcome{}, errors.New("not asked")
}

func (f *fakeCalls) DeliverAsync(_ callmodel.CallID, in callmodel.Input, done func(callmodel.Outcome, error)) {
	f.heard, f.done = append(f.heard, in), append(f.done, done)
}

// answer gives the verdict on the oldest input that has none.
func (f *fakeCalls) answer(err error) {
	done := f.done[0]
	f.done = f.done[1:]
	done(callmodel.Outcome{}, err)
}

type logAway struct{}

func (logAway) Error() string     { return "away" }
func (logAway) Unavailable() bool { return true }

func inboxLeg() (*leg, *fakeCalls, *time.Time) {
	now := time.Unix(1000, 0)
	calls := &fakeCalls{}
	g := &Gateway{cfg: Config{Calls: calls, Now: func() time.Time { return now }, HoldVerdict: time.Second},
		legs: map[callmodel.LegID]*leg{}, stalled: map[*leg]struct{}{}}
	l := g.newLeg("l1")
	l.call = "c1"
	return l, calls, &now
}

func note(n int) callmodel.Input {
	return callmodel.LegBroken{Cause: callmodel.Cause{Reason: string(rune('a' + n))}}
}

// One at a time and in order, whatever the engine's pace.
func TestInboxKeepsOrder(t *testing.T) {
	l, calls, _ := inboxLeg()
	for n := range 5 {
		l.say(note(n))
	}
	for n := range 5 {
		if len(calls.heard) != n+1 || calls.heard[n] != note(n) {
			t.Fatalf("after %d answers the engine has heard %d", n, len(calls.heard))
		}
		calls.answer(nil)
	}
	if len(l.inbox.queue) != 0 {
		t.Error("something is left")
	}
}

// While the log is away the head waits and is told again; what may not wait is given up in time.
func TestInboxWaitsForTheLog(t *testing.T) {
	l, calls, now := inboxLeg()
	l.say(note(0))
	l.sayForNow(note(1))
	l.sayTyping(true)
	l.say(note(2))
	calls.answer(logAway{})
	if !l.inbox.stalled || len(l.gw.stalled) != 1 || len(l.inbox.queue) != 3 {
		t.Fatalf("stalled %v, %d waiting", l.inbox.stalled, len(l.inbox.queue))
	}
	l.sayTyping(true)
	*now = now.Add(2 * time.Second)
	l.gw.retryStalled()
	calls.answer(nil)
	calls.answer(nil)
	want := []callmodel.Input{note(0), note(0), note(2)}
	if len(calls.heard) != len(want) {
		t.Fatalf("heard %d", len(calls.heard))
	}
	for i := range want {
		if calls.heard[i] != want[i] {
			t.Errorf("%d: %v", i, calls.heard[i])
		}
	}
}

// Nothing is told before its cork is drawn, and what comes first goes first.
func TestInboxCork(t *testing.T) {
	l, calls, _ := inboxLeg()
	l.inbox.corks = 2
	l.say(note(1))
	l.uncork()
	if len(calls.heard) != 0 {
		t.Fatal("told through a cork")
	}
	l.uncork(item{in: note(0)})
	calls.answer(nil)
	if len(calls.heard) != 2 || calls.heard[0] != note(0) || calls.heard[1] != note(1) {
		t.Error("told in another order")
	}
}

// A state that waits is replaced by a newer one of the same message; one the engine has is not.
func TestInboxReplacesOldProgress(t *testing.T) {
	l, calls, _ := inboxLeg()
	p := func(id callmodel.MessageID, s callmodel.DeliveryState) callmodel.MessageProgress {
		return callmodel.MessageProgress{Message: id, State: s}
	}
	l.sayProgress(p("m1", callmodel.Submitted))
	l.sayProgress(p("m2", callmodel.Submitted))
	l.sayProgress(p("m1", callmodel.Accepted))
	l.sayProgress(p("m2", callmodel.Accepted))
	l.sayProgress(p("m1", callmodel.Delivered))
	for range 3 {
		calls.answer(nil)
	}
	want := []callmodel.Input{p("m1", callmodel.Submitted), p("m2", callmodel.Accepted), p("m1", callmodel.Delivered)}
	for i := range want {
		if i >= len(calls.heard) || calls.heard[i] != want[i] {
			t.Fatalf("heard %v", calls.heard)
		}
	}
}

// The far side may confirm a message before the leg has said that it was submitted: that comes too
// late to replace what is known.
func TestInboxKeepsNewerProgress(t *testing.T) {
	l, calls, _ := inboxLeg()
	p := func(s callmodel.DeliveryState) callmodel.MessageProgress {
		return callmodel.MessageProgress{Message: "m1", State: s}
	}
	for _, s := range []callmodel.DeliveryState{callmodel.Accepted, callmodel.Delivered, callmodel.Submitted} {
		l.sayProgress(p(s))
	}
	calls.answer(nil)
	calls.answer(nil)
	if len(calls.heard) != 2 || calls.heard[1] != p(callmodel.Delivered) {
		t.Fatalf("heard %v", calls.heard)
	}
}

// Only a refusal of the engine is a no for good.
func TestAway(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {logAway{}, true}, {errors.New("odd"), true},
		{callmodel.Refuse(callmodel.CodeTooMany, ""), true}, {callmodel.Refuse(callmodel.CodeTooLarge, ""), false},
	} {
		if away(c.err) != c.want {
			t.Errorf("%v", c.err)
		}
	}
}

func TestDelays(t *testing.T) {
	d := delays{after: time.Second}
	ran := 0
	at := time.Unix(0, 0)
	d.add(at, func() { ran++ })
	d.add(at.Add(time.Millisecond), func() { ran += 10 })
	d.run(at.Add(999 * time.Millisecond))
	if ran != 0 {
		t.Error("too early")
	}
	d.run(at.Add(time.Second))
	if ran != 1 {
		t.Errorf("ran %d", ran)
	}
	d.run(at.Add(time.Hour))
	d.run(at.Add(time.Hour))
	if ran != 11 || d.list != nil {
		t.Errorf("ran %d", ran)
	}
}

func TestValidateReportsEveryFaultAtOnce(t *testing.T) {
	c := Config{HoldVerdict: 31 * time.Second, LateGrace: -1, MaxLegs: -1}
	err := c.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 8 {
		t.Errorf("faults: %v", err)
	}
}

// A Message-ID of ours is the engine's name when the grammar takes it, and always the same one
// (SND-03, CON-24).
func TestWireID(t *testing.T) {
	if got := wireID("01ARZ3NDEKTSV4RRFFQ69G5FAV"); got != "01ARZ3NDEKTSV4RRFFQ69G5FAV" {
		t.Errorf("%q", got)
	}
	for _, odd := range []callmodel.MessageID{"x", "with space in it", "0123456789012345678901234567890123456789"} {
		if id := wireID(odd); !id.Valid() || id != wireID(odd) {
			t.Errorf("%q gives %q", odd, id)
		}
	}
}
