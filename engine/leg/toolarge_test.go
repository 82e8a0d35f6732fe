package leg_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/engine/journal"
	"text911/engine/leg"
	"text911/engine/msrp"
	"text911/esrp"
	"text911/esrp/esrptest"
)

// A text that no record of the log can hold is refused with 413 (RFC 4975 §10.5), its type and size
// are kept, and the leg goes on at once: whether the leg sees it coming, or the log or the call model
// says so. Control characters take six octets each in the log.
func TestTextTooLargeForTheLog(t *testing.T) {
	const size = 200 << 10
	if leg.DefaultMaxRecord != journal.MaxRecordSize {
		t.Error("the limit is not that of the log")
	}
	for _, c := range []struct {
		name, contentType, text string
		kept                    int // octets of the text as it was read
		blind                   bool
	}{
		{"seen coming", "text/plain", strings.Repeat("\x01", size), size, false},
		{"refused by the log", "text/plain", strings.Repeat("\x01", size), size, true},
		{"refused by the call model", "text/plain;charset=iso-8859-1", strings.Repeat("\xe4", size), 2 * size, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, options{answer: esrp.AnswerAtOnce, change: func(cfg *leg.Config) {
				cfg.MaxMessage = 256 << 10
				if c.blind {
					cfg.MaxRecord = 1 << 30
				}
			}})
			x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
			r.ok(x.Invite(r.ctx()))
			r.ok(x.Send(r.ctx(), "before"))
			started := time.Now()
			for range 2 {
				err := x.SendContent(r.ctx(), c.contentType, []byte(c.text))
				var refused *msrp.Error
				if !errors.As(err, &refused) || refused.Code != 413 {
					t.Fatalf("refused with %v, want 413", err)
				}
			}
			if took := time.Since(started); took > leg.DefaultHoldVerdict/4 {
				t.Errorf("the refusals took %v", took)
			}
			r.ok(x.Send(r.ctx(), "after"))
			r.awaitCount(callmodel.KindMessageQuarantined, 2)
			for _, e := range r.events() {
				q, ok := e.Data.(callmodel.MessageQuarantined)
				if ok && (!q.Content.Placeholder || q.Content.Size != c.kept || q.Content.Text != "" || q.Content.ContentType != "text/plain") {
					t.Errorf("kept %d octets of %d", len(q.Content.Text), q.Content.Size)
				}
			}
			r.wantTexts("", "before", "after")
			if s := r.gateway.Stats(); s.Bad != 2 || s.Rejected != 2 || s.Accepted != 2 {
				t.Errorf("counters: %+v", s)
			}
		})
	}
}

// What fits is kept whole, up to the announced size.
func TestLargeTextThatFits(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce, change: func(cfg *leg.Config) { cfg.MaxMessage = 256 << 10 }})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Invite(r.ctx()))
	text := strings.Repeat("“wörds” & <more>\n", 11_000)
	r.ok(x.Send(r.ctx(), text))
	r.wantTexts("", text)
}
