package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/esrp/esrptest"
	"text911/psap/api"
)

// evidence is what everybody saw, to be held against the log.
type evidence struct {
	log      []callmodel.Event
	accounts []esrptest.Account
	takers   []*taker
	kills    []time.Time
}

// story is one call in the log.
type story struct {
	emergency callmodel.EmergencyCallID
	events    []callmodel.Event
	received  []callmodel.MessageReceived
	queued    map[callmodel.MessageID]callmodel.MessageQueued
	order     []callmodel.MessageID // of queued
	delivered map[callmodel.MessageID]bool
}

// figures are told at the end of a run.
type figures struct {
	events, calls, conversations, survivors int
	acked, replies, delivered, promises     int
	unfinished                              int
	resumes                                 int
}

func (e *evidence) verify(t *testing.T) figures {
	t.Helper()
	f := figures{events: len(e.log)}
	e.gapless(t)
	calls := e.stories(t)
	f.calls = len(calls)
	byEmergency := map[callmodel.EmergencyCallID][]*story{}
	for _, s := range calls {
		byEmergency[s.emergency] = append(byEmergency[s.emergency], s)
		s.orderly(t)
	}
	for i := range e.accounts {
		e.texter(t, &e.accounts[i], byEmergency[e.accounts[i].EmergencyCallID], &f)
	}
	for _, k := range e.takers {
		e.console(t, k, &f)
	}
	e.commands(t, &f)
	return f
}

// gapless: the log is 1, 2, 3, … and no event stands twice in it.
func (e *evidence) gapless(t *testing.T) {
	t.Helper()
	ids := map[callmodel.EventID]bool{}
	for i, ev := range e.log {
		if ev.Seq != uint64(i)+1 {
			t.Fatalf("seq %d stands at place %d of the log", ev.Seq, i+1)
		}
		if ids[ev.ID] {
			t.Errorf("event %s (%s) is in the log twice", ev.ID, ev.Data.Kind())
		}
		ids[ev.ID] = true
	}
}

func (e *evidence) stories(t *testing.T) map[callmodel.CallID]*story {
	t.Helper()
	calls := map[callmodel.CallID]*story{}
	for _, ev := range e.log {
		if ev.Call == callmodel.PSAPLevel {
			continue
		}
		s := calls[ev.Call]
		if s == nil {
			s = &story{queued: map[callmodel.MessageID]callmodel.MessageQueued{}, delivered: map[callmodel.MessageID]bool{}}
			calls[ev.Call] = s
		}
		s.take(ev)
	}
	return calls
}

func (s *story) take(ev callmodel.Event) {
	s.events = append(s.events, ev)
	switch d := ev.Data.(type) {
	case callmodel.CallOffered:
		s.emergency = d.IDs.EmergencyCall
	case callmodel.MessageReceived:
		s.received = append(s.received, d)
	case callmodel.MessageQueued:
		s.queued[d.Message] = d
		s.order = append(s.order, d.Message)
	case callmodel.MessageReceipt:
		if d.State == callmodel.Delivered {
			s.delivered[d.Message] = true
		}
	}
}

// orderly: within a call the events count 1, 2, 3, …, so do the messages of both directions, and
// no text of the texter's stands twice.
func (s *story) orderly(t *testing.T) {
	t.Helper()
	number, wires := uint64(0), map[string]bool{}
	next := func(n uint64) {
		if n != number+1 {
			t.Errorf("call %s: message %d follows message %d", s.events[0].Call, n, number)
		}
		number = n
	}
	for i, ev := range s.events {
		if ev.CallSeq != uint64(i)+1 {
			t.Errorf("call %s: call_seq %d stands at place %d", ev.Call, ev.CallSeq, i+1)
		}
		switch d := ev.Data.(type) {
		case callmodel.MessageReceived:
			next(d.Number)
			if wires[d.WireID] {
				t.Errorf("call %s: the text with wire id %s is in the log twice", ev.Call, d.WireID)
			}
			wires[d.WireID] = true
		case callmodel.MessageQueued:
			next(d.Number)
		}
	}
}

// texter: what the texter saw acknowledged is in the log once, in the texter's order; what the log
// calls delivered reached the texter once, in the log's order.
func (e *evidence) texter(t *testing.T, a *esrptest.Account, calls []*story, f *figures) {
	t.Helper()
	f.conversations++
	if a.Err != nil {
		f.unfinished++
	}
	var inLog, wires, sentBack, delivered []string
	for _, s := range calls {
		for _, m := range s.received {
			inLog, wires = append(inLog, m.Content.Text.Reveal()), append(wires, m.WireID)
		}
		for _, id := range s.order {
			sentBack = append(sentBack, s.queued[id].Content.Text.Reveal())
			if s.delivered[id] {
				delivered = append(delivered, s.queued[id].Content.Text.Reveal())
			}
		}
	}
	for _, m := range a.Sent {
		if m.Acked.IsZero() && m.Reported.IsZero() {
			continue
		}
		f.acked++
		if n := count(wires, m.MessageID); n != 1 {
			t.Errorf("texter %d: acknowledged text %s is in the log %d times", a.Number, m.MessageID, n)
		}
	}
	if d := a.Compare(inLog); d.Lost+d.Duplicated+d.Misordered > 0 {
		t.Errorf("texter %d: lost %d, duplicated %d, misordered %d", a.Number, d.Lost, d.Duplicated, d.Misordered)
	}
	if d := a.CompareReplies(delivered); d.Lost > 0 {
		t.Errorf("texter %d: %d replies that the log calls delivered never came", a.Number, d.Lost)
	}
	if d := a.CompareReplies(sentBack); d.Duplicated+d.Misordered > 0 {
		t.Errorf("texter %d: replies duplicated %d, misordered %d", a.Number, d.Duplicated, d.Misordered)
	}
	f.replies, f.delivered = f.replies+len(a.Received), f.delivered+len(delivered)
	if survived(a, e.kills) {
		f.survivors++
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// survived: the conversation went on after a kill: texts were acknowledged and replies came both
// before and after it.
func survived(a *esrptest.Account, kills []time.Time) bool {
	return slices.ContainsFunc(kills, func(k time.Time) bool {
		before, after := false, false
		for _, m := range a.Sent {
			if !m.Acked.IsZero() {
				before, after = before || m.Acked.Before(k), after || m.Acked.After(k)
			}
		}
		answered := slices.ContainsFunc(a.Received, func(r esrptest.ReceivedText) bool { return r.At.After(k) })
		return before && after && answered
	})
}

// console: over all its connections a console was shown every durable event once, in order.
func (e *evidence) console(t *testing.T, k *taker, f *figures) {
	t.Helper()
	shown, _ := k.record()
	stats := k.auto.Stats()
	f.resumes += stats.Resumes
	if stats.Gaps > 0 {
		t.Errorf("console of %s: %d gaps", k.agent, stats.Gaps)
	}
	if stats.Resumes == 0 {
		t.Errorf("console of %s never resumed over %d kills", k.agent, len(e.kills))
	}
	for i, s := range shown {
		if want := shown[0].seq + uint64(i); s.seq != want {
			t.Fatalf("console of %s: seq %d came where %d was due", k.agent, s.seq, want)
		}
		if s.seq <= uint64(len(e.log)) && e.log[s.seq-1].ID != s.id {
			t.Fatalf("console of %s: seq %d is event %s, in the log %s", k.agent, s.seq, s.id, e.log[s.seq-1].ID)
		}
	}
}

// effect is the kind of event that a command has once.
var effect = map[string]callmodel.Kind{
	api.CallClaim: callmodel.KindCallClaimed, api.MessageSend: callmodel.KindMessageQueued, api.CallClose: callmodel.KindCallClosed,
}

// commands: every command answered ok has its event once, where the answer said.
func (e *evidence) commands(t *testing.T, f *figures) {
	t.Helper()
	caused := map[callmodel.CommandID]map[callmodel.Kind]int{}
	displayed := map[string]int{}
	for _, ev := range e.log {
		if r, ok := ev.Data.(callmodel.MessageReceipt); ok && r.State == callmodel.Displayed {
			displayed[string(r.Message)]++
		}
		if ev.Command == nil {
			continue
		}
		if caused[ev.Command.ID] == nil {
			caused[ev.Command.ID] = map[callmodel.Kind]int{}
		}
		caused[ev.Command.ID][ev.Data.Kind()]++
	}
	for _, k := range e.takers {
		_, promised := k.record()
		for _, p := range promised {
			f.promises++
			n := 0
			switch kind, has := effect[p.typ]; {
			case has:
				n = caused[p.id][kind]
			case p.typ == api.MessageShown:
				n = displayed[string(p.id)[strings.LastIndexByte(string(p.id), '-')+1:]]
			default:
				continue
			}
			if n != 1 {
				t.Errorf("%s %s was answered ok and has %d events", p.typ, p.id, n)
			}
			if p.seq > uint64(len(e.log)) {
				t.Errorf("%s %s was answered with seq %d, the log ends at %d", p.typ, p.id, p.seq, len(e.log))
			}
		}
	}
}

// unfinished tells of conversations that did not come to their end, by reason and by what the log
// has of them. None of them breaks the promise: the texter gave up, or nobody had answered.
func (e *evidence) unfinished(t *testing.T) {
	t.Helper()
	calls := map[callmodel.EmergencyCallID]string{}
	for _, s := range e.stories(t) {
		calls[s.emergency] += s.outline() + "; "
	}
	ways := map[string]int{}
	for _, a := range e.accounts {
		if a.Err != nil {
			ways[fmt.Sprintf("%v; in the log: %s", a.Err, calls[a.EmergencyCallID])]++
		}
	}
	for way, n := range ways {
		t.Logf("not finished, %d×: %s", n, way)
	}
}

// outline is what happened in a call, without what was said.
func (s *story) outline() string {
	var b strings.Builder
	for i, ev := range s.events {
		if i < 8 || i >= len(s.events)-8 {
			b.WriteString(string(ev.Data.Kind()) + " ")
		} else if i == 8 {
			b.WriteString("… ")
		}
	}
	return b.String()
}
