package sipua

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
)

// SIP-01: the ACK carries the CSeq number of its INVITE although a PRACK raised our counter.
// PRK-03: RAck names RSeq, CSeq number and method. PRK-01: INVITE lists 100rel.
func TestAckNumberAfterPrack(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		got := p.place(context.Background(), a, offerSDP)
		inv := p.want("INVITE")
		if !inv.tagged("100rel") || !inv.tagged("timer") || inv.seq != 1 {
			t.Errorf("INVITE %d supports %v", inv.seq, inv.tokens("supported"))
		}
		p.reply(inv, 183, "", "Require: 100rel", "RSeq: 4711")
		prack := p.want("PRACK")
		if prack.get("rack") != "4711 1 INVITE" || prack.seq != 2 || prack.toTag != p.tag {
			t.Errorf("RAck %q, CSeq %d", prack.get("rack"), prack.seq)
		}
		p.reply(prack, 200, "")
		p.reply(inv, 200, answerSDP)
		if ack := p.want("ACK"); ack.seq != 1 || ack.uri != "sip:taker@192.0.2.60:5060" || ack.via.branch == inv.via.branch {
			t.Errorf("ACK %d", ack.seq)
		}
		if r := <-got; r.err != nil || string(r.answer) != answerSDP {
			t.Errorf("invite: %v", r.err)
		}
	})
}

// PRK-04: a repeated reliable response and one ahead of its turn are ignored.
func TestReliableResponsesInOrder(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.place(context.Background(), a, offerSDP)
		inv := p.want("INVITE")
		p.reply(inv, 180, "", "Require: 100rel", "RSeq: 10")
		p.reply(p.want("PRACK"), 200, "")
		p.reply(inv, 180, "", "Require: 100rel", "RSeq: 10")
		p.reply(inv, 180, "", "Require: 100rel", "RSeq: 12")
		p.quiet(time.Second)
		p.reply(inv, 180, "", "Require: 100rel", "RSeq: 11")
		if m := p.want("PRACK"); m.get("rack") != "11 1 INVITE" {
			t.Errorf("RAck %q", m.get("rack"))
		}
		p.reply(inv, 486, "")
		p.want("ACK")
	})
}

// OA-01: a plain 183 carries only a copy; the answer of a reliable one counts, whatever a later 2xx
// carries.
func TestWhichResponseCarriesTheAnswer(t *testing.T) {
	for _, reliable := range []bool{false, true} {
		a := newApp()
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			got := p.place(context.Background(), a, offerSDP)
			inv := p.want("INVITE")
			if reliable {
				p.reply(inv, 183, answerSDP, "Require: 100rel", "RSeq: 1")
				p.reply(p.want("PRACK"), 200, "")
			} else {
				p.reply(inv, 183, answerSDP)
			}
			if e := next[Progress](t, a); string(e.SDP) != answerSDP || e.Reliable != reliable {
				t.Errorf("progress reliable=%v", e.Reliable)
			}
			p.reply(inv, 200, answerSDP+"a=other\r\n")
			p.want("ACK")
			want := answerSDP
			if !reliable {
				want += "a=other\r\n"
			}
			if r := <-got; r.err != nil || string(r.answer) != want {
				t.Errorf("reliable=%v: wrong answer taken, %v", reliable, r.err)
			}
		})
	}
}

// SIP-04: every copy of a 2xx is acknowledged, after the call was made and after it was given up.
func TestEveryCopyOf2xxIsAcknowledged(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		got := p.place(context.Background(), a, offerSDP)
		inv := p.want("INVITE")
		p.reply(inv, 200, answerSDP)
		first := p.want("ACK")
		for range 3 {
			p.reply(inv, 200, answerSDP)
			if again := p.want("ACK"); again.via.branch != first.via.branch || again.seq != 1 {
				t.Error("the repeated ACK differs")
			}
		}
		<-got
	})
}

// SIP-05: a 2xx by a second branch is acknowledged and ended; the first call goes on.
func TestForked2xx(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		got := p.place(context.Background(), a, offerSDP)
		inv := p.want("INVITE")
		p.replyAs(inv, 200, inv.get("to")+";tag=one", answerSDP)
		if m := p.want("ACK"); m.toTag != "one" {
			t.Errorf("ACK to %s", m.toTag)
		}
		r := <-got
		if r.err != nil {
			t.Fatal(r.err)
		}
		p.replyAs(inv, 200, inv.get("to")+";tag=two", answerSDP)
		if m := p.want("ACK"); m.toTag != "two" {
			t.Errorf("ACK to %s", m.toTag)
		}
		bye := p.want("BYE")
		if bye.toTag != "two" || bye.get("reason") != `SIP;cause=200;text="Call completed elsewhere"` {
			t.Errorf("BYE to %s, reason %q", bye.toTag, bye.get("reason"))
		}
		p.reply(bye, 200, "")
		p.replyAs(inv, 200, inv.get("to")+";tag=one", answerSDP)
		if m := p.want("ACK"); m.toTag != "one" {
			t.Errorf("ACK to %s", m.toTag)
		}
		if s := r.d.State(); s.RemoteTag != "one" {
			t.Errorf("call is with %s", s.RemoteTag)
		}
		if len(a.events) != 0 {
			t.Error("the fork was reported as an event of the call")
		}
	})
}

// SIP-06: CANCEL waits for a provisional response; 487 ends the call.
func TestCancelOnlyAfterProvisional(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		ctx, cancel := context.WithCancel(context.Background())
		got := p.place(ctx, a, offerSDP)
		inv := p.want("INVITE")
		cancel()
		p.quiet(400 * time.Millisecond)
		p.reply(inv, 100, "")
		c := p.want("CANCEL")
		if c.via.branch != inv.via.branch || c.seq != inv.seq || c.uri != inv.uri || c.toTag != "" {
			t.Error("CANCEL does not match its INVITE")
		}
		p.reply(c, 200, "")
		p.reply(inv, 487, "")
		if m := p.want("ACK"); m.via.branch != inv.via.branch || m.toTag != p.tag {
			t.Error("ACK does not match its INVITE")
		}
		r := <-got
		var ended *EndError
		if !errors.As(r.err, &ended) || ended.End.By != PartyLocal || ended.End.How != HowCancel || ended.End.Code != 487 {
			t.Errorf("invite: %v", r.err)
		}
		next[Ended](t, a)
		p.quiet(5 * time.Second)
	})
}

// SIP-06, SIP-04, script B14: a 200 that crosses our CANCEL is acknowledged and ended.
func TestCancelCrosses200(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		ctx, cancel := context.WithCancel(context.Background())
		got := p.place(ctx, a, offerSDP)
		inv := p.want("INVITE")
		p.reply(inv, 180, "")
		next[Progress](t, a)
		cancel()
		c := p.want("CANCEL")
		p.reply(inv, 200, answerSDP)
		p.reply(c, 200, "")
		p.want("ACK")
		bye := p.want("BYE")
		p.reply(inv, 200, answerSDP)
		p.want("ACK")
		p.reply(bye, 200, "")
		if r := <-got; r.err == nil {
			t.Error("a cancelled call was reported as made")
		}
		next[Ended](t, a)
		p.quiet(time.Minute)
		if s := p.ua.Stats(); s.Calls != 0 || s.Dialogs != 0 {
			t.Errorf("%d calls, %d dialogs left", s.Calls, s.Dialogs)
		}
	})
}

// No response at all: the INVITE is repeated from T1 doubling, given up after InviteTimeout
// (RFC 3261 §17.1.1.2), and a far end that rings on after CANCEL is given up after 64*T1.
func TestInviteTimeouts(t *testing.T) {
	a := newApp()
	bubble(t, Config{InviteTimeout: 4 * time.Second}, a, func(t *testing.T, p *far) {
		start := time.Now()
		got := p.place(context.Background(), a, offerSDP)
		for _, at := range []time.Duration{0, 500, 1500, 3500} {
			p.want("INVITE")
			if time.Since(start) != at*time.Millisecond {
				t.Errorf("INVITE after %v", time.Since(start))
			}
		}
		var ended *EndError
		if r := <-got; !errors.As(r.err, &ended) || ended.End.How != HowTimeout || ended.End.Code != 408 {
			t.Errorf("invite: %v", r.err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		got = p.place(ctx, a, offerSDP)
		p.reply(p.want("INVITE"), 180, "")
		for len(a.events) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		p.reply(p.want("CANCEL"), 200, "")
		if r := <-got; r.err == nil {
			t.Error("invite succeeded")
		}
	})
}

// A refusal is a value with its code.
func TestRefusalOfInvite(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		got := p.place(context.Background(), a, offerSDP)
		p.reply(p.want("INVITE"), 503, "", "Retry-After: 7 (soon)", `Reason: X-Odd;text="why"`)
		p.want("ACK")
		var r *Refusal
		if out := <-got; !errors.As(out.err, &r) || r.Code != 503 || r.RetryAfter != 7*time.Second || r.Reasons[0].Protocol != "X-Odd" {
			t.Errorf("invite: %v", out.err)
		}
		if e := next[Ended](t, a); e.End.By != PartyPeer || e.End.How != HowRefused || e.End.Code != 503 {
			t.Errorf("ended %v", e.End)
		}
	})
}

// SIP-09: 481 and 408 to a request inside the dialog end it, with a BYE for whoever listens.
func TestUnknownDialogEndsIt(t *testing.T) {
	for _, code := range []int{481, 408} {
		a := newApp()
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			d := p.called(a)
			go func() { _, _ = d.Reinvite(context.Background(), []byte(offerSDP)) }()
			p.reply(p.want("INVITE"), code, "")
			p.want("ACK")
			p.reply(p.want("BYE"), 481, "")
			if e := next[Ended](t, a); e.End.By != PartyNetwork || e.End.How != HowGone || e.End.Code != code {
				t.Errorf("ended %v", e.End)
			}
		})
	}
}

// SIP-10, UPD-03: a refused re-INVITE or UPDATE leaves the session as it was.
func TestRefusedChangeLeavesSession(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		d := p.called(a)
		before := d.State()
		for _, method := range []string{"INVITE", "UPDATE"} {
			got := make(chan error, 1)
			go func() {
				f := d.Reinvite
				if method == "UPDATE" {
					f = d.Update
				}
				_, err := f(context.Background(), []byte(offerSDP+"a=new\r\n"))
				got <- err
			}()
			p.reply(p.want(method), 488, "", "Contact: <sip:elsewhere@192.0.2.61>")
			if method == "INVITE" {
				p.want("ACK")
			}
			var r *Refusal
			if err := <-got; !errors.As(err, &r) || r.Code != 488 {
				t.Errorf("%s: %v", method, err)
			}
		}
		after := d.State()
		if string(after.SDP) != string(before.SDP) || after.Target != before.Target || after.RemoteTag != before.RemoteTag {
			t.Error("the session changed")
		}
		go func() { _, _ = d.Send(context.Background(), Message{Method: "INFO"}) }()
		p.reply(p.want("INFO"), 200, "")
		if len(a.events) != 0 {
			t.Error("a refusal was reported as an event")
		}
	})
}

// SIP-12, script B15: after 491 the owner of the Call-ID waits 2.1 to 4 s, the other side 0 to 2 s,
// in steps of 10 ms.
func TestGlareWaits(t *testing.T) {
	for _, owner := range []bool{true, false} {
		a := newApp()
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			var d *Dialog
			if owner {
				d = p.called(a)
			} else {
				d = p.establish(a).Dialog
			}
			low, high := time.Duration(0), 2*time.Second
			if owner {
				low, high = 2100*time.Millisecond, 4*time.Second
			}
			go func() { _, _ = d.Reinvite(context.Background(), []byte(offerSDP+"a=n\r\n")) }()
			m := p.want("INVITE")
			for range 6 {
				p.reply(m, 491, "")
				p.want("ACK")
				start := time.Now()
				m = p.want("INVITE")
				if w := time.Since(start); w < low || w > high || w%(10*time.Millisecond) != 0 {
					t.Errorf("owner=%v waited %v", owner, w)
				}
			}
			p.reply(m, 200, answerSDP)
			p.want("ACK")
		})
	}
}

// OA-02: no offer is made while one is open, in either direction.
func TestNoSecondOffer(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		d := p.called(a)
		go func() { _, _ = d.Reinvite(context.Background(), []byte(offerSDP+"a=n\r\n")) }()
		m := p.want("INVITE")
		if _, err := d.Update(context.Background(), []byte(offerSDP)); !errors.Is(err, ErrPending) {
			t.Errorf("update while INVITE is open: %v", err)
		}
		seq := 10
		p.dialogTo(d)
		p.send("UPDATE", seq, offerSDP)
		p.want("491")
		p.reply(m, 200, answerSDP)
		p.want("ACK")
	})
}

// OA-03, OA-04: offerless INVITE: the offer of the 2xx is answered in the ACK; one that cannot be
// accepted is answered and the call ended.
func TestOfferlessInvite(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		a := newApp()
		a.onOffer = func(o Offer) ([]byte, error) {
			if o.Method != "2xx" {
				return nil, errors.New("unexpected carrier")
			}
			if refuse {
				return []byte(answerSDP), errors.New("not this")
			}
			return []byte(answerSDP), nil
		}
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			got := p.place(context.Background(), a, "")
			inv := p.want("INVITE")
			if len(inv.body) != 0 {
				t.Error("INVITE has a body")
			}
			p.reply(inv, 200, offerSDP)
			if ack := p.want("ACK"); string(ack.body) != answerSDP {
				t.Error("ACK does not carry the answer")
			}
			if refuse {
				p.reply(p.want("BYE"), 200, "")
				if r := <-got; r.err == nil {
					t.Error("call was reported as made")
				}
				next[Ended](t, a)
				return
			}
			if r := <-got; r.err != nil {
				t.Error(r.err)
			}
		})
	}
}

// OA-03: an offerless INVITE of the far end gets our offer; the ACK brings the answer, and one
// without it ends the call.
func TestOfferlessInviteIn(t *testing.T) {
	for _, answer := range []string{answerSDP, ""} {
		a := newApp()
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			p.send("INVITE", 1, "")
			p.want("100")
			in := a.invite(t)
			if in.Offer != nil {
				t.Error("an offer from nowhere")
			}
			if err := in.Answer(context.Background(), []byte(offerSDP)); err != nil {
				t.Fatal(err)
			}
			m := p.want("200")
			p.ours = m.toTag
			if string(m.body) != offerSDP {
				t.Error("200 does not carry the offer")
			}
			p.send("ACK", 1, answer)
			if answer == "" {
				p.reply(p.want("BYE"), 200, "")
				if e := next[Ended](t, a); e.End.How != HowProtocol {
					t.Errorf("ended %v", e.End)
				}
				return
			}
			if c := next[Confirmed](t, a); string(c.Answer) != answerSDP {
				t.Error("answer was not reported")
			}
		})
	}
}

// OA-04: an offer that cannot be accepted gets 488 with the reason as Warning, and the dialog goes
// on. An offerless re-INVITE asks the application for an offer and reports the answer.
func TestReinviteIn(t *testing.T) {
	a := newApp()
	a.onOffer = func(o Offer) ([]byte, error) {
		if o.SDP == nil {
			return []byte(answerSDP + "a=full\r\n"), nil
		}
		return nil, &Refusal{Code: 488, Warning: `304 engine.example "no common type"`}
	}
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.establish(a)
		p.send("INVITE", 2, offerSDP+"a=x\r\n")
		p.want("100")
		if m := p.want("488"); !strings.HasPrefix(m.get("warning"), "304 ") {
			t.Errorf("Warning %q", m.get("warning"))
		}
		p.send("ACK", 2, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE2")
		p.send("INVITE", 3, "")
		p.want("100")
		if m := p.want("200"); string(m.body) != answerSDP+"a=full\r\n" {
			t.Error("200 to an offerless re-INVITE has no offer")
		}
		p.send("ACK", 3, offerSDP)
		if c := next[Confirmed](t, a); string(c.Answer) != offerSDP {
			t.Error("answer in ACK was not reported")
		}
	})
}

// RFC 3261 §18.1.1: a large INVITE goes over TCP where the URI leaves the choice, and over UDP when
// nobody listens there.
func TestLargeInvitePrefersTCP(t *testing.T) {
	callee := newApp()
	callee.onInvite = func(in *Invitation) { _ = in.Answer(context.Background(), []byte(answerSDP)) }
	udp := startUA(t, Config{Listeners: []Listener{{Transport: UDP, Address: "127.0.0.1:0"}}}, callee)
	packet, stream := samePort(t)
	startUA(t, Config{Listeners: []Listener{{Transport: UDP, Packet: packet}}}, callee)
	tcp := startUA(t, Config{Listeners: []Listener{{Transport: TCP, Stream: stream}}}, callee)
	caller := startUA(t, Config{}, newApp())
	big := []Part{{ContentType: "text/plain", Body: callmodel.Private(strings.Repeat("x", 2000))}}
	for u, want := range map[*UA]Transport{udp: UDP, tcp: TCP} {
		d, _, err := caller.Invite(within(t), Outgoing{Target: "sip:" + u.Bound()[0].Addr.String(), Offer: []byte(offerSDP), Parts: big}, newApp())
		if err != nil {
			t.Fatal(err)
		}
		if got := d.State().Transport; got != want {
			t.Errorf("went over %s, want %s", got, want)
		}
		if in := callee.invite(t); len(in.Parts) != 2 {
			t.Errorf("%d parts", len(in.Parts))
		}
	}
}

// samePort binds UDP and TCP to one port of loopback; other processes take ports meanwhile.
func samePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 50 {
		stream, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		packet, err := net.ListenPacket("udp", stream.Addr().String())
		if err == nil {
			return packet, stream
		}
		stream.Close()
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}
