package leg_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"text911/callmodel"
	"text911/engine/leg"
	"text911/engine/sipua"
	"text911/esrp"
	"text911/esrp/esrptest"
)

func (r *rig) wantRefusal(x *esrptest.Texter, code int) {
	r.t.Helper()
	err := x.Invite(r.ctx())
	var refusal *sipua.Refusal
	if !errors.As(err, &refusal) || refusal.Code != code {
		r.t.Fatalf("refused with %v, want %d", err, code)
	}
	if code == 503 && refusal.RetryAfter == 0 {
		r.t.Error("503 without Retry-After")
	}
}

// NENA-STA-010.3 §4.2.1.3: 486 above capacity, so that the ESRP goes on with its rules.
func TestCapacity(t *testing.T) {
	r := newRig(t, options{capacity: 1, answer: esrp.AnswerAtOnce})
	n := r.network(nil)
	first := n.Texter(esrptest.Caller{}, esrptest.Mode{})
	r.ok(first.Invite(r.ctx()))
	r.wantRefusal(n.Texter(esrptest.Caller{}, esrptest.Mode{}), 486)
	r.ok(first.HangUp(r.ctx()))
	r.wantForgotten()
	r.ok(n.Texter(esrptest.Caller{}, esrptest.Mode{}).Invite(r.ctx()))
}

// A queue that is none of ours: 404.
func TestUnknownQueue(t *testing.T) {
	r := newRig(t, options{noDefault: true})
	r.wantRefusal(r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{}), 404)
	if s := r.gateway.Stats(); s.NoQueue != 1 || s.Legs != 0 {
		t.Errorf("counters: %+v", s)
	}
}

// A peer that is no trunk of ours: 403.
func TestUnknownPeer(t *testing.T) {
	r := newRig(t, options{peer: "192.0.2.1"})
	r.wantRefusal(r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{}), 403)
}

// A trunk that must use TLS gets 488 for an offer in clear, and so does an offer without a message
// line (OA-04).
func TestUnacceptableOffer(t *testing.T) {
	r := newRig(t, options{require: true, msrpTLS: esrptest.TLS("127.0.0.1")})
	r.wantRefusal(r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{}), 488)
	if s := r.gateway.Stats(); s.Refused != 1 || s.Legs != 0 {
		t.Errorf("counters: %+v", s)
	}
}

// Draining, and a log that is not healthy: 503 with Retry-After before anything is stored.
func TestAwayIsRefusedEarly(t *testing.T) {
	var sick atomic.Bool
	r := newRig(t, options{change: func(c *leg.Config) { c.Healthy = func() bool { return !sick.Load() } }})
	n := r.network(nil)
	sick.Store(true)
	r.wantRefusal(n.Texter(esrptest.Caller{}, esrptest.Mode{}), 503)
	sick.Store(false)
	x, _, _ := r.call(n, esrptest.Caller{}, esrptest.Mode{})
	r.gateway.Drain()
	r.wantRefusal(n.Texter(esrptest.Caller{}, esrptest.Mode{}), 503)
	r.ok(x.Send(r.ctx(), "calls that are there go on"))
}

// The log goes away without anybody knowing before: 503, and no call is left over.
func TestLogAwayAtTheOffer(t *testing.T) {
	r := newRig(t, options{})
	n := r.network(nil)
	r.log.away.Store(true)
	r.wantRefusal(n.Texter(esrptest.Caller{}, esrptest.Mode{}), 503)
	if s := r.gateway.Stats(); s.Away != 1 || s.Legs != 0 {
		t.Errorf("counters: %+v", s)
	}
	r.log.away.Store(false)
	x, call, _ := r.call(n, esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "second try"))
	r.wantTexts(call, "second try")
}

// The same two identifiers that came with the call are kept; a call without them gets ours
// (NENA-STA-010.3 §2.1.6, §2.1.7).
func TestIdentifiersAreMinted(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	r.ok(r.network(nil).Texter(esrptest.Caller{Bare: true}, esrptest.Mode{}).Invite(r.ctx()))
	o := r.awaitKind(callmodel.KindCallOffered).Data.(callmodel.CallOffered)
	for _, id := range []string{string(o.IDs.EmergencyCall), string(o.IDs.Incident)} {
		f := strings.Split(id, ":")
		if len(f) != 6 || len(f[4]) < 10 || len(f[4]) > 32 || f[5] != "eng1.psap.example" {
			t.Errorf("minted %q", id)
		}
	}
	if len(o.Locations) != 0 || len(o.Additional) != 0 {
		t.Error("things that nobody sent")
	}
}
