package leg_test

import (
	"testing"

	"text911/callmodel"
	"text911/esrp/esrptest"
)

// A text in, a claim, a reply out, delivered, and the taker closes: the whole spine over sockets.
func TestConversation(t *testing.T) {
	r := newRig(t, options{})
	n := r.network(nil)
	x, call, fence := r.call(n, esrptest.Caller{Place: &esrptest.Place{Latitude: 38.9, Longitude: -77, Radius: 500}}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "smoke in the stairwell"))
	r.ok(x.Send(r.ctx(), "second floor"))
	r.ok(x.Reported(r.ctx()))
	r.wantTexts(call, "smoke in the stairwell", "second floor")

	r.reply(call, fence, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "Leave by the other stairs.")
	got, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	if got[0].Text.Reveal() != "Leave by the other stairs." || got[0].MessageID != "01ARZ3NDEKTSV4RRFFQ69G5FAV" {
		t.Error("the reply is not what was sent")
	}
	r.awaitReceipt("01ARZ3NDEKTSV4RRFFQ69G5FAV", callmodel.Delivered)

	r.deliver(call, callmodel.CloseRequested{By: command(), Fence: fence})
	r.ok(x.Over(r.ctx()))
	r.awaitKind(callmodel.KindLegClosed)
	if a := x.Account(); a.EndedBy != "engine" || a.Rang.IsZero() {
		t.Errorf("ended by %q, rang %v", a.EndedBy, !a.Rang.IsZero())
	}
}
