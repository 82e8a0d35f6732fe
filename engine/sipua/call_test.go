package sipua

import (
	"crypto/tls"
	"strings"
	"testing"
)

const (
	offerSDP  = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=path:msrp://192.0.2.1:2855/a;tcp\r\na=accept-types:text/plain\r\n"
	answerSDP = "v=0\r\no=b 2 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=path:msrp://192.0.2.2:2855/b;tcp\r\na=accept-types:text/plain\r\n"
)

// TestCallOverEachTransport walks a call from INVITE to BYE in both directions over real sockets.
func TestCallOverEachTransport(t *testing.T) {
	cert, pool := testCert(t, "engine.example")
	secure := &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	for _, tr := range []Transport{UDP, TCP, TLS} {
		t.Run(string(tr), func(t *testing.T) {
			callee, caller := newApp(), newApp()
			listen := []Listener{{Transport: tr, Address: "127.0.0.1:0", TLS: secure}}
			client := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}
			uas := startUA(t, Config{Listeners: listen, ClientTLS: client}, callee)
			uac := startUA(t, Config{Listeners: listen, ClientTLS: client}, caller)

			type placed struct {
				d      *Dialog
				answer []byte
				err    error
			}
			got := make(chan placed, 1)
			go func() {
				d, answer, err := uac.Invite(within(t), Outgoing{
					Target: "urn:service:sos", Route: []string{"sip:text-q@" + at(t, uas, tr) + ";transport=" + strings.ToLower(string(tr)) + ";lr"},
					Offer: []byte(offerSDP),
				}, caller)
				got <- placed{d, answer, err}
			}()
			in := callee.invite(t)
			if in.RequestURI != "urn:service:sos" || !strings.HasPrefix(in.Queue, "sip:text-q@") || !in.Top {
				t.Errorf("request URI %q, queue %q", in.RequestURI, in.Queue)
			}
			if string(in.Offer) != offerSDP || !strings.HasPrefix(in.Raw.Reveal(), "INVITE urn:service:sos SIP/2.0\r\n") {
				t.Error("offer or raw INVITE differ from what was sent")
			}
			if err := in.Ringing(); err != nil {
				t.Fatal(err)
			}
			if p := next[Progress](t, caller); p.Code != 180 {
				t.Errorf("progress %d, want 180", p.Code)
			}
			if err := in.Answer(within(t), []byte(answerSDP)); err != nil {
				t.Fatal(err)
			}
			p := <-got
			if p.err != nil || string(p.answer) != answerSDP {
				t.Fatalf("invite: %v", p.err)
			}
			next[Confirmed](t, callee)
			callee.mu.Lock()
			callee.onOffer = func(o Offer) ([]byte, error) { return []byte(answerSDP + "a=sendrecv\r\n"), nil }
			callee.mu.Unlock()
			if a, err := p.d.Reinvite(within(t), []byte(offerSDP+"a=sendonly\r\n")); err != nil || !strings.Contains(string(a), "sendrecv") {
				t.Fatalf("re-INVITE: %v", err)
			}
			next[Confirmed](t, callee)
			if code, err := in.Dialog.Send(within(t), Message{Method: "INFO", ContentType: "text/plain", Body: "x"}); err != nil || code != 200 {
				t.Fatalf("INFO: %d %v", code, err)
			}
			if err := in.Dialog.Bye(within(t), ReasonNormal()); err != nil {
				t.Fatal(err)
			}
			if e := next[Ended](t, callee); e.End.By != PartyLocal || e.End.How != HowBye || e.End.Code != 200 {
				t.Errorf("callee ended %v", e.End)
			}
			e := next[Ended](t, caller)
			if e.End.By != PartyPeer || e.End.How != HowBye || len(e.End.Reasons) != 1 || e.End.Reasons[0].Cause != 16 {
				t.Errorf("caller ended %v", e.End)
			}
		})
	}
}
