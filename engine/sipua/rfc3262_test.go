package sipua

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// PRK-01, PRK-02, PRK-03: an INVITE with Require: 100rel is rung reliably; RSeq starts in 1..2^31-1
// and counts up by one; the response is repeated from T1 doubling without a cap; the next one waits
// for the PRACK; a PRACK that names another response gets 481.
func TestReliableRinging(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP, "Require: 100rel")
		p.want("100")
		in := a.invite(t)
		if err := in.Ringing(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		m := p.want("180")
		rseq, err := strconv.ParseUint(m.get("rseq"), 10, 31)
		if err != nil || rseq == 0 || !has(m.tokens("require"), "100rel") {
			t.Fatalf("RSeq %q", m.get("rseq"))
		}
		p.ours = m.toTag
		for _, at := range []time.Duration{500, 1500, 3500, 7500} {
			if again := p.want("180"); again.get("rseq") != m.get("rseq") || time.Since(start) != at*time.Millisecond {
				t.Errorf("repeat with RSeq %s after %v", again.get("rseq"), time.Since(start))
			}
		}
		p.send("PRACK", 2, "", fmt.Sprintf("RAck: %d 1 INVITE", rseq+1))
		p.want("481")
		p.send("PRACK", 3, "", fmt.Sprintf("RAck: %d 1 INVITE", rseq))
		p.want("200")
		if next := p.want("180"); next.get("rseq") != strconv.FormatUint(rseq+1, 10) {
			t.Errorf("next RSeq %s after %d", next.get("rseq"), rseq)
		}
	})
}

// PRK-02: without PRACK the INVITE is refused with a 5xx after 64*T1.
func TestReliableRingingGivesUp(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP, "Require: 100rel")
		p.want("100")
		if err := a.invite(t).Ringing(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		m := p.hear()
		for m.code == 180 {
			m = p.hear()
		}
		if m.code/100 != 5 || time.Since(start) < 31*time.Second || time.Since(start) > 33*time.Second {
			t.Errorf("%d after %v", m.code, time.Since(start))
		}
		if e := next[Ended](t, a); e.End.How != HowTimeout {
			t.Errorf("ended %v", e.End)
		}
	})
}

// An offer in a reliable provisional response is answered in its PRACK (RFC 6337 §2).
func TestOfferInReliableResponse(t *testing.T) {
	a := newApp()
	a.onOffer = func(o Offer) ([]byte, error) { return []byte(answerSDP), nil }
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		got := p.place(t.Context(), a, "")
		inv := p.want("INVITE")
		p.reply(inv, 183, offerSDP, "Require: 100rel", "RSeq: 5")
		prack := p.want("PRACK")
		if string(prack.body) != answerSDP {
			t.Error("PRACK does not carry the answer")
		}
		p.reply(prack, 200, "")
		p.reply(inv, 200, "")
		if ack := p.want("ACK"); len(ack.body) != 0 || ack.seq != 1 {
			t.Error("ACK repeats the answer")
		}
		if r := <-got; r.err != nil {
			t.Error(r.err)
		}
	})
}
