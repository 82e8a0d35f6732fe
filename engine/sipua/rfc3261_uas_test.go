package sipua

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// SIP-03: a 2xx without ACK is repeated from T1 doubling to T2; after 64*T1 comes BYE.
func TestAnswerIsRepeatedUntilAckThenBye(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		in := a.invite(t)
		start := time.Now()
		if err := in.Answer(context.Background(), []byte(answerSDP)); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500}
		for i, ms := range want {
			p.want("200")
			if got := time.Since(start); got != ms*time.Millisecond {
				t.Fatalf("copy %d after %v, want %v", i, got, ms*time.Millisecond)
			}
		}
		bye := p.want("BYE")
		if got := time.Since(start); got != 32*time.Second {
			t.Errorf("BYE after %v", got)
		}
		p.reply(bye, 200, "")
		if e := next[Ended](t, a); e.End.By != PartyNetwork || e.End.How != HowTimeout {
			t.Errorf("ended %v", e.End)
		}
	})
}

// SIP-03: the ACK stops the repeats; a repeat of the INVITE meanwhile is absorbed.
func TestAckStopsRepeats(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.establish(a)
		p.send("ACK", 1, "")
		p.quiet(time.Minute)
	})
}

// SIP-01: the To tag, From tag and Call-ID name the dialog; a lower CSeq number gets 500; a
// request with another tag gets 481.
func TestDialogIdentityAndSequence(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.establish(a)
		p.send("INFO", 7, "")
		p.want("200")
		p.send("INFO", 6, "")
		p.want("500")
		p.send("INFO", 7, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKother")
		p.want("500")
		wrong := *p
		wrong.ours = "somebodyelse"
		wrong.send("INFO", 9, "")
		p.want("481")
		wrong = *p
		wrong.tag = "somebodyelse"
		wrong.send("INFO", 10, "")
		p.want("481")
		p.send("INFO", 8, "")
		p.want("200")
	})
}

// Datagrams that overtook one another are put in order within the hold window; a gap is accepted
// after it (RFC 3261 §12.2.2).
func TestRequestsAreResequenced(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		order := make(chan string, 10)
		a.onRequest = func(r Request) error { order <- r.Facts.UserAgent; return nil }
		p.establish(a)
		p.send("MESSAGE", 4, "", "User-Agent: 4")
		p.send("MESSAGE", 3, "", "User-Agent: 3")
		p.send("MESSAGE", 2, "", "User-Agent: 2")
		for range 3 {
			p.want("200")
		}
		if got := <-order + <-order + <-order; got != "234" {
			t.Errorf("order %s", got)
		}
		start := time.Now()
		p.send("MESSAGE", 9, "", "User-Agent: 9")
		p.want("200")
		if time.Since(start) != defaultHold {
			t.Errorf("a gap was held for %v", time.Since(start))
		}
		if s := p.ua.Stats(); s.Reordered != 3 {
			t.Errorf("counted %d as reordered", s.Reordered)
		}
	})
}

// SIP-02: Record-Route fixes the route set at the start, a re-INVITE moves the remote target and
// not the routes.
func TestRouteSetAndTargetRefresh(t *testing.T) {
	a := newApp()
	a.onOffer = func(Offer) ([]byte, error) { return []byte(answerSDP), nil }
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		in := p.establish(a, "Record-Route: <sip:192.0.2.50;lr>, <sip:bcf.example;lr>")
		p.send("INVITE", 2, offerSDP+"a=x\r\n", "Contact: <sip:moved@192.0.2.99:5070>", "Record-Route: <sip:evil.example;lr>")
		p.want("100")
		p.want("200")
		p.send("ACK", 2, "")
		next[Confirmed](t, a)
		go func() { _ = in.Dialog.Bye(context.Background()) }()
		bye := p.want("BYE")
		if bye.uri != "sip:moved@192.0.2.99:5070" {
			t.Error("BYE does not go to the refreshed target")
		}
		if got := strings.Join(bye.list("route"), " "); got != "<sip:192.0.2.50;lr> <sip:bcf.example;lr>" {
			t.Errorf("route set %s", got)
		}
		p.reply(bye, 200, "")
	})
}

// A strict router gets its URI as Request-URI and the target as last route (RFC 3261 §12.2.1.1).
func TestStrictRoute(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		in := p.establish(a, "Record-Route: <sip:192.0.2.50>")
		go func() { _ = in.Dialog.Bye(context.Background()) }()
		bye := p.want("BYE")
		if bye.uri != "sip:192.0.2.50" || bye.get("route") != "<sip:caller@192.0.2.50:5060>" {
			t.Errorf("request URI %s", bye.uri)
		}
		p.reply(bye, 200, "")
	})
}

// SIP-07: CANCEL of an unanswered INVITE gets 200 and the INVITE 487 with the To tag of our 180;
// after the answer it has no effect; without a match it gets 481.
func TestCancel(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		in := a.invite(t)
		if err := in.Ringing(); err != nil {
			t.Fatal(err)
		}
		tag := p.want("180").toTag
		via := "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE1"
		p.send("CANCEL", 1, "", via, `Reason: SIP;cause=200;text="Call completed elsewhere"`)
		if m := p.want("200"); m.seqMethod != "CANCEL" || m.toTag != tag {
			t.Errorf("answer to CANCEL has tag %s, want %s", m.toTag, tag)
		}
		if m := p.want("487"); m.toTag != tag {
			t.Errorf("487 has tag %s, want %s", m.toTag, tag)
		}
		p.ours = tag
		p.send("ACK", 1, "", via)
		e := next[Ended](t, a)
		if e.End.By != PartyPeer || e.End.How != HowCancel || e.End.Code != 487 || len(e.End.Reasons) != 1 || e.End.Reasons[0].Cause != 200 {
			t.Errorf("ended %v", e.End)
		}
		if err := in.Answer(context.Background(), []byte(answerSDP)); !errors.Is(err, ErrOver) {
			t.Errorf("answer after CANCEL: %v", err)
		}
		p.quiet(time.Minute)
	})
	b := newApp()
	bubble(t, Config{}, b, func(t *testing.T, p *far) {
		p.establish(b)
		ours := p.ours
		p.ours = ""
		p.send("CANCEL", 1, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE1")
		p.want("200")
		p.send("CANCEL", 1, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKnone")
		p.want("481")
		p.ours = ours
		p.send("INFO", 2, "")
		p.want("200")
	})
}

// A CANCEL that overtakes its INVITE is not lost: the call does not ring on.
func TestCancelAheadOfInvite(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		other := *p
		other.send("INVITE", 1, offerSDP) // another call keeps the Call-ID known
		p.want("100")
		p.tag = "second"
		p.send("CANCEL", 5, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKlate")
		p.send("INVITE", 5, offerSDP, "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKlate")
		p.want("100")
		if m := p.want("200"); m.seqMethod != "CANCEL" {
			t.Errorf("200 to %s", m.seqMethod)
		}
		if m := p.want("487"); m.seq != 5 {
			t.Errorf("487 to %d", m.seq)
		}
	})
}

// SIP-08: BYE ends the dialog, a pending request of the far end gets 487, what comes later 481.
func TestByeIn(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		hold := make(chan struct{})
		a.onOffer = func(Offer) ([]byte, error) { <-hold; return []byte(answerSDP), nil }
		p.establish(a)
		p.send("INVITE", 2, offerSDP+"a=x\r\n")
		p.want("100")
		p.send("BYE", 3, "", `Reason: Q.850;cause=16;text="gone"`)
		if m := p.want("200"); m.seqMethod != "BYE" {
			t.Errorf("200 to %s", m.seqMethod)
		}
		if m := p.want("487"); m.seqMethod != "INVITE" || m.seq != 2 {
			t.Errorf("487 to %s", m.seqMethod)
		}
		p.send("ACK", 2, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE2")
		p.send("INFO", 4, "")
		p.want("481")
		p.send("BYE", 3, "", `Reason: Q.850;cause=16;text="gone"`)
		p.want("200") // a repeat gets the same answer
		close(hold)
		e := next[Ended](t, a)
		if e.End.By != PartyPeer || e.End.How != HowBye || e.End.Reasons[0].Cause != 16 {
			t.Errorf("ended %v", e.End)
		}
		p.quiet(time.Second)
	})
}

// SIP-08: BYE crossing BYE: both get 200.
func TestByeCrossesBye(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		in := p.establish(a)
		done := make(chan error, 1)
		go func() { done <- in.Dialog.Bye(context.Background(), ReasonNormal()) }()
		ours := p.want("BYE")
		p.send("BYE", 2, "")
		if m := p.want("200"); m.seqMethod != "BYE" {
			t.Errorf("200 to %s", m.seqMethod)
		}
		p.reply(ours, 481, "")
		if err := <-done; err != nil {
			t.Error(err)
		}
		if e := next[Ended](t, a); e.End.By != PartyLocal || e.End.How != HowBye {
			t.Errorf("ended %v", e.End)
		}
		p.quiet(time.Minute)
	})
}

// A BYE of ours waits for the ACK of our 2xx (RFC 3261 §15).
func TestByeWaitsForAck(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		in := a.invite(t)
		if err := in.Answer(context.Background(), []byte(answerSDP)); err != nil {
			t.Fatal(err)
		}
		p.ours = p.want("200").toTag
		go func() { _ = in.Dialog.Bye(context.Background()) }()
		p.want("200")
		p.send("ACK", 1, "")
		next[Confirmed](t, a)
		p.reply(p.want("BYE"), 200, "")
		next[Ended](t, a)
	})
}

// SIP-11: a second INVITE before the final answer of the first gets 500 with Retry-After of 0 to
// 10 s; one that meets an INVITE of ours gets 491.
func TestOneInviteAtATime(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		hold := make(chan struct{})
		a.onOffer = func(Offer) ([]byte, error) { <-hold; return []byte(answerSDP), nil }
		in := p.establish(a)
		p.send("INVITE", 2, offerSDP+"a=x\r\n")
		p.want("100")
		p.send("INVITE", 3, offerSDP+"a=y\r\n")
		checkRetryAfter(t, p.want("500"))
		p.send("ACK", 3, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE3")
		if _, err := in.Dialog.Reinvite(context.Background(), []byte(offerSDP)); !errors.Is(err, ErrPending) {
			t.Errorf("own re-INVITE: %v", err)
		}
		close(hold)
		p.want("200")
		p.send("ACK", 2, "")
		next[Confirmed](t, a)
		ctx, cancel := context.WithCancel(context.Background())
		go func() { _, _ = in.Dialog.Reinvite(ctx, []byte(answerSDP+"a=z\r\n")) }()
		ours := p.want("INVITE")
		p.send("INVITE", 4, offerSDP+"a=w\r\n")
		p.want("491")
		p.send("ACK", 4, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE4")
		p.reply(ours, 200, offerSDP)
		p.want("ACK")
		cancel()
	})
}

// SIP-11, first INVITE of a call: a second one by the same caller gets 500 too, and the same one by
// another path 482 (RFC 3261 §8.2.2.2).
func TestOverlappingAndMergedInvite(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		p.send("INVITE", 1, offerSDP, "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKpath2")
		p.want("482")
		p.send("ACK", 1, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKpath2")
		p.send("INVITE", 2, offerSDP)
		checkRetryAfter(t, p.want("500"))
	})
}

func checkRetryAfter(t *testing.T, m *message) {
	t.Helper()
	if d := retryTime(m); m.get("retry-after") == "" || d < 0 || d > 10*time.Second {
		t.Errorf("Retry-After %q", m.get("retry-after"))
	}
}

// SIP-13: a re-INVITE while our 2xx waits for its ACK is answered when offer and answer are done,
// and gets 491 when the ACK would have carried the answer.
func TestReinviteWhileAckIsMissing(t *testing.T) {
	a := newApp()
	a.onOffer = func(Offer) ([]byte, error) { return []byte(answerSDP), nil }
	for _, offerless := range []bool{false, true} {
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			offer := offerSDP
			if offerless {
				offer = ""
			}
			p.send("INVITE", 1, offer)
			p.want("100")
			in := a.invite(t)
			if err := in.Answer(context.Background(), []byte(answerSDP)); err != nil {
				t.Fatal(err)
			}
			p.ours = p.want("200").toTag
			p.send("INVITE", 2, offerSDP+"a=x\r\n")
			if offerless {
				p.want("491")
				p.send("ACK", 2, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE2")
				p.send("ACK", 1, answerSDP)
				if c := next[Confirmed](t, a); string(c.Answer) != answerSDP {
					t.Error("answer in ACK not reported")
				}
				return
			}
			p.want("100")
			if m := p.want("200"); m.seq != 2 {
				t.Errorf("200 to %d", m.seq)
			}
			next[Confirmed](t, a)
		})
	}
}

// 180 is repeated about every 3 s until the final answer (NENA-STA-010.3 §3.1.1.1).
func TestRingingRepeats(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		in := a.invite(t)
		start := time.Now()
		if err := errors.Join(in.Ringing(), in.Ringing()); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			p.want("180")
			if got := time.Since(start); got != time.Duration(i)*3*time.Second {
				t.Errorf("180 number %d after %v", i, got)
			}
		}
		if err := in.Refuse(486, "", 0); err != nil {
			t.Fatal(err)
		}
		m := p.want("486")
		p.ours = m.toTag
		p.send("ACK", 1, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE1")
		p.quiet(time.Minute)
		if e := next[Ended](t, a); e.End.By != PartyLocal || e.End.How != HowRefused || e.End.Code != 486 {
			t.Errorf("ended %v", e.End)
		}
	})
}

// A refusal over UDP is repeated until its ACK (RFC 3261 §17.2.1), then everything is let go.
func TestRefusalIsRepeatedAndForgotten(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		if err := a.invite(t).Refuse(503, "", 30*time.Second); err != nil {
			t.Fatal(err)
		}
		m := p.want("503")
		if m.get("retry-after") != "30" {
			t.Errorf("Retry-After %q", m.get("retry-after"))
		}
		p.want("503")
		p.want("503")
		p.send("INVITE", 1, offerSDP)
		p.want("503")
		p.ours = m.toTag
		p.send("ACK", 1, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE1")
		p.quiet(time.Minute)
		if s := p.ua.Stats(); s.Calls != 0 || s.Dialogs != 0 {
			t.Errorf("%d calls and %d dialogs are still held", s.Calls, s.Dialogs)
		}
	})
}
