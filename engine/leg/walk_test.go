package leg_test

import (
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/esrp"
	"text911/esrp/esrptest"
)

// A text in, a claim, a reply out, delivered, and the taker closes: the whole spine over sockets.
func TestConversation(t *testing.T) {
	r := newRig(t, options{})
	n := r.network(nil)
	x, call, fence := r.call(n, esrptest.Caller{Place: &esrptest.Place{Latitude: 38.9, Longitude: -77, Radius: 500}}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "smoke in the stairwell"))
	r.ok(x.Send(r.ctx(), "second floor"))
	r.ok(x.Reported(r.ctx()))
	r.wantTexts(call, "smoke in the stairwell", "second floor")

	r.reply(call, fence, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "Leave by the other stairs.")
	got, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	if got[0].Text.Reveal() != "Leave by the other stairs." || got[0].MessageID != "01ARZ3NDEKTSV4RRFFQ69G5FAV" {
		t.Error("the reply is not what was sent")
	}
	r.awaitReceipt("01ARZ3NDEKTSV4RRFFQ69G5FAV", callmodel.Delivered)

	r.deliver(call, callmodel.CloseRequested{By: command(), Fence: fence})
	r.ok(x.Over(r.ctx()))
	r.awaitKind(callmodel.KindLegClosed)
	if a := x.Account(); a.EndedBy != "engine" || a.Rang.IsZero() {
		t.Errorf("ended by %q, rang %v", a.EndedBy, !a.Rang.IsZero())
	}
}

// wantEnd waits for call.closed and checks who ended the call.
func (r *rig) wantEnd(call callmodel.CallID, by callmodel.By, abandoned bool) {
	r.t.Helper()
	e := r.await("call.closed", func(e callmodel.Event) bool {
		return e.Call == call && e.Data.Kind() == callmodel.KindCallClosed
	})
	if c := e.Data.(callmodel.CallClosed); c.By != by || c.Abandoned != abandoned {
		r.t.Errorf("closed by %q, abandoned %v; want %q, %v (cause %v)", c.By, c.Abandoned, by, abandoned, c.Cause)
	}
}

func TestTexterHangsUp(t *testing.T) {
	r := newRig(t, options{})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Send(r.ctx(), "all is well now"))
	r.ok(x.HangUp(r.ctx()))
	r.wantEnd(call, callmodel.ByTexter, false)
	r.wantTexts(call, "all is well now")
	r.wantForgotten()
}

// wantForgotten waits until no leg is left: everything a call held is given back.
func (r *rig) wantForgotten() {
	r.t.Helper()
	ctx := r.ctx()
	for r.gateway.Legs() > 0 {
		select {
		case <-ctx.Done():
			r.t.Fatalf("%d legs left", r.gateway.Legs())
		case <-time.After(5 * time.Millisecond):
		}
	}
	if open := r.trunks.Stats().Trunks["esrp"].Open; open != 0 {
		r.t.Errorf("%d calls still counted", open)
	}
}

// RFC 3261 §9: CANCEL before the answer ends the call by its texter; nobody took it.
func TestAbandoned(t *testing.T) {
	r := newRig(t, options{})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
	invited := make(chan error, 1)
	go func() { invited <- x.Invite(r.ctx()) }()
	r.ok(x.Ringing(r.ctx()))
	call := r.awaitKind(callmodel.KindCallOffered).Call
	x.Cancel()
	if err := <-invited; err == nil {
		t.Error("a cancelled call was answered")
	}
	r.wantEnd(call, callmodel.ByTexter, true)
	r.wantForgotten()
}

// With answer policy immediate texts are taken before anybody claims.
func TestAnsweredAtOnce(t *testing.T) {
	r := newRig(t, options{answer: esrp.AnswerAtOnce})
	x := r.network(nil).Texter(esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Invite(r.ctx()))
	r.ok(x.Send(r.ctx(), "anybody there"))
	call := r.awaitKind(callmodel.KindCallOffered).Call
	r.wantTexts(call, "anybody there")
	if v, _ := r.engine.View(call); v.Phase != callmodel.PhaseQueued || v.LegState != callmodel.LegStateEstablished {
		t.Errorf("phase %q, leg %q", v.Phase, v.LegState)
	}
}

// RFC 3261 §13.2.1, §14.2: an INVITE without SDP gets an offer in the 200, its answer is in the ACK.
func TestOfferless(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{Offerless: true})
	r.ok(x.Send(r.ctx(), "no offer, but a text"))
	r.wantTexts(call, "no offer, but a text")
	r.reply(call, fence, "reply0001", "heard")
	_, err := x.Replies(r.ctx(), 1)
	r.ok(err)
}

// SET-24: an offer that says passive makes the engine connect, and send first.
func TestPassiveTexter(t *testing.T) {
	r := newRig(t, options{})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{Passive: true})
	r.ok(x.Send(r.ctx(), "you came to me"))
	r.wantTexts(call, "you came to me")
	r.reply(call, fence, "reply0001", "heard")
	_, err := x.Replies(r.ctx(), 1)
	r.ok(err)
	r.awaitReceipt("reply0001", callmodel.Delivered)
}

// RQ_CHFE_073, SND-16: a peer that lists message/cpim first gets every text wrapped; one that sends
// bare text is heard as well (NENA-STA-010.3 §4.7.6).
func TestWrappedAndBare(t *testing.T) {
	for _, m := range []esrptest.Mode{{Wrap: true}, {Plain: true}, {Wrap: true, Plain: true}} {
		r := newRig(t, options{})
		x, call, fence := r.call(r.network(nil), esrptest.Caller{}, m)
		r.ok(x.Send(r.ctx(), "señal: ¿me oyes? 🚒"))
		r.wantTexts(call, "señal: ¿me oyes? 🚒")
		r.reply(call, fence, "reply0001", "te oigo 👍")
		got, err := x.Replies(r.ctx(), 1)
		r.ok(err)
		if got[0].Text.Reveal() != "te oigo 👍" {
			t.Errorf("%+v: the reply came otherwise than it was sent", m)
		}
	}
}

// A text above one chunk arrives whole (RFC 4975 §5.1).
func TestLongText(t *testing.T) {
	r := newRig(t, options{})
	x, call, _ := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	long := strings.Repeat("what happened next, ", 3000)
	r.ok(x.Send(r.ctx(), long))
	r.wantTexts(call, long)
}

// What the INVITE says reaches the log: identifiers, caller, location, additional data, languages
// (NENA-STA-010.3 §2.1.6, §2.1.7, §4.2.2.2; RFC 6442 §4.2; RFC 7852 §6; RFC 8373).
func TestOfferedFacts(t *testing.T) {
	r := newRig(t, options{})
	_, call, _ := r.call(r.network(nil), esrptest.Caller{Number: "+12025550143", Name: "A. Texter", Languages: []string{"es", "en"},
		Place:     &esrptest.Place{Latitude: 38.5, Longitude: -77.25, Radius: 1800},
		Reference: "https://lis.example.net/held/abc"}, esrptest.Mode{})
	var o callmodel.CallOffered
	for _, e := range r.events() {
		if d, ok := e.Data.(callmodel.CallOffered); ok && e.Call == call {
			o = d
		}
	}
	if o.Caller.Address.Reveal() != "sip:+12025550143@esrp.example.net;user=phone" || o.Caller.Name.Reveal() != "A. Texter" || !o.Caller.Asserted {
		t.Error("caller is not the asserted identity")
	}
	if !strings.HasPrefix(string(o.IDs.Incident), "urn:emergency:uid:incidentid:") || o.IDs.Source == "" || o.IDs.SIPCallID == "" {
		t.Errorf("identifiers are missing: %+v", o.IDs)
	}
	if o.ServiceURN != "urn:service:sos" || o.Priority != "esnet.1" || o.Trunk != "esrp" || !o.Hold || o.Test ||
		!strings.HasPrefix(o.QueueURI, "sip:text-q@") {
		t.Errorf("urn %q, priority %q, trunk %q, hold %v, test %v", o.ServiceURN, o.Priority, o.Trunk, o.Hold, o.Test)
	}
	if len(o.Locations) != 2 || o.Locations[0].Shape != "circle" || o.Locations[0].Latitude.Reveal() != "38.5" ||
		o.Locations[0].RadiusM.Reveal() != "1800" || o.Locations[0].Raw == "" || o.Locations[1].Reference.Reveal() != "https://lis.example.net/held/abc" {
		t.Errorf("%d locations, or not those sent", len(o.Locations))
	}
	blocks := map[string]bool{}
	for _, a := range o.Additional {
		blocks[strings.ToLower(a.Block)] = a.Value != ""
	}
	if !blocks["serviceinfo"] || !blocks["providerinfo"] || len(o.Additional) != 2 {
		t.Errorf("additional data: %v", blocks)
	}
	if len(o.Languages) < 2 || o.Languages[0] != "es" || o.Languages[1] != "en" {
		t.Errorf("languages: %v", o.Languages)
	}
}

// A caller who moves is seen to move.
func TestLocationUpdate(t *testing.T) {
	r := newRig(t, options{})
	x, _, _ := r.call(r.network(nil), esrptest.Caller{Place: &esrptest.Place{Latitude: 38.5, Longitude: -77.25, Radius: 1800}}, esrptest.Mode{})
	r.ok(x.Move(r.ctx(), esrptest.Place{Latitude: 38.25, Longitude: -77.5, Radius: 20, Method: "GPS"}))
	l := r.awaitKind(callmodel.KindLocationUpdated).Data.(callmodel.LocationUpdated).Location
	if l.Latitude.Reveal() != "38.25" || l.Method != "GPS" {
		t.Error("not the position that was sent")
	}
}

// RFC 3994: typing is shown, and goes the other way when the far end takes it.
func TestTyping(t *testing.T) {
	r := newRig(t, options{})
	seen := make(chan callmodel.TypingChanged, 8)
	r.observe(func(ev callmodel.Event) {
		if d, ok := ev.Data.(callmodel.TypingChanged); ok {
			seen <- d
		}
	})
	x, call, fence := r.call(r.network(nil), esrptest.Caller{}, esrptest.Mode{})
	r.ok(x.Typing(true))
	if d := <-seen; !d.On || d.Role != callmodel.RoleCaller {
		t.Errorf("seen: %+v", d)
	}
	r.ok(x.Typing(false))
	if d := <-seen; d.On {
		t.Errorf("seen: %+v", d)
	}
	r.deliver(call, callmodel.TypingRequested{By: command(), Fence: fence, On: true})
	r.ok(x.SeesTyping(r.ctx(), 1))
}
