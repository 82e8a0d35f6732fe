package firstparty_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"text911/callmodel"
	"text911/callmodel/callmodeltest"
	"text911/callmodel/firstparty"
)

// world drives a machine the way the engine does and remembers what must hold.
type world struct {
	t       *rapid.T
	cfg     firstparty.Config
	m       *firstparty.Machine
	now     time.Time
	events  []callmodel.Event
	fence   callmodel.Fence
	number  uint64
	closed  bool
	last    map[callmodel.MessageID]callmodel.DeliveryState
	command int
}

// TestAnySequence: whatever comes in whatever order, a machine that is replayed from its events is
// the same machine, and the promises of the log hold.
func TestAnySequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, now: callmodeltest.Epoch(), last: map[callmodel.MessageID]callmodel.DeliveryState{}}
		w.cfg.MaxUnsent = rapid.IntRange(1, 3).Draw(t, "unsent")
		w.m = firstparty.New(w.cfg)
		begun := []callmodel.Input{
			callmodel.LegOffered{Leg: "L1", Queue: "q", Offer: callmodel.CallOffered{PSAP: "p", Bearer: callmodel.BearerMSRP}},
			callmodel.LegAnswered{Leg: "L1"}, callmodel.LegEstablished{Leg: "L1"},
			callmodel.ClaimRequested{By: callmodel.CommandRef{ID: "first", Agent: "alice"}},
		}
		for _, in := range begun[:rapid.IntRange(0, len(begun)).Draw(t, "begun")] {
			w.step(in)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step(w.input())
		}
	})
}

func (w *world) input() callmodel.Input {
	t := w.t
	leg := rapid.SampledFrom([]callmodel.LegID{"L1", "L1", "L1", "L1", "L2"}).Draw(t, "leg")
	msg := callmodel.MessageID(rapid.SampledFrom([]string{"m1", "m2", "m3", "m4", "m5"}).Draw(t, "message"))
	text := callmodel.PlainText(rapid.SampledFrom([]string{"a", "bb", "ccc"}).Draw(t, "text"))
	wire := rapid.SampledFrom([]string{"", "w1", "w2", "w3", "w4"}).Draw(t, "wire")
	w.command++
	by := callmodel.CommandRef{
		ID:     callmodel.CommandID(fmt.Sprintf("c%d", rapid.IntRange(0, 1).Draw(t, "again")*w.command)),
		Digest: rapid.SampledFrom([]string{"d", "d", "e"}).Draw(t, "digest"),
		Agent:  rapid.SampledFrom([]callmodel.AgentID{"alice", "alice", "bob", ""}).Draw(t, "agent"),
	}
	fence := w.fence + callmodel.Fence(rapid.SampledFrom([]int{0, 0, 0, -1}).Draw(t, "fence"))
	cause := callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "test"}
	state := rapid.SampledFrom([]callmodel.DeliveryState{callmodel.Queued, callmodel.Submitted, callmodel.Accepted,
		callmodel.Delivered, callmodel.Displayed, callmodel.Failed, callmodel.Unknown, "nonsense"}).Draw(t, "state")
	return rapid.SampledFrom([]callmodel.Input{
		callmodel.LegOffered{Leg: leg, Queue: "q", Offer: callmodel.CallOffered{PSAP: "p", Bearer: callmodel.BearerMSRP, Hold: by.Digest == "e"}},
		callmodel.LegAnswered{Leg: leg, Resume: []byte(wire)},
		callmodel.LegEstablished{Leg: leg, Capability: callmodel.Capability{MaxSize: len(wire)}, Resume: []byte(wire)},
		callmodel.LegEstablished{Leg: leg},
		callmodel.LegBroken{Leg: leg, Cause: cause},
		callmodel.LegEnded{Leg: leg, By: callmodel.ByTexter, Cause: cause},
		callmodel.MessageArrived{Leg: leg, Message: msg, WireID: wire, Content: text},
		callmodel.MessageArrived{Leg: leg, Message: msg, WireID: wire, Content: text, Claimed: w.now.Add(-time.Minute)},
		callmodel.MessageBad{Leg: leg, Message: msg, WireID: wire, Cause: cause},
		callmodel.MessageProgress{Leg: leg, Message: "r" + msg, State: state},
		callmodel.TypingSeen{Leg: leg, On: true},
		callmodel.LocationFound{Location: callmodel.Location{Shape: "point"}},
		callmodel.LocationNotFound{Cause: cause},
		callmodel.ClaimRequested{By: by},
		callmodel.ReleaseRequested{By: by, Fence: fence},
		callmodel.ReleaseRequested{Fence: fence, Reason: "lease_expired"},
		callmodel.ReplyRequested{By: by, Fence: fence, Message: "r" + msg, Content: text},
		callmodel.ReplyRequested{By: by, Fence: fence, Message: callmodel.MessageID(fmt.Sprint("r", w.command)), Content: text},
		callmodel.ShownRequested{By: by, Message: msg},
		callmodel.TypingRequested{By: by, Fence: fence},
		callmodel.NoteRequested{By: by, Text: "n"},
		callmodel.ExtendRequested{By: by, Fence: fence},
		callmodel.CloseRequested{By: by, Fence: fence},
		callmodel.TimePassed{},
		callmodel.TimePassed{},
		callmodel.Restarted{},
	}).Draw(t, "input")
}

func (w *world) step(in callmodel.Input) {
	if at, ok := w.m.Deadline(); ok && rapid.Bool().Draw(w.t, "wait") && at.After(w.now) {
		w.now = at
	} else {
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 20).Draw(w.t, "seconds")) * time.Second)
	}
	twin := w.replayed()
	before := w.m.View()
	evs, effs, err := w.m.Step(w.now, in)
	evs2, effs2, err2 := twin.Step(w.now, in)
	if !reflect.DeepEqual(evs, evs2) || !reflect.DeepEqual(effs, effs2) || !reflect.DeepEqual(err, err2) {
		w.t.Fatalf("%T: the replayed machine decides otherwise: %v %v", in, err, err2)
	}
	if !reflect.DeepEqual(before, w.m.View()) {
		w.t.Fatalf("%T: Step changed the view", in)
	}
	if err != nil && (len(evs) > 0 || len(effs) > 0) {
		w.t.Fatalf("%T: refused and acted", in)
	}
	for _, eff := range effs {
		if eff.LegOf() != "L1" && w.m.View().Leg != eff.LegOf() && before.Leg != "" {
			w.t.Fatalf("%T: effect for a leg that is not the call's", in)
		}
	}
	w.store(evs)
	if w.m.View().Phase == callmodel.PhaseClosed != w.closed {
		w.t.Fatalf("%T: phase and call.closed disagree", in)
	}
}

func (w *world) store(evs []callmodel.Event) {
	seq := w.m.View().CallSeq
	for _, ev := range evs {
		if ev.Data.Kind().Ephemeral() {
			continue
		}
		seq++
		ev.ID, ev.Call, ev.CallSeq, ev.Seq, ev.Time = callmodel.EventID(fmt.Sprint(seq)), "C", seq, seq+100, w.now
		w.hold(ev)
		w.m.Apply(ev)
		w.events = append(w.events, ev)
	}
}

// hold checks the promises of the log.
func (w *world) hold(ev callmodel.Event) {
	t := w.t
	if w.closed {
		switch ev.Data.Kind() {
		case callmodel.KindMessageReceived, callmodel.KindMessageQuarantined, callmodel.KindMessageReceipt, callmodel.KindLegClosed:
		default:
			t.Fatalf("%s after call.closed", ev.Data.Kind())
		}
	}
	number := func(n uint64) {
		if n != w.number+1 {
			t.Fatalf("message number %d after %d", n, w.number)
		}
		w.number = n
	}
	switch d := ev.Data.(type) {
	case callmodel.CallClaimed:
		if d.Fence <= w.fence || uint64(d.Fence) != ev.CallSeq {
			t.Fatalf("fence %d after %d at call_seq %d", d.Fence, w.fence, ev.CallSeq)
		}
		w.fence = d.Fence
	case callmodel.MessageReceived:
		number(d.Number)
		if d.Late != (w.closed || !d.Claimed.IsZero()) {
			t.Fatalf("late is %v", d.Late)
		}
	case callmodel.MessageQueued:
		number(d.Number)
		w.last[d.Message] = callmodel.Queued
	case callmodel.MessageReceipt:
		if d.Agent != "" {
			break
		}
		switch was := w.last[d.Message]; was {
		case "", callmodel.Failed, callmodel.Displayed, d.State:
			t.Fatalf("receipt %s after %q", d.State, was)
		}
		w.last[d.Message] = d.State
	case callmodel.CallClosed:
		w.closed = true
	}
}

func (w *world) replayed() *firstparty.Machine {
	m := firstparty.New(w.cfg)
	for _, ev := range w.events {
		ev, err := recode(ev)
		if err != nil {
			w.t.Fatalf("recode: %v", err)
		}
		m.Apply(ev)
	}
	if !reflect.DeepEqual(m.View(), w.m.View()) {
		w.t.Fatalf("the replayed view differs")
	}
	if a, b := m.Resume(), w.m.Resume(); !reflect.DeepEqual(a, b) {
		w.t.Fatalf("the replayed machine owes other things: %d, not %d", len(a), len(b))
	}
	at, ok := m.Deadline()
	if want, is := w.m.Deadline(); ok != is || !at.Equal(want) {
		w.t.Fatalf("the replayed deadline differs")
	}
	return m
}
