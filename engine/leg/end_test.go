package leg_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/callmodel/firstparty"
	"text911/engine/leg"
	"text911/engine/sipua"
	"text911/esrp"
	"text911/esrp/esrptest"
)

// The texter hangs up while the log is away: the end is told when the log is back, and nothing is
// left over.
func TestHangUpWhileTheLogIsAway(t *testing.T) {
	r := newRig(t, options{})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "bye"))
	r.log.away.Store(true)
	r.ok(x.HangUp(r.ctx()))
	r.wantStalled()
	if v, _ := r.engine.View(call); v.Done() {
		t.Error("closed without a log")
	}
	r.log.away.Store(false)
	r.wantEnd(call, callmodel.ByTexter, false)
	r.wantForgotten()
}

// A text that comes behind the BYE is still taken, and marked as late.
func TestTextBehindTheBye(t *testing.T) {
	r := newRig(t, options{change: func(c *leg.Config) { c.LateGrace = longEnough }})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Bye(r.ctx()))
	r.wantEnd(call, callmodel.ByTexter, false)
	r.ok(x.Send(r.ctx(), "one more thing"))
	m := r.awaitKind(callmodel.KindMessageReceived).Data.(callmodel.MessageReceived)
	if !m.Late {
		t.Error("not marked as late")
	}
	if s := r.gateway.Stats(); s.Late != 1 {
		t.Errorf("counters: %+v", s)
	}
}

// A call that was answered and never gets its connection counts as broken, and is mended.
func TestNeverConnected(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce, change: func(c *leg.Config) { c.BindWait = 50 * time.Millisecond }})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{Dead: true})
	r.ok(x.Invite(r.ctx()))
	b := r.awaitKind(callmodel.KindLegBroken).Data.(callmodel.LegBrokenEvent)
	if b.Cause.Reason != "msrp_not_connected" {
		t.Errorf("cause %v", b.Cause)
	}
	r.awaitKind(callmodel.KindLegEstablished) // the re-INVITE wakes the texter
	r.ok(x.Send(r.ctx(), "now I am here"))
}

// The engine gives a broken leg up after its own time: BYE, with the Reason of a lost connection
// (RSN-03, RFC 3326 §2).
func TestBrokenForTooLong(t *testing.T) {
	r := newRig(t, options{psap: firstparty.Config{MendWait: 200 * time.Millisecond},
		change: func(c *leg.Config) { c.MendPauses = []time.Duration{time.Minute} }})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Cut(r.ctx()))
	r.wantEnd(call, callmodel.ByNetwork, false)
	r.ok(x.Over(r.ctx()))
	end := x.End()
	if end.How != sipua.HowBye || len(end.Reasons) != 1 || end.Reasons[0].Protocol != "Q.850" {
		t.Errorf("ended with %v, %d reasons", end, len(end.Reasons))
	}
	r.wantForgotten()
}

// A last reply gets a moment to arrive before our BYE.
func TestLastReplyBeforeTheBye(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.awaitKind(callmodel.KindLegEstablished)
	r.reply(call, fence, "reply0001", "Help is there now. Goodbye.")
	r.deliver(call, callmodel.CloseRequested{By: command(), Fence: fence})
	r.ok(x.Over(r.ctx()))
	if got := x.Account().Received; len(got) != 1 {
		t.Errorf("%d replies arrived", len(got))
	}
}

// A text in a MESSAGE request inside the dialog is a text (NENA-STA-010.3 §3.1.11); it is answered
// 200 when it is stored and 503 when it cannot be.
func TestTextInMessage(t *testing.T) {
	r := newRig(t, options{change: func(c *leg.Config) { c.HoldVerdict = 50 * time.Millisecond }})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	code, err := x.Page(r.ctx(), "by page")
	r.ok(err)
	if code != 200 {
		t.Errorf("answered %d", code)
	}
	r.wantTexts(call, "by page")
	r.log.away.Store(true)
	if code, err = x.Page(r.ctx(), "not now"); err != nil || code != 503 {
		t.Errorf("answered %d, %v", code, err)
	}
}

// Content that cannot be read is kept aside and acknowledged; a picture is kept beside its type.
func TestContentThatIsNoText(t *testing.T) {
	r := newRig(t, options{})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	nested := "multipart/mixed;boundary=b"
	body := "--b\r\nContent-Type: text/plain\r\n\r\nbottom\r\n--b--"
	for range 12 {
		body = "--b\r\nContent-Type: " + nested + "\r\n\r\n" + strings.ReplaceAll(body, "--b", "--c") + "\r\n--b--"
	}
	if err := x.SendContent(r.ctx(), "multipart/mixed;boundary=b", []byte(body)); err != nil && !errors.Is(err, esrptest.ErrEnded) {
		t.Error(err)
	}
	r.ok(x.SendContent(r.ctx(), "multipart/mixed;boundary=z",
		[]byte("--z\r\nContent-Type: text/plain\r\n\r\nlook\r\n--z\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--z--\r\n")))
	r.ok(x.Send(r.ctx(), "and a text"))
	var last callmodel.MessageReceived
	for _, e := range r.events() {
		if m, ok := e.Data.(callmodel.MessageReceived); ok && e.Call == call && len(m.Content.Body) > 0 {
			last = m
		}
	}
	if last.Content.Text != "look" || !strings.HasPrefix(last.Content.ContentType, "multipart/mixed") {
		t.Error("the picture's text or type is missing")
	}
	texts := r.texts(call)
	if len(texts) == 0 || texts[len(texts)-1] != "and a text" {
		t.Error("the text after it is missing")
	}
}
