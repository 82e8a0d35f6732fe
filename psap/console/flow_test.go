package console_test

import (
	"testing"

	"text911/callmodel"
	"text911/psap/api"
)

// A whole conversation over the socket: snapshot, claim, lines both ways, receipts, close.
func TestConversation(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	w.Line(t, call, "help")
	w.Await(t, call, func(v callmodel.View) bool { return v.MessagesIn == 1 })
	c, ready := w.started(t, "ann")
	if n := len(ready.Snapshot.Calls); n != 1 || ready.Snapshot.Calls[0].Call != call || ready.Snapshot.Queue.Waiting != 1 {
		t.Fatalf("snapshot has %d calls, queue %+v", n, ready.Snapshot.Queue)
	}
	do[struct{}](t, c, api.AgentState, api.AgentStateData{State: "ready", Position: "7"})
	claim, _ := do[api.ClaimResult](t, c, api.CallClaim, api.ClaimData{Call: call})
	if claim.Fence == 0 || claim.Until.IsZero() {
		t.Fatalf("claim %+v", claim)
	}
	if ev := next(t, c, callmodel.KindCallClaimed); ev.Call != call {
		t.Errorf("claimed %s", ev.Call)
	}
	sent, r := do[api.SendResult](t, c, api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, Text: "on our way"})
	if sent.Message == "" || r.Seq == 0 {
		t.Errorf("send answers %+v, seq %d", sent, r.Seq)
	}
	queued := next(t, c, callmodel.KindMessageQueued)
	if queued.Seq != r.Seq {
		t.Errorf("the reply names seq %d, the event has %d", r.Seq, queued.Seq)
	}
	next(t, c, callmodel.KindMessageReceipt)
	w.Line(t, call, "thanks")
	var line callmodel.MessageReceived
	if err := next(t, c, callmodel.KindMessageReceived).Into(&line); err != nil {
		t.Fatal(err)
	}
	do[struct{}](t, c, api.MessageShown, api.ShownData{Call: call, Message: line.Message})
	do[struct{}](t, c, api.CallNote, api.NoteData{Call: call, Text: "second floor"})
	do[struct{}](t, c, api.CallExtend, api.FencedData{Call: call, Fence: claim.Fence})
	do[struct{}](t, c, api.CallTyping, api.TypingData{Call: call, Fence: claim.Fence, On: true})
	if ev := next(t, c, callmodel.KindTypingChanged); ev.Durable() || ev.Class != "ephemeral" {
		t.Errorf("typing has seq %d, class %q", ev.Seq, ev.Class)
	}
	view, _ := do[callmodel.View](t, c, api.CallGet, api.GetData{Call: call})
	if view.Holder != "ann" || view.Position != "7" || view.MessagesOut != 1 {
		t.Errorf("view: holder %q, position %q, %d out", view.Holder, view.Position, view.MessagesOut)
	}
	do[struct{}](t, c, api.CallClose, api.CloseData{Call: call, Fence: claim.Fence, Reason: "resolved"})
	next(t, c, callmodel.KindCallClosed)
	story, _ := do[api.TranscriptResult](t, c, api.CallTranscript, api.TranscriptData{Call: call})
	if len(story.Events) < 12 || story.More {
		t.Errorf("transcript has %d events", len(story.Events))
	}
	list, _ := do[api.ListResult](t, c, api.CallList, api.ListData{Phase: callmodel.PhaseClosed})
	if len(list.Calls) != 1 || list.Next != "" {
		t.Errorf("list has %d calls, next %q", len(list.Calls), list.Next)
	}
	read, _ := do[api.ReadResult](t, c, api.EventsRead, api.ReadData{After: 2, Limit: 3})
	if len(read.Events) != 3 || read.Last < 5 {
		t.Errorf("events.read gave %d events, last %d", len(read.Events), read.Last)
	}
	if c.Cursor.Repeated != 0 || c.Cursor.Missing != 0 {
		t.Errorf("stream: %+v", c.Cursor)
	}
}

// Two takers claim at the same moment: one has the call, the other is told so, and the fence of an
// old claim opens nothing.
func TestClaimRaceAndFence(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	ann, _ := w.started(t, "ann")
	bob, _ := w.started(t, "bob")
	idA, err := ann.Send("", api.CallClaim, api.ClaimData{Call: call})
	if err != nil {
		t.Fatal(err)
	}
	idB, err := bob.Send("", api.CallClaim, api.ClaimData{Call: call})
	if err != nil {
		t.Fatal(err)
	}
	a, b := await(t, ann, idA), await(t, bob, idB)
	if a.OK == b.OK {
		t.Fatalf("ann %v, bob %v: exactly one may have it", a.OK, b.OK)
	}
	winner, loser, lost := ann, bob, b
	if b.OK {
		winner, loser, lost = bob, ann, a
	}
	if lost.Error.Code != callmodel.CodeAlreadyTaken {
		t.Errorf("the other is told %s", lost.Error.Code)
	}
	v := w.Await(t, call, func(v callmodel.View) bool { return v.Holder != "" })
	refused(t, loser, callmodel.CodeNotYours, api.MessageSend, api.SendData{Call: call, Fence: v.Fence, Text: "x"})
	do[struct{}](t, winner, api.CallRelease, api.FencedData{Call: call, Fence: v.Fence})
	claim, _ := do[api.ClaimResult](t, loser, api.CallClaim, api.ClaimData{Call: call})
	if claim.Fence <= v.Fence {
		t.Errorf("the newer claim has fence %d, the older %d", claim.Fence, v.Fence)
	}
	refused(t, winner, callmodel.CodeStaleFence, api.MessageSend, api.SendData{Call: call, Fence: v.Fence, Text: "x"})
	refused(t, loser, callmodel.CodeStaleFence, api.MessageSend, api.SendData{Call: call, Fence: v.Fence, Text: "x"})
	do[api.SendResult](t, loser, api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, Text: "mine now"})
}

// The same id and body has no second effect; another body is refused; a restart forgets neither.
func TestRepeatedCommand(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	c, _ := w.started(t, "ann")
	claim, _ := do[api.ClaimResult](t, c, api.CallClaim, api.ClaimData{Call: call})
	ctx := within(t)
	data := api.SendData{Call: call, Fence: claim.Fence, Text: "once"}
	one, err := c.DoID(ctx, "same", api.MessageSend, data)
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.DoID(ctx, "same", api.MessageSend, data)
	if err != nil {
		t.Fatal(err)
	}
	if !one.OK || one.Seq != two.Seq || string(one.Data) != string(two.Data) {
		t.Errorf("first %+v, again %+v", one, two)
	}
	data.Text = "twice"
	other, err := c.DoID(ctx, "same", api.MessageSend, data)
	if err != nil {
		t.Fatal(err)
	}
	if other.OK || other.Error.Code != callmodel.CodeIDReused {
		t.Errorf("another body: %+v", other)
	}
	w.Restart(t)
	w.serve(t, nil)
	c, _ = w.started(t, "ann")
	data.Text = "once"
	again, err := c.DoID(ctx, "same", api.MessageSend, data)
	if err != nil {
		t.Fatal(err)
	}
	if !again.OK || string(again.Data) != string(one.Data) {
		t.Errorf("after the restart: %+v, first %+v", again, one)
	}
	if v := w.Await(t, call, func(v callmodel.View) bool { return true }); v.MessagesOut != 1 {
		t.Errorf("%d messages went out", v.MessagesOut)
	}
}
