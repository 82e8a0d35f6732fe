package leg_test

import (
	"fmt"
	"testing"
	"time"

	"text911/callmodel"
	"text911/engine/leg"
	"text911/esrp"
	"text911/esrp/esrptest"
)

// CON-12, CON-06: the connection breaks under a live dialog, the texter comes back to the same
// session, and what nobody confirmed is sent again under its Message-ID (CON-24).
func TestTexterReconnects(t *testing.T) {
	r := newRig(t, options{change: func(c *leg.Config) { c.MendPauses = []time.Duration{time.Minute} }})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "before"))
	r.ok(x.Cut(r.ctx()))
	r.awaitKind(callmodel.KindLegBroken)
	r.reply(call, fence, "reply0001", "written while the connection was gone")
	r.ok(x.Reconnect(r.ctx()))
	r.awaitCount(callmodel.KindLegEstablished, 2)
	r.ok(x.Send(r.ctx(), "after"))
	got, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	if len(got) != 1 || got[0].MessageID != "reply0001" {
		t.Errorf("%d replies", len(got))
	}
	r.awaitReceipt("reply0001", callmodel.Delivered)
	r.wantTexts(call, "before", "after")
	if s := r.gateway.Stats(); s.Broken != 1 || s.Mended != 1 || s.Mends != 0 {
		t.Errorf("counters: %+v", s)
	}
}

// CON-13, CON-14: a texter that does not come back is sent a re-INVITE with a new path.
func TestEngineMends(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "before"))
	r.ok(x.Cut(r.ctx()))
	r.awaitCount(callmodel.KindLegEstablished, 2)
	r.ok(x.Send(r.ctx(), "after"))
	r.reply(call, fence, "reply0001", "still there")
	_, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	r.wantTexts(call, "before", "after")
	if s := r.gateway.Stats(); s.Mends != 1 || s.Mended != 1 {
		t.Errorf("counters: %+v", s)
	}
	r.ok(x.HangUp(r.ctx()))
	r.wantEnd(call, callmodel.ByTexter, false)
}

// SDP-21: the texter's re-INVITE moves the conversation to a new path; nothing is broken by it.
func TestTexterReinvites(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "old path"))
	r.ok(x.Reinvite(r.ctx()))
	r.ok(x.Send(r.ctx(), "new path"))
	r.reply(call, fence, "reply0001", "here too")
	_, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	r.wantTexts(call, "old path", "new path")
}

// SDP-14, SND-15: while the texter holds the stream nothing is sent to it; what it sends is taken
// (SDP-15), and what waited goes out in order afterwards.
func TestHold(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Hold(r.ctx(), true))
	r.reply(call, fence, "reply0001", "first")
	r.reply(call, fence, "reply0002", "second")
	r.ok(x.Send(r.ctx(), "on hold, but talking"))
	r.wantTexts(call, "on hold, but talking")
	if got := x.Account().Received; len(got) != 0 {
		t.Errorf("%d replies reached a texter on hold", len(got))
	}
	r.ok(x.Hold(r.ctx(), false))
	got, err := x.Replies(r.ctx(), 2)
	r.ok(err)
	if got[0].MessageID != "reply0001" || got[1].MessageID != "reply0002" {
		t.Error("replies in another order")
	}
}

// The log goes away under a conversation: the text is not acknowledged, and when the log is back it
// is stored once and acknowledged.
func TestLogAwayHoldsTheVerdict(t *testing.T) {
	r := newRig(t, options{})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "one"))
	r.log.away.Store(true)
	sent := make(chan error, 1)
	go func() { sent <- x.Send(r.ctx(), "two") }()
	r.wantStalled()
	if a := x.Account().Sent; !a[1].Acked.IsZero() {
		t.Error("acknowledged without a log")
	}
	r.log.away.Store(false)
	r.ok(<-sent)
	r.wantTexts(call, "one", "two")
	if a := x.Account().Sent; a[1].Tries != 1 {
		t.Errorf("%d tries", a[1].Tries)
	}
}

func (r *rig) wantStalled() {
	r.t.Helper()
	ctx := r.ctx()
	for r.gateway.Stats().Stalls == 0 {
		select {
		case <-ctx.Done():
			r.t.Fatal("no leg waits for the log")
		case <-time.After(time.Millisecond):
		}
	}
}

// A text that waited too long is rejected with 408, so that its sender knows in time that nobody has
// it; the repeat under the same Message-ID is stored once (COD-408, ASM-13).
func TestLogAwayTooLongIsRejected(t *testing.T) {
	r := newRig(t, options{change: func(c *leg.Config) { c.HoldVerdict = 10 * time.Millisecond }})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.log.away.Store(true)
	sent := make(chan error, 1)
	go func() { sent <- x.Send(r.ctx(), "please") }()
	ctx := r.ctx()
	for a := x.Account().Sent; len(a) == 0 || a[0].Tries < 2; a = x.Account().Sent {
		select {
		case <-ctx.Done():
			t.Fatal("never repeated")
		case <-time.After(5 * time.Millisecond):
		}
	}
	r.log.away.Store(false)
	r.ok(<-sent)
	r.wantTexts(call, "please")
	if s := r.gateway.Stats(); s.Rejected == 0 {
		t.Errorf("counters: %+v", s)
	}
}

// A restart: another process takes up the log, re-INVITEs with its own path, sends what was not
// confirmed, and the conversation goes on.
func TestRestartMends(t *testing.T) {
	r := newRig(t, options{})
	n := r.network(nil)
	x, call, fence := r.call(n, esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "before"))
	r.reply(call, fence, "reply0001", "confirmed before")
	r.awaitReceipt("reply0001", callmodel.Delivered)
	r.stop()
	r.start()
	r.awaitCount(callmodel.KindLegEstablished, 2)
	r.ok(x.Send(r.ctx(), "after"))
	v, _ := r.engine.View(call)
	r.reply(call, v.Fence, "reply0002", "and on")
	got, err := x.Replies(r.ctx(), 2)
	r.ok(err)
	if len(got) != 2 || got[1].MessageID != "reply0002" {
		t.Errorf("%d replies", len(got))
	}
	r.wantTexts(call, "before", "after")
	r.ok(x.HangUp(r.ctx()))
	r.wantEnd(call, callmodel.ByTexter, false)
	r.wantForgotten()
}

// ASM-13: a text that comes again under its Message-ID is acknowledged again and stored once, also
// when another process stored it first.
func TestRepeatedTextIsStoredOnce(t *testing.T) {
	r := newRig(t, options{})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "once"))
	r.ok(x.Reported(r.ctx()))
	r.ok(x.Repeat(r.ctx(), 0))
	r.stop()
	r.start()
	r.awaitCount(callmodel.KindLegEstablished, 2)
	r.ok(x.Reported(r.ctx()))
	r.ok(x.Repeat(r.ctx(), 0))
	r.wantTexts(call, "once")
}

// A restart under many calls: all of them are mended, and each goes on.
func TestRestartMendsMany(t *testing.T) {
	const calls = 100
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	n := r.network(nil)
	texters := make([]*esrptest.Texter, calls)
	for i := range texters {
		texters[i] = n.Texter(esrptest.Caller{}, esrptest.Mode{})
		r.ok(texters[i].Invite(r.ctx()))
		r.ok(texters[i].Send(r.ctx(), fmt.Sprintf("before %d", i)))
	}
	r.stop()
	started := time.Now()
	r.start()
	r.awaitCount(callmodel.KindLegEstablished, 2*calls)
	t.Logf("%d calls mended in %v", calls, time.Since(started))
	for i, x := range texters {
		r.ok(x.Send(r.ctx(), fmt.Sprintf("after %d", i)))
	}
	if got := len(r.texts("")); got != 2*calls {
		t.Errorf("%d texts, want %d", got, 2*calls)
	}
}

// A call that still rang when the process died is closed by the engine; its texter is not kept.
func TestRestartWhileRinging(t *testing.T) {
	r := newRig(t, options{})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
	invited := make(chan error, 1)
	go func() { invited <- x.Invite(r.ctx()) }()
	r.ok(x.Ringing(r.ctx()))
	call := r.awaitKind(callmodel.KindCallOffered).Call
	r.stop()
	r.start()
	r.wantEnd(call, callmodel.ByEngine, true)
	x.Cancel() // nobody is there to answer it; the network's end ends its wait
}

// Many at once: every text of every call is stored once and in order, replies arrive.
func TestManyTexters(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	n := r.network(nil)
	load := esrptest.Load{Calls: 50, Messages: 20, Ramp: 200 * time.Millisecond, Seed: 1}
	accounts := load.Run(r.ctx(), n)
	byCall := map[callmodel.EmergencyCallID][]string{}
	ids := map[callmodel.CallID]callmodel.EmergencyCallID{}
	for _, e := range r.events() {
		switch d := e.Data.(type) {
		case callmodel.CallOffered:
			ids[e.Call] = d.IDs.EmergencyCall
		case callmodel.MessageReceived:
			byCall[ids[e.Call]] = append(byCall[ids[e.Call]], d.Content.Text.Reveal())
		}
	}
	var sum esrptest.Difference
	for _, a := range accounts {
		if a.Err != nil {
			t.Errorf("texter %d: %v", a.Number, a.Err)
		}
		sum.Add(a.Compare(byCall[a.EmergencyCallID]))
	}
	if sum != (esrptest.Difference{}) || len(byCall) != 50 {
		t.Errorf("%d calls, %s", len(byCall), fmt.Sprintf("%+v", sum))
	}
	r.wantForgotten()
}
