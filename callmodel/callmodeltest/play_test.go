package callmodeltest

import (
	"strings"
	"testing"
	"time"

	"text911/callmodel"
)

// echo is a machine that answers a note by an event and a location by a refusal, and asks to be
// woken a minute after the last event.
type echo struct {
	view callmodel.View
	lag  time.Duration
}

func (e *echo) Step(_ time.Time, in callmodel.Input) ([]callmodel.Event, []callmodel.Effect, error) {
	switch in := in.(type) {
	case callmodel.NoteRequested:
		by := in.By
		return []callmodel.Event{{Command: &by, Data: callmodel.NoteAdded{Agent: in.By.Agent, Text: in.Text}}}, nil, nil
	case callmodel.LegOffered:
		return nil, []callmodel.Effect{callmodel.EndLeg{Leg: in.Leg, Cause: callmodel.Cause{Reason: "two words"}}}, nil
	case callmodel.MessageArrived:
		return nil, nil, &callmodel.Repeat{Message: in.Message}
	case callmodel.TypingSeen:
		return []callmodel.Event{{Data: callmodel.TypingChanged{On: in.On}}}, nil, nil
	case callmodel.TimePassed:
		return nil, nil, nil
	}
	return nil, nil, callmodel.Refuse(callmodel.CodeInvalid, "no")
}
func (e *echo) Apply(ev callmodel.Event)    { e.view.Apply(ev); e.view.LastIn = ev.Time }
func (e *echo) Resume() []callmodel.Effect  { return []callmodel.Effect{callmodel.RingLeg{Leg: "L"}} }
func (e *echo) View() callmodel.View        { return e.view }
func (e *echo) Deadline() (time.Time, bool) { return e.view.LastIn.Add(e.lag), e.view.CallSeq > 0 }

func newEcho(set func(any) error) (callmodel.Machine, error) {
	var c struct{ Lag time.Duration }
	err := set(&c)
	return &echo{lag: c.Lag}, err
}

const played = `# a comment stays
config lag=1m
at 00:01 note-requested by.id=c1 by.agent=alice text="two \"words\""
  event 1 note.added agent=alice text=<11> command=c1
  state - leg=-
  wake 01:01
at 00:02.500 location-found location.shape=point location.default
  refused invalid
at 00:03 leg-offered leg=L offer.caller.address=tel:1
  effect end-leg leg=L cause.reason="two words"
at 00:04 message-arrived message=m claimed=-01:00
  repeat message=m
at 00:05 typing-seen on
  shown typing.changed on
at deadline time-passed
  nothing
at 01:00:00 replay
  owed ring-leg leg=L
`

// TestPlay: a scenario that is right comes out as it went in, whatever its outcome lines were.
func TestPlay(t *testing.T) {
	for _, text := range []string{played, strings.ReplaceAll(played, "\n  ", "\n  wrong "), strings.Replace(played, "  nothing\n", "", 1)} {
		p, err := Play(text, newEcho)
		if err != nil {
			t.Fatal(err)
		}
		if p.Text != played {
			t.Errorf("%s", diff(played, p.Text))
		}
		if len(p.Events) != 1 || p.Machine.View().CallSeq != 1 {
			t.Errorf("%d events", len(p.Events))
		}
	}
	if d := diff(played, strings.Replace(played, "event 1", "event 2", 1)); !strings.Contains(d, "event 1") || !strings.Contains(d, "event 2") {
		t.Errorf("the difference is shown as %s", d)
	}
}

// TestPlayRefuses: a scenario that says something nobody understands is a fault, with its line.
func TestPlayRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"input":     "at 00:01 sing",
		"member":    "at 00:01 leg-offered colour=red",
		"deep":      "at 00:01 leg-offered leg.name=x",
		"no struct": "at 00:01 leg-offered offer.locations=x",
		"time":      "at soon leg-offered",
		"backwards": "at 00:05 typing-seen\nat 00:01 typing-seen",
		"deadline":  "at deadline time-passed",
		"quote":     `at 00:01 note-requested text="open`,
		"bool":      "at 00:01 typing-seen on=perhaps",
		"number":    "at 00:01 release-requested fence=x",
		"config":    "config colour=red\nat 00:01 typing-seen",
		"duration":  "at 00:01 claim-requested lease=long",
	} {
		if _, err := Play(line+"\n", newEcho); err == nil || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
