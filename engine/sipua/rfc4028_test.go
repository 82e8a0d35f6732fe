package sipua

import (
	"context"
	"testing"
	"time"
)

// TMR-02: our answer to each row of RFC 4028 §9 table 2, and TMR-01: 422 below the floor, unless
// the sender could not cope with it.
func TestSessionTimerAnswers(t *testing.T) {
	cases := []struct {
		name    string
		headers []string
		code    string
		expires string
		require bool
	}{
		{"uac cannot", []string{"Session-Expires: 1800"}, "200", "1800;refresher=uas", false},
		{"uac cannot and is below the floor", []string{"Session-Expires: 40"}, "200", "40;refresher=uas", false},
		{"uac leaves it open", []string{"Supported: timer", "Session-Expires: 600"}, "200", "600;refresher=uas", false},
		{"uac wants to refresh", []string{"Supported: timer", "Session-Expires: 600;refresher=uac"}, "200", "600;refresher=uac", true},
		{"uac wants us to refresh", []string{"Supported: timer", "Session-Expires: 600;refresher=uas"}, "200", "600;refresher=uas", false},
		{"uac asks for nothing", []string{"Supported: timer", "Min-SE: 2400"}, "200", "2400;refresher=uas", false},
		{"uac knows nothing", nil, "200", "", false},
		{"too small", []string{"Supported: timer", "Session-Expires: 60"}, "422", "", false},
		{"compact name", []string{"Supported: timer", "x: 600;refresher=uac"}, "200", "600;refresher=uac", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := newApp()
			bubble(t, Config{}, a, func(t *testing.T, p *far) {
				p.send("INVITE", 1, offerSDP, c.headers...)
				m := p.hear()
				if m.code == 100 {
					if err := a.invite(t).Answer(context.Background(), []byte(answerSDP)); err != nil {
						t.Fatal(err)
					}
					m = p.hear()
				}
				if c.code == "422" {
					if m.code != 422 || m.get("min-se") != "90" {
						t.Errorf("got %d, Min-SE %q", m.code, m.get("min-se"))
					}
					return
				}
				if m.code != 200 || m.get("session-expires") != c.expires || has(m.tokens("require"), "timer") != c.require {
					t.Errorf("got %d, Session-Expires %q, Require %q", m.code, m.get("session-expires"), m.get("require"))
				}
				if c.require && !has(m.tokens("supported"), "timer") {
					t.Error("timer is not listed")
				}
			})
		})
	}
}

// TMR-01: on 422 the INVITE is sent again with the larger interval, CSeq up by one, same Call-ID.
// Supported: timer stands in INVITE and UPDATE.
func TestIntervalTooSmallIsRetried(t *testing.T) {
	a := newApp()
	bubble(t, Config{SessionExpires: 5 * time.Minute}, a, func(t *testing.T, p *far) {
		got := p.place(context.Background(), a, offerSDP)
		m := p.want("INVITE")
		if m.get("session-expires") != "300" || m.get("min-se") != "90" || !m.tagged("timer") {
			t.Errorf("Session-Expires %q, Min-SE %q", m.get("session-expires"), m.get("min-se"))
		}
		p.reply(m, 422, "", "Min-SE: 700")
		p.want("ACK")
		again := p.want("INVITE")
		if again.get("session-expires") != "700" || again.seq != m.seq+1 || again.callID != m.callID || again.toTag != "" {
			t.Errorf("second try: Session-Expires %q, CSeq %d", again.get("session-expires"), again.seq)
		}
		p.reply(again, 200, answerSDP, "Session-Expires: 700;refresher=uas")
		p.want("ACK")
		if r := <-got; r.err != nil || r.d.State().Interval != 700*time.Second || r.d.State().Refresher {
			t.Errorf("invite: %v", r.err)
		}
	})
}

// TMR-04: the refresher renews at half the interval, by UPDATE without an offer where the far end
// takes it, else by a re-INVITE with the session description unchanged. TMR-03: without
// Session-Expires in the 2xx we refresh alone.
func TestRefresh(t *testing.T) {
	for _, c := range []struct {
		name, method string
		headers      []string
	}{
		{"by UPDATE", "UPDATE", []string{"Session-Expires: 600;refresher=uac", "Allow: INVITE, ACK, BYE, UPDATE"}},
		{"by INVITE", "INVITE", []string{"Session-Expires: 600;refresher=uac", "Allow: INVITE, ACK, BYE"}},
		{"alone", "INVITE", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newApp()
			bubble(t, Config{SessionExpires: 10 * time.Minute}, a, func(t *testing.T, p *far) {
				p.called(a, c.headers...)
				for range 3 {
					p.quiet(299 * time.Second)
					m := p.want(c.method)
					if c.method == "UPDATE" && (len(m.body) != 0 || !m.tagged("timer") || m.get("session-expires") != "600;refresher=uac") {
						t.Errorf("UPDATE with Session-Expires %q", m.get("session-expires"))
					}
					if c.method == "INVITE" && string(m.body) != offerSDP {
						t.Error("the session description changed")
					}
					p.reply(m, 200, answerSDP, c.headers...)
					if c.method == "INVITE" {
						p.want("ACK")
					}
				}
				if len(a.events) != 0 {
					t.Error("a refresh was reported as an event")
				}
			})
		})
	}
}

// TMR-05: a refresh that fails with 408, 481 or silence ends the dialog with BYE; a refusal of
// another kind does not.
func TestRefreshFails(t *testing.T) {
	for _, code := range []int{481, 408, 0, 488} {
		a := newApp()
		bubble(t, Config{}, a, func(t *testing.T, p *far) {
			p.called(a, "Session-Expires: 600;refresher=uac", "Allow: UPDATE")
			m := p.want("UPDATE")
			if code != 0 {
				p.reply(m, code, "")
			}
			if code == 488 {
				p.want("UPDATE") // tried again at the next half interval
				return
			}
			for m = p.hear(); m.method == "UPDATE"; m = p.hear() {
			}
			if m.method != "BYE" {
				t.Fatalf("after %d came %s", code, m.method)
			}
			p.reply(m, 200, "")
			if e := next[Ended](t, a); e.End.By != PartyNetwork {
				t.Errorf("ended %v", e.End)
			}
		})
	}
}

// TMR-05, TMR-07: where the far end refreshes, its silence is noticed min(32 s, interval/3) before
// the end of the interval; the dialog is ended only if so configured.
func TestRefreshMissing(t *testing.T) {
	for _, end := range []bool{true, false} {
		for interval, at := range map[string]time.Duration{"600": 568 * time.Second, "90": 60 * time.Second} {
			a := newApp()
			bubble(t, Config{EndOnExpiry: end}, a, func(t *testing.T, p *far) {
				p.establish(a, "Supported: timer", "Session-Expires: "+interval+";refresher=uac")
				p.quiet(at - time.Second)
				if !end {
					next[Expired](t, a)
					p.quiet(time.Hour)
					if p.ua.Stats().Expired != 1 {
						t.Error("not counted")
					}
					return
				}
				p.reply(p.want("BYE"), 200, "")
				if e := next[Ended](t, a); e.End.By != PartyNetwork || e.End.How != HowTimeout {
					t.Errorf("ended %v", e.End)
				}
			})
		}
	}
}

// TMR-06: a refresh by the far end (session description unchanged) is answered with ours unchanged
// and never reaches the application as an offer; the interval starts anew.
func TestRefreshIn(t *testing.T) {
	a := newApp()
	a.onOffer = func(Offer) ([]byte, error) { panic("a refresh was taken for an offer") }
	bubble(t, Config{EndOnExpiry: true}, a, func(t *testing.T, p *far) {
		se := []string{"Supported: timer", "Session-Expires: 600;refresher=uac"}
		p.establish(a, se...)
		for seq := 2; seq < 8; seq += 2 {
			p.quiet(300 * time.Second)
			p.send("INVITE", seq, offerSDP, se...)
			p.want("100")
			if m := p.want("200"); string(m.body) != answerSDP || m.get("session-expires") != "600;refresher=uac" {
				t.Error("the answer to a refresh differs")
			}
			p.send("ACK", seq, "")
			next[Refreshed](t, a)
			next[Confirmed](t, a)
			p.quiet(300 * time.Second)
			p.send("UPDATE", seq+1, "", se...)
			p.want("200")
			next[Refreshed](t, a)
		}
		if p.ua.Stats().Errors[ErrorPanic] != 0 {
			t.Error("the application was asked")
		}
	})
}
