package callmodel_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
)

// TestPrivate: no way of formatting shows the content, JSON and Reveal do.
func TestPrivate(t *testing.T) {
	const secret = "40.7128"
	p := callmodel.Private(secret)
	c := callmodel.PlainText(secret)
	loc := callmodel.Location{Shape: "point", Latitude: secret, Longitude: secret}
	ev := callmodel.Event{Data: callmodel.MessageReceived{Content: c}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		for _, x := range []any{p, &p, c, &c, loc, &loc, ev, []callmodel.Private{p}, map[string]callmodel.Private{"k": p}} {
			if s := fmt.Sprintf(verb, x); strings.Contains(s, secret) || strings.Contains(s, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T shows the content", verb, x)
			}
		}
	}
	var buf bytes.Buffer
	slog.New(slog.NewTextHandler(&buf, nil)).Info("m", "p", p, "c", c, "loc", loc)
	if strings.Contains(buf.String(), secret) {
		t.Error("slog's text shows the content")
	}
	if s := fmt.Errorf("wrapped: %w", callmodel.Refuse(callmodel.CodeInvalid, p.String())).Error(); strings.Contains(s, secret) {
		t.Error("an error shows the content")
	}
	if got := callmodel.Private("").String(); got != "[empty]" {
		t.Errorf("empty is %s", got)
	}
	j, err := json.Marshal(c)
	if err != nil || !strings.Contains(string(j), secret) || p.Reveal() != secret {
		t.Error("JSON or Reveal do not give the content")
	}
}

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// TestViewCopies: a view that was handed out stays as it was.
func TestViewCopies(t *testing.T) {
	var v callmodel.View
	seq := uint64(0)
	apply := func(d callmodel.EventData) {
		seq++
		v.Apply(callmodel.Event{Call: "C", CallSeq: seq, Seq: seq * 10, Time: t0.Add(time.Duration(seq) * time.Second), Data: d})
	}
	apply(callmodel.CallOffered{PSAP: "p", Locations: []callmodel.Location{{Shape: "first", Raw: "<raw/>"}}})
	var copies []callmodel.View
	for i := range 20 {
		copies = append(copies, v)
		apply(callmodel.LocationUpdated{Location: callmodel.Location{Shape: fmt.Sprint(i)}})
	}
	for i, c := range copies {
		if n := len(c.Locations); n != min(i+1, 8) || c.Locations[0].Shape != "first" {
			t.Fatalf("copy %d has %d locations, the first is %s", i, n, c.Locations[0].Shape)
		}
		if i > 0 && c.Locations[len(c.Locations)-1].Shape != fmt.Sprint(i-1) {
			t.Errorf("copy %d: the newest location is %s", i, c.Locations[len(c.Locations)-1].Shape)
		}
	}
	if v.Locations[0].Raw != "" {
		t.Error("the view holds the raw form")
	}
}

// TestViewFollows goes through what a view tells, step by step.
func TestViewFollows(t *testing.T) {
	var v callmodel.View
	seq := uint64(0)
	at := func() time.Time { return t0.Add(time.Duration(seq) * time.Second) }
	for _, s := range []struct {
		d    callmodel.EventData
		want func() bool
	}{
		{callmodel.CallOffered{Mode: callmodel.ThirdParty, PSAP: "p", Bearer: callmodel.BearerSMS, Test: true}, func() bool {
			return v.Phase == callmodel.PhaseQueued && v.Mode == callmodel.ThirdParty && v.Offered.Equal(at()) && v.Test
		}},
		{callmodel.LegOpeningEvent{Leg: "L", Bearer: callmodel.BearerMSRP}, func() bool {
			return v.Leg == "L" && v.LegState == callmodel.LegStateOpening && v.Bearer == callmodel.BearerMSRP
		}},
		{callmodel.CallQueued{Queue: "q"}, func() bool { return v.Queue == "q" }},
		{callmodel.CallClaimed{Agent: "a", Position: "7", Fence: 4}, func() bool {
			return v.Phase == callmodel.PhaseClaimed && v.Holder == "a" && v.Fence == 4 && v.ClaimedAt.Equal(at())
		}},
		{callmodel.CallAnswered{Leg: "L"}, func() bool { return v.Phase == callmodel.PhaseActive && v.AnsweredAt.Equal(at()) }},
		{callmodel.LegEstablishedEvent{Leg: "L", Capability: callmodel.Capability{MaxSize: 5}}, func() bool {
			return v.LegState == callmodel.LegStateEstablished && v.Capability.MaxSize == 5
		}},
		{callmodel.MessageReceived{Message: "m"}, func() bool { return v.MessagesIn == 1 && v.Unshown == 1 && v.LastIn.Equal(at()) }},
		{callmodel.MessageReceipt{Message: "m", State: callmodel.Displayed, Agent: "a"}, func() bool { return v.Unshown == 0 }},
		{callmodel.MessageReceipt{Message: "r", State: callmodel.Displayed}, func() bool { return v.Unshown == 0 }},
		{callmodel.CallIdleWarning{Deadline: t0}, func() bool { return v.IdleDeadline.Equal(t0) }},
		{callmodel.CallExtended{Agent: "a"}, func() bool { return v.IdleDeadline.IsZero() }},
		{callmodel.CallIdleWarning{Deadline: t0}, func() bool { return v.IdleDeadline.Equal(t0) }},
		{callmodel.MessageQueued{Message: "r"}, func() bool { return v.MessagesOut == 1 && v.LastOut.Equal(at()) && v.IdleDeadline.IsZero() }},
		{callmodel.CallReleased{Agent: "a", Fence: 4, Reason: "superseded"}, func() bool { return v.Phase == callmodel.PhaseActive && v.Fence == 0 }},
		{callmodel.CallClaimed{Agent: "a", Fence: 14}, func() bool { return v.Phase == callmodel.PhaseActive && !v.ClaimedAt.Equal(at()) }},
		{callmodel.CallQueued{Queue: "q2"}, func() bool {
			return v.Phase == callmodel.PhaseQueued && v.Holder == "" && v.Fence == 0 && v.Queue == "q2"
		}},
		{callmodel.LegBrokenEvent{Leg: "L"}, func() bool { return v.LegState == callmodel.LegStateBroken }},
		{callmodel.CallClosed{By: callmodel.ByNetwork, Abandoned: true}, func() bool {
			return v.Done() && v.ClosedBy == callmodel.ByNetwork && v.Cause != nil && v.Abandoned && v.ClosedAt.Equal(at())
		}},
		{callmodel.LegClosedEvent{Leg: "L"}, func() bool { return v.LegState == callmodel.LegStateClosed && v.Done() }},
		{strange{}, func() bool { return v.Done() }},
	} {
		seq++
		v.Apply(callmodel.Event{Call: "C", CallSeq: seq, Seq: seq * 2, Time: at(), Data: s.d})
		if !s.want() || v.CallSeq != seq || v.Seq != seq*2 {
			t.Errorf("after event %d, %s: phase %s, leg %s, call_seq %d", seq, s.d.Kind(), v.Phase, v.LegState, v.CallSeq)
		}
	}
	w := v
	w.Apply(callmodel.Event{CallSeq: 1, Seq: 1, Data: strange{}})
	if !reflect.DeepEqual(v, w) {
		t.Error("an old event of an unknown kind changed the view")
	}
}

type strange struct{}

func (strange) Kind() callmodel.Kind { return "strange.happened" }
