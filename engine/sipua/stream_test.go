package sipua

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// caller is a scripted TCP element on a real socket.
type caller struct {
	t       *testing.T
	conn    net.Conn
	f       framer
	c       codec
	contact string   // host and port; empty: those of the connection
	routes  []string // Record-Route lines of its INVITEs
}

func dialTCP(t *testing.T, addr string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &caller{t: t, conn: conn, f: framer{limit: 1 << 20}, c: newCodec(1 << 20)}
}

func (c *caller) message(method string, seq int, toTag, callID, body string, headers ...string) []byte {
	to := "<urn:service:sos>"
	if toTag != "" {
		to += ";tag=" + toTag
	}
	contact := c.contact
	if contact == "" {
		contact = c.conn.LocalAddr().String()
	}
	headers = append(headers, c.routes...)
	lines := append([]string{method + " urn:service:sos SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/TCP %s;branch=z9hG4bK%s%d%s", c.conn.LocalAddr(), method, seq, callID),
		"From: <sip:caller@far.example>;tag=far", "To: " + to, "Call-ID: " + callID, fmt.Sprintf("CSeq: %d %s", seq, method),
		"Contact: <sip:caller@" + contact + ";transport=tcp>", "Content-Type: application/sdp"}, headers...)
	return []byte(strings.Join(append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", ""), "\r\n") + body)
}

func (c *caller) send(data []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(data); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) want(what string) *message {
	c.t.Helper()
	buf := make([]byte, 64<<10)
	for {
		data, err := c.f.next()
		if err != nil {
			c.t.Fatal(err)
		}
		if data != nil {
			m, err := c.c.parse(data)
			if err != nil {
				c.t.Fatal(err)
			}
			got := m.method
			if m.code != 0 {
				got = fmt.Sprint(m.code)
			}
			if got != what {
				c.t.Fatalf("the UA sent %s, want %s", got, what)
			}
			return m
		}
		_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := c.conn.Read(buf)
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", what, err)
		}
		c.f.write(buf[:n])
	}
}

func (c *caller) call(a *app, callID string) *Invitation {
	c.t.Helper()
	c.send(c.message("INVITE", 1, "", callID, offerSDP))
	c.want("100")
	in := a.invite(c.t)
	if err := in.Answer(context.Background(), []byte(answerSDP)); err != nil {
		c.t.Fatal(err)
	}
	c.send(c.message("ACK", 1, c.want("200").toTag, callID, ""))
	next[Confirmed](c.t, a)
	return in
}

// SIP-14: an INVITE of 128 KiB passes over TCP whole.
func TestLargeInvite(t *testing.T) {
	a := newApp()
	u := startUA(t, Config{}, a)
	c := dialTCP(t, at(t, u, TCP))
	big := strings.Repeat("x", 128<<10)
	body := "--b\r\nContent-Type: application/sdp\r\n\r\n" + offerSDP + "\r\n--b\r\nContent-Type: text/plain\r\nContent-ID: <big@x>\r\n\r\n" + big + "\r\n--b--\r\n"
	msg := bytes.Replace(c.message("INVITE", 1, "", "big", body), []byte("application/sdp\r\nContent-Length"), []byte("multipart/mixed;boundary=b\r\nContent-Length"), 1)
	c.send(msg)
	in := a.invite(t)
	if p, ok := in.Part("cid:big@x"); !ok || p.Body.Reveal() != big || string(in.Offer) != offerSDP || in.Raw.Reveal() != string(msg) {
		t.Error("the message did not arrive as sent")
	}
}

// SIP-15: framing by Content-Length with one octet a segment, two messages in one segment, and a
// CRLF CRLF keep-alive answered with CRLF.
func TestStreamFraming(t *testing.T) {
	a := newApp()
	u := startUA(t, Config{}, a)
	c := dialTCP(t, at(t, u, TCP))
	for _, b := range c.message("OPTIONS", 1, "", "slow", "body") {
		c.send([]byte{b})
	}
	c.want("200")
	c.send(append(c.message("OPTIONS", 2, "", "two", ""), c.message("OPTIONS", 3, "", "two", offerSDP)...))
	c.want("200")
	c.want("200")
	c.send([]byte("\r\n\r\n"))
	pong := make([]byte, 2)
	_ = c.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadFull(c.conn, pong); err != nil || string(pong) != "\r\n" {
		t.Errorf("pong %q, %v", pong, err)
	}
}

// The framer gives the same messages at any cut (SIP-15).
func TestFramerAtEveryCut(t *testing.T) {
	one := "OPTIONS sip:a SIP/2.0\r\nl: 5\r\n\r\nhello"
	all := []byte("\r\n" + one + "\r\n\r\n" + one + one)
	for cut := 1; cut < len(all); cut++ {
		f := framer{limit: 1000}
		var got []string
		for _, piece := range [][]byte{all[:cut], all[cut:]} {
			f.write(piece)
			for {
				m, err := f.next()
				if err != nil {
					t.Fatal(err)
				}
				if m == nil {
					break
				}
				got = append(got, string(m))
			}
		}
		if len(got) != 3 || got[0] != one || got[1] != one || got[2] != one || f.takePings() != 1 {
			t.Fatalf("cut at %d: %d messages", cut, len(got))
		}
	}
}

// SIP-16: responses and requests of ours go over the connection the call came on; after it died a
// new one is opened to the remote target.
func TestBackOverTheSameConnection(t *testing.T) {
	a := newApp()
	u := startUA(t, Config{}, a)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := dialTCP(t, at(t, u, TCP))
	done := make(chan error, 2)
	end := func(in *Invitation) {
		t.Helper()
		go func() { done <- in.Dialog.Bye(within(t)) }()
		bye := c.want("BYE")
		c.send([]byte("SIP/2.0 200 OK\r\nVia: " + bye.get("via") + "\r\nFrom: " + bye.get("from") + "\r\nTo: " + bye.get("to") + "\r\nCall-ID: " + bye.callID + "\r\nCSeq: " + bye.get("cseq") + "\r\nContent-Length: 0\r\n\r\n"))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		next[Ended](t, a)
	}
	c.contact = "127.0.0.1:9" // nobody listens there
	end(c.call(a, "same host"))
	c.routes = []string{"Record-Route: <sip:esrp.invalid;transport=tcp;lr>"}
	end(c.call(a, "route"))
	c.contact, c.routes = "", nil
	second := c.call(a, "other")
	tag := second.Dialog.State().LocalTag
	c.send(bytes.Replace(c.message("UPDATE", 2, tag, "other", ""), []byte("sip:caller@"+c.conn.LocalAddr().String()), []byte("sip:caller@"+l.Addr().String()), 1))
	c.want("200")
	_ = c.conn.Close()
	for u.Stats().Streams != 0 {
		time.Sleep(time.Millisecond)
	}
	go func() { done <- second.Dialog.Bye(within(t)) }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	again := &caller{t: t, conn: conn, f: framer{limit: 1 << 20}, c: newCodec(1 << 20)}
	if m := again.want("BYE"); m.callID != "other" {
		t.Errorf("BYE of %s", m.callID)
	}
}

// A TLS peer is known by a name in its certificate; one without gets 403 (RFC 5922 §7).
func TestPeerByCertificate(t *testing.T) {
	cert, pool := testCert(t, "esrp1.ngcs.example")
	policy := &everyone{identify: func(e Evidence) (string, bool) {
		for _, n := range e.Names {
			if n == "esrp1.ngcs.example" {
				return "esrp1", true
			}
		}
		return "", false
	}}
	server := &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	u := startUA(t, Config{Policy: policy, Listeners: []Listener{{Transport: TLS, Address: "127.0.0.1:0", TLS: server}}}, newApp())
	for _, withCert := range []bool{true, false} {
		cfg := &tls.Config{RootCAs: pool}
		if withCert {
			cfg.Certificates = []tls.Certificate{cert}
		}
		conn, err := tls.Dial("tcp", at(t, u, TLS), cfg)
		if err != nil {
			t.Fatal(err)
		}
		c := &caller{t: t, conn: conn, f: framer{limit: 1 << 20}, c: newCodec(1 << 20)}
		c.send(c.message("OPTIONS", 1, "", "o", ""))
		if withCert {
			c.want("200")
		} else {
			c.want("403")
		}
		_ = conn.Close()
	}
	old := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", at(t, u, TLS), old); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 was accepted")
	}
}
