package sipua

import (
	"context"
	"encoding/json"
	"testing"
)

// A dialog outlives its process: from the journaled state another UA matches the far end's requests,
// re-INVITEs with a rising CSeq over the stored routes, and ends it.
func TestRestore(t *testing.T) {
	a := newApp()
	var saved []byte
	var old far
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		in := p.establish(a, "Record-Route: <sip:192.0.2.50;lr>", "Supported: timer", "Session-Expires: 600;refresher=uac")
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = in.Dialog.Send(context.Background(), Message{Method: "INFO"})
		}()
		p.reply(p.want("INFO"), 200, "")
		<-sent
		var err error
		if saved, err = json.Marshal(in.Dialog.State()); err != nil {
			t.Fatal(err)
		}
		old = *p
	})
	b := newApp()
	bubble(t, Config{EndOnExpiry: true}, b, func(t *testing.T, p *far) {
		p.callID, p.tag, p.ours = old.callID, old.tag, old.ours
		p.send("OPTIONS", 2, "")
		p.want("481")
		var s State
		if err := json.Unmarshal(saved, &s); err != nil {
			t.Fatal(err)
		}
		d, err := p.ua.Restore(s, b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.ua.Restore(s, b); err == nil {
			t.Error("a live dialog was taken up twice")
		}
		p.send("INFO", 3, "")
		p.want("200")
		p.send("INFO", 2, "")
		p.want("500")
		got := make(chan error, 1)
		go func() { _, err := d.Reinvite(context.Background(), []byte(answerSDP+"a=new\r\n")); got <- err }()
		m := p.want("INVITE")
		if m.seq <= s.LocalSeq || m.fromTag != old.ours || m.toTag != old.tag || m.get("route") != "<sip:192.0.2.50;lr>" || m.uri != "sip:caller@192.0.2.50:5060" {
			t.Error("the re-INVITE does not continue the dialog")
		}
		p.reply(m, 200, offerSDP, "Session-Expires: 600;refresher=uas")
		p.want("ACK")
		if err := <-got; err != nil {
			t.Error(err)
		}
		p.reply(p.want("BYE"), 200, "") // the session timer runs again
		next[Ended](t, b)
		if _, err := p.ua.Restore(State{}, b); err == nil {
			t.Error("an empty state was taken")
		}
	})
}
