package leg_test

import (
	"testing"

	"text911/callmodel"
	"text911/engine/sipua"
	"text911/esrp/esrptest"
)

// SIP and MSRP over TLS, the certificates tied to the session by fingerprints (SET-08, RFC 8122 §5).
func TestTLS(t *testing.T) {
	both := esrptest.TLS("127.0.0.1")
	for _, m := range []esrptest.Mode{{}, {Passive: true}} {
		r := newRig(t, options{sipTLS: both, msrpTLS: both, require: true})
		n := r.network(func(c *esrptest.Config) {
			c.Target = "sip:" + r.sip(sipua.TLS) + ";transport=tls"
			c.SIPTLS, c.MSRPTLS = both, both
		})
		x, call, fence := r.call(n, esrptest.Caller{}, m)
		r.ok(x.Send(r.ctx(), "for nobody else"))
		r.wantTexts(call, "for nobody else")
		r.reply(call, fence, "reply0001", "only you and me")
		_, err := x.Replies(r.ctx(), 1)
		r.ok(err)
		if m.Passive {
			continue // the connection is the engine's; the texter has none to cut
		}
		r.ok(x.Cut(r.ctx()))
		r.awaitCount(callmodel.KindLegEstablished, 2)
		r.ok(x.Send(r.ctx(), "still private"))
		r.wantTexts(call, "for nobody else", "still private")
	}
}

// A connection whose certificate is not the one the SDP named carries nothing (RFC 8122 §6.2).
func TestWrongCertificate(t *testing.T) {
	ours, theirs := esrptest.TLS("127.0.0.1"), esrptest.TLS("127.0.0.1")
	r := newRig(t, options{msrpTLS: ours, require: true})
	n := r.network(func(c *esrptest.Config) { c.MSRPTLS = ours; c.Pretend = theirs })
	x := n.Texter(esrptest.Caller{}, esrptest.Mode{})
	invited := make(chan error, 1)
	go func() { invited <- x.Invite(r.ctx()) }()
	call := r.awaitKind(callmodel.KindCallOffered).Call
	r.claim(call)
	r.awaitKind(callmodel.KindCallAnswered)
	<-invited
	if err := x.Send(r.short(), "nobody may hear this"); err == nil {
		t.Error("a text was taken from a stranger's connection")
	}
	r.wantTexts(call)
}
