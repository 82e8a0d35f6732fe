package sipua

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// OPT-01: OPTIONS outside a dialog gets the status an INVITE would get, with what we can do;
// inside a dialog 200 without a change of state.
func TestOptions(t *testing.T) {
	a := newApp()
	policy := &everyone{}
	bubble(t, Config{Policy: policy, SDP: []byte(answerSDP)}, a, func(t *testing.T, p *far) {
		out := *p
		out.callID = "elsewhere"
		out.send("OPTIONS", 1, "")
		m := p.want("200")
		for _, name := range []string{"allow", "accept", "supported"} {
			if m.get(name) == "" {
				t.Errorf("no %s", name)
			}
		}
		if string(m.body) != answerSDP || m.toTag == "" {
			t.Error("no session description or To tag")
		}
		policy.set(Busy())
		out.send("OPTIONS", 2, "")
		p.want("486")
		policy.set(Away(20 * time.Second))
		out.send("OPTIONS", 3, "")
		if m := p.want("503"); m.get("retry-after") != "20" {
			t.Errorf("Retry-After %q", m.get("retry-after"))
		}
		policy.set(Take())
		in := p.establish(a)
		before := in.Dialog.State()
		p.send("OPTIONS", 2, "")
		p.want("200")
		if after := in.Dialog.State(); after.RemoteSeq != 2 || after.Target != before.Target || string(after.SDP) != string(before.SDP) {
			t.Error("OPTIONS changed the dialog")
		}
	})
}

// Capacity is answered with 486 so that policy routing goes on, being away with 503 and
// Retry-After (NENA-STA-010.3 §4.2.1.3), and nothing is kept of either.
func TestAdmission(t *testing.T) {
	a := newApp()
	policy := &everyone{}
	bubble(t, Config{Policy: policy, MaxCalls: 1}, a, func(t *testing.T, p *far) {
		policy.set(Away(5 * time.Second))
		p.send("INVITE", 1, offerSDP)
		m := p.want("503")
		p.send("INVITE", 1, offerSDP)
		if again := p.want("503"); again.toTag != m.toTag {
			t.Error("a repeat got another To tag")
		}
		if p.ua.Stats().Calls != 0 {
			t.Error("a refused call is held")
		}
		policy.set(Take())
		p.establish(a)
		second := *p
		second.callID, second.ours = "c2", ""
		second.send("INVITE", 1, offerSDP)
		p.want("486")
		second.send("ACK", 1, "")
		p.send("INFO", 2, "")
		p.want("200")
		s := p.ua.Stats()
		if s.Refused[ReasonAway] != 2 || s.Refused[ReasonCapacity] != 1 {
			t.Errorf("refused %v", s.Refused)
		}
	})
}

// Datagrams of unknown addresses are dropped unread; on a stream a stranger gets 403 and is cut.
func TestStrangers(t *testing.T) {
	a := newApp()
	known := &everyone{identify: func(e Evidence) (string, bool) {
		return "esrp", e.Transport == UDP && e.Source.Addr().String() == "192.0.2.50"
	}}
	bubble(t, Config{Policy: known}, a, func(t *testing.T, p *far) {
		for i := range 1000 {
			p.rawFrom("OPTIONS sip:x SIP/2.0\n\n", net.IPv4(198, 51, byte(i>>8), byte(i)), 5060)
		}
		p.establish(a)
		synctest.Wait()
		if got := p.ua.Stats().Refused[ReasonStranger]; got != 1000 {
			t.Errorf("counted %d strangers", got)
		}
	})
	u := startUA(t, Config{Policy: known}, a)
	conn, err := net.Dial("tcp", at(t, u, TCP))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("INVITE urn:service:sos SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <urn:service:sos>\r\nCall-ID: s\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"))
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 4096)
	n, _ := conn.Read(buf)
	if m, err := u.codec.parse(buf[:n]); err != nil || m.code != 403 {
		t.Error("no 403 for a stranger")
	}
	if _, err := conn.Read(buf); err == nil {
		t.Error("the stranger's connection stays open")
	}
}

// Methods: REGISTER 405, unknown 501, SUBSCRIBE 489, requests for unknown dialogs 481, unknown
// extension 420 with its name, encoded body 415, wrong version 505, missing fields 400.
func TestRefusedRequests(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		for method, code := range map[string]string{"REGISTER": "405", "MESSAGE": "405", "REFER": "405", "FROBNICATE": "501",
			"SUBSCRIBE": "489", "BYE": "481", "NOTIFY": "481", "UPDATE": "481", "PRACK": "481", "INFO": "481", "CANCEL": "481"} {
			p.send(method, 1, "")
			m := p.want(code)
			if (code == "405" || code == "501") && m.get("allow") == "" {
				t.Errorf("%s: no Allow", code)
			}
		}
		p.send("INVITE", 1, offerSDP, "Require: timer, teleport")
		if m := p.want("420"); m.get("unsupported") != "teleport" {
			t.Errorf("Unsupported %q", m.get("unsupported"))
		}
		p.send("ACK", 1, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE1")
		p.tag = "t2"
		p.send("INVITE", 2, offerSDP, "Content-Encoding: gzip")
		p.want("415")
		p.send("ACK", 2, "", "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKINVITE2")
		p.raw("OPTIONS sip:x SIP/3.0\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKv\nFrom: <sip:a@b>;tag=1\nTo: <sip:x>\nCall-ID: v\nCSeq: 1 OPTIONS\n\n")
		p.want("505")
		p.raw("OPTIONS sip:x SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKw\nFrom: <sip:a@b>;tag=1\nTo: <sip:x>\nCSeq: 1 OPTIONS\n\n")
		p.want("400")
		p.raw("INVITE sip:x SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKy\nFrom: <sip:a@b>;tag=1\nTo: <sip:x>\nCall-ID: y\nCSeq: 1 BYE\n\n")
		p.want("400")
	})
}

// A MESSAGE inside the dialog is acknowledged only after the application took it; its refusal goes
// back as given.
func TestContentIsAnsweredAfterTheApplication(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		verdict := make(chan error)
		a.onRequest = func(r Request) error { return <-verdict }
		p.establish(a)
		p.send("MESSAGE", 2, "")
		p.quiet(5 * time.Second)
		p.send("MESSAGE", 2, "")
		p.quiet(time.Second)
		verdict <- nil
		p.want("200")
		p.send("MESSAGE", 3, "")
		verdict <- &Refusal{Code: 503, RetryAfter: 3 * time.Second}
		if m := p.want("503"); m.get("retry-after") != "3" {
			t.Errorf("Retry-After %q", m.get("retry-after"))
		}
	})
}

// A callback that panics costs the request it was about, and is counted.
func TestPanicInCallback(t *testing.T) {
	a := newApp()
	a.onRequest = func(Request) error { panic("bug") }
	a.onOffer = func(Offer) ([]byte, error) { panic("bug") }
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.establish(a)
		p.send("MESSAGE", 2, "")
		p.want("500")
		p.send("UPDATE", 3, offerSDP)
		p.want("488")
		p.send("OPTIONS", 4, "")
		p.want("200")
		synctest.Wait() // the answer may leave before the panic is counted
		if got := p.ua.Stats().Errors[ErrorPanic]; got != 2 {
			t.Errorf("counted %d panics", got)
		}
	})
}

// Run ends every dialog and every goroutine; the bubble fails if one stays.
func TestRunEndsEverything(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.establish(a)
		p.callID, p.ours = "c2", ""
		p.send("INVITE", 1, offerSDP)
		p.want("100")
		if err := a.invite(t).Ringing(); err != nil {
			t.Fatal(err)
		}
		p.want("180")
		got := p.place(context.Background(), newApp(), offerSDP)
		p.want("INVITE")
		p.stop()
		for range 2 {
			if e := next[Ended](t, a); e.End.How != HowShutdown {
				t.Errorf("ended %v", e.End)
			}
		}
		if r := <-got; r.err == nil {
			t.Error("a call was made by a UA that had ended")
		}
	})
}

// Texts of a Reason header are quoted, each protocol stands once (RSN-01).
func TestReasonHeader(t *testing.T) {
	w := new(writer)
	addReasons(w, []Reason{ReasonNormal(), ReasonMediaLost(), {Protocol: "SIP", Cause: 200, Text: `say "hi"` + "\r\nX: y"}})
	if got := w.buf.String(); got != `Reason: Q.850;cause=16;text="Normal call clearing", SIP;cause=200;text="say \"hi\"  X: y"`+"\r\n" {
		t.Errorf("%d bytes, not as expected", len(got))
	}
	if r := ReasonMediaLost(); r.Cause != 41 {
		t.Errorf("media lost is %d", r.Cause)
	}
	if r := ReasonResources(); r.Cause != 47 {
		t.Errorf("resources is %d", r.Cause)
	}
}
