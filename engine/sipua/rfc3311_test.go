package sipua

import (
	"context"
	"errors"
	"testing"
	"time"
)

// UPD-02: a second UPDATE before the answer to the first gets 500 with Retry-After; one that meets
// an offer of ours 491; one that would need the user 504; an unacceptable one 488; one while an
// offer of the far end is unanswered 500.
func TestUpdateIn(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		in := p.establish(a)
		hold := make(chan error)
		a.mu.Lock()
		a.onOffer = func(Offer) ([]byte, error) { return []byte(answerSDP), <-hold }
		a.mu.Unlock()
		p.send("UPDATE", 2, offerSDP+"a=1\r\n")
		p.send("UPDATE", 3, offerSDP+"a=2\r\n")
		checkRetryAfter(t, p.want("500"))
		hold <- nil
		if m := p.want("200"); string(m.body) != answerSDP || m.seq != 2 {
			t.Error("first UPDATE was not answered")
		}
		p.send("UPDATE", 4, offerSDP+"a=3\r\n")
		hold <- &Refusal{Code: 504}
		p.want("504")
		p.send("UPDATE", 5, offerSDP+"a=4\r\n")
		hold <- errors.New("no")
		p.want("488")
		p.send("INVITE", 6, offerSDP+"a=5\r\n")
		p.want("100")
		p.send("UPDATE", 7, offerSDP+"a=6\r\n")
		checkRetryAfter(t, p.want("500"))
		hold <- nil
		p.want("200")
		p.send("ACK", 6, "")
		next[Confirmed](t, a)
		go func() { _, _ = in.Dialog.Update(context.Background(), []byte(answerSDP+"a=7\r\n")) }()
		ours := p.want("UPDATE")
		p.send("UPDATE", 8, offerSDP+"a=8\r\n")
		p.want("491")
		p.reply(ours, 200, offerSDP)
	})
}

// UPD-02: an UPDATE with an offer while the offer of the INVITE is unanswered gets 500 with
// Retry-After; without an offer it only refreshes. UPD-01: none of ours goes out before the answer.
func TestUpdateBeforeAnswer(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		in := a.invite(t)
		if err := in.Ringing(); err != nil {
			t.Fatal(err)
		}
		p.ours = p.want("180").toTag
		p.send("UPDATE", 2, offerSDP)
		checkRetryAfter(t, p.want("500"))
		p.send("UPDATE", 3, "", "Geolocation: <https://lis.example/new>")
		p.want("200")
		if r := next[Refreshed](t, a); len(r.Facts.Geolocation) != 1 {
			t.Error("the new location was not reported")
		}
		if _, err := in.Dialog.Update(context.Background(), nil); !errors.Is(err, ErrOver) {
			t.Errorf("own UPDATE: %v", err)
		}
	})
}

// UPD-03: 491 to an UPDATE is retried by the rules of INVITE; silence ends the dialog. UPD-01: an
// UPDATE without an offer is allowed at any time after the answer.
func TestUpdateOut(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		d := p.called(a)
		got := make(chan error, 1)
		go func() { _, err := d.Update(context.Background(), nil); got <- err }()
		m := p.want("UPDATE")
		if len(m.body) != 0 {
			t.Error("UPDATE has a body")
		}
		p.reply(m, 491, "")
		start := time.Now()
		p.reply(p.want("UPDATE"), 200, "")
		if w := time.Since(start); w < 2100*time.Millisecond || w > 4*time.Second {
			t.Errorf("waited %v", w)
		}
		if err := <-got; err != nil {
			t.Error(err)
		}
		go func() { _, err := d.Update(context.Background(), nil); got <- err }()
		for m = p.hear(); m.method == "UPDATE"; m = p.hear() {
		}
		if m.method != "BYE" {
			t.Errorf("after silence came %s", m.method)
		}
		p.reply(m, 481, "")
		if e := next[Ended](t, a); e.End.By != PartyNetwork || e.End.How != HowTimeout || e.End.Code != 408 {
			t.Errorf("ended %v", e.End)
		}
		if err := <-got; err == nil {
			t.Error("UPDATE without an answer succeeded")
		}
	})
}
