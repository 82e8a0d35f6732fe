package firstparty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/callmodel/callmodeltest"
	"text911/callmodel/firstparty"
)

// driver steps a machine and applies what comes of it.
type driver struct {
	t   *testing.T
	m   *firstparty.Machine
	now time.Time
}

func newDriver(t *testing.T) *driver {
	d := &driver{t: t, m: firstparty.New(firstparty.Config{}), now: callmodeltest.Epoch()}
	d.must(callmodel.LegOffered{Leg: "L1", Queue: "q", Offer: callmodel.CallOffered{PSAP: "p", Bearer: callmodel.BearerMSRP}})
	d.must(callmodel.LegAnswered{Leg: "L1"})
	d.must(callmodel.LegEstablished{Leg: "L1"})
	d.must(callmodel.ClaimRequested{By: callmodel.CommandRef{ID: "c", Digest: "d", Agent: "alice"}})
	return d
}

func (d *driver) step(in callmodel.Input) ([]callmodel.Event, error) {
	evs, _, err := d.m.Step(d.now, in)
	seq := d.m.View().CallSeq
	for i := range evs {
		if !evs[i].Data.Kind().Ephemeral() {
			seq++
			evs[i].CallSeq, evs[i].Time = seq, d.now
			d.m.Apply(evs[i])
		}
	}
	return evs, err
}

func (d *driver) must(in callmodel.Input) []callmodel.Event {
	d.t.Helper()
	evs, err := d.step(in)
	if err != nil {
		d.t.Fatalf("%T: %v", in, err)
	}
	return evs
}

func arrived(n int) callmodel.MessageArrived {
	return callmodel.MessageArrived{Leg: "L1", Message: callmodel.MessageID(fmt.Sprint("m", n)), WireID: fmt.Sprint("w", n),
		Content: callmodel.PlainText(fmt.Sprint("text ", n))}
}

// TestArrivalsBound: the newest 256 messages are recognised again, older ones are forgotten.
func TestArrivalsBound(t *testing.T) {
	d := newDriver(t)
	const n = 600
	for i := range n {
		d.must(arrived(i))
	}
	for i := n - 256; i < n; i++ {
		if _, err := d.step(arrived(i)); err == nil {
			t.Fatalf("message %d of %d was taken twice", i, n)
		}
	}
	if _, err := d.step(arrived(n - 257)); err != nil {
		t.Errorf("a message beyond the bound: %v", err)
	}
	by := callmodel.CommandRef{ID: "s", Digest: "d", Agent: "alice"}
	if evs := d.must(callmodel.ShownRequested{By: by, Message: "m599"}); len(evs) != 1 {
		t.Error("the newest message cannot be shown")
	}
}

// TestCommandsBound: the newest 4,096 commands are remembered.
func TestCommandsBound(t *testing.T) {
	d := newDriver(t)
	note := func(i int) callmodel.NoteRequested {
		return callmodel.NoteRequested{By: callmodel.CommandRef{ID: callmodel.CommandID(fmt.Sprint("n", i)), Digest: "d", Agent: "alice"}, Text: "n"}
	}
	const n = 4200
	for i := range n {
		d.must(note(i))
	}
	if _, err := d.step(note(n - 4096)); err == nil {
		t.Error("a command within the bound was done twice")
	}
	if _, err := d.step(note(n - 4097)); err != nil {
		t.Errorf("a command beyond the bound: %v", err)
	}
}

// TestRepliesBound: states of confirmed replies are remembered for a while, bodies are bounded in
// number and size.
func TestRepliesBound(t *testing.T) {
	d := newDriver(t)
	fence := d.m.View().Fence
	reply := func(i int, text string) callmodel.ReplyRequested {
		id := fmt.Sprint("r", i)
		return callmodel.ReplyRequested{By: callmodel.CommandRef{ID: callmodel.CommandID(id), Digest: "d", Agent: "alice"},
			Fence: fence, Message: callmodel.MessageID(id), Content: callmodel.PlainText(text)}
	}
	progress := func(i int, s callmodel.DeliveryState) callmodel.MessageProgress {
		return callmodel.MessageProgress{Leg: "L1", Message: callmodel.MessageID(fmt.Sprint("r", i)), State: s}
	}
	const n = 300
	for i := range n {
		d.must(reply(i, "x"))
		if i > 0 {
			d.must(progress(i, callmodel.Accepted))
		}
	}
	if evs := d.must(progress(n-1, callmodel.Delivered)); len(evs) != 1 {
		t.Error("a report for the newest reply was passed over")
	}
	if evs := d.must(progress(0, callmodel.Accepted)); len(evs) != 1 {
		t.Error("an unconfirmed reply was forgotten")
	}
	if _, err := d.step(progress(1, callmodel.Delivered)); err == nil {
		t.Error("more than the bound is remembered")
	}
	big := strings.Repeat("x", 200<<10)
	taken := 0
	for i := range 10 {
		if _, err := d.step(reply(1000+i, big)); err == nil {
			taken++
		}
	}
	if taken != 5 {
		t.Errorf("%d bodies of 200 KiB are held, the bound is 1 MiB", taken)
	}
}

// TestOfferBound: what came beside the texts never makes an offer too large for the log.
func TestOfferBound(t *testing.T) {
	raw := callmodel.Private(strings.Repeat("x", 300<<10))
	offer := callmodel.CallOffered{PSAP: "p", Bearer: callmodel.BearerMSRP,
		Locations:  []callmodel.Location{{Shape: "point", Latitude: "1", Raw: raw}},
		Additional: []callmodel.AdditionalData{{Block: "ServiceInfo", Value: raw}}}
	evs, _, err := firstparty.New(firstparty.Config{}).Step(callmodeltest.Epoch(), callmodel.LegOffered{Leg: "L1", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	got := evs[0].Data.(callmodel.CallOffered)
	if got.Locations[0].Raw != "" || got.Locations[0].Latitude != "1" || got.Additional[0].Value != "" || got.Additional[0].Block == "" {
		t.Error("the offer was not cut to what matters")
	}
	if offer.Locations[0].Raw != raw {
		t.Error("the caller's own offer was changed")
	}
}

// TestAcceptTypes holds RFC 4975 §8.6: "*", whole media types and ranges; texts may be wrapped.
func TestAcceptTypes(t *testing.T) {
	for _, c := range []struct {
		accept, typ string
		want        bool
	}{
		{"*", "image/png", true}, {"text/plain", "text/plain", true}, {"Text/Plain", "text/plain;charset=utf-8", true},
		{"text/*", "text/html", true}, {"text/*", "textual/html", false}, {"text/plain", "text/html", false},
		{"message/cpim", "text/plain", true}, {"message/cpim", "image/png", false}, {"image/*", "image", false},
	} {
		d := newDriver(t)
		d.must(callmodel.LegEstablished{Leg: "L1", Capability: callmodel.Capability{AcceptTypes: []string{"x/y", c.accept}}})
		_, err := d.step(callmodel.ReplyRequested{By: callmodel.CommandRef{Agent: "alice"}, Fence: d.m.View().Fence,
			Message: "r", Content: callmodel.Content{ContentType: c.typ, Body: []byte("x")}})
		if (err == nil) != c.want {
			t.Errorf("accept-types %s, content %s: %v", c.accept, c.typ, err)
		}
	}
}
