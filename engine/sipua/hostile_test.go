package sipua

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A call beside a flood of garbage, malformed INVITEs, oversize messages and half-open connections
// goes on undisturbed: every INFO in it is answered, and nothing of the flood is kept.
func TestHostileNeighbours(t *testing.T) {
	a := newApp()
	u := startUA(t, Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}, a)
	good := dialTCP(t, at(t, u, TCP))
	in := good.call(a, "good")
	tag := in.Dialog.State().LocalTag
	stop := make(chan struct{})
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		flood(t, u, stop)
	}()
	var slowest time.Duration
	for seq := 2; seq < 300; seq++ {
		start := time.Now()
		good.send(good.message("INFO", seq, tag, "good", ""))
		good.want("200")
		slowest = max(slowest, time.Since(start))
	}
	close(stop)
	<-flooded
	if slowest > 2*time.Second {
		t.Errorf("slowest answer took %v", slowest)
	}
	s := u.Stats()
	if s.Errors[ErrorParse] == 0 || s.Refused[ReasonMalformed] == 0 || s.Refused[ReasonTooLarge] == 0 {
		t.Errorf("not counted: %v %v", s.Errors, s.Refused)
	}
	if s.Errors[ErrorPanic] != 0 {
		t.Errorf("%d panics", s.Errors[ErrorPanic])
	}
	if s.Calls != 1 || s.Dialogs != 1 {
		t.Errorf("%d calls and %d dialogs held", s.Calls, s.Dialogs)
	}
}

func flood(t *testing.T, u *UA, stop chan struct{}) {
	r := rand.New(rand.NewPCG(1, 2))
	to, err := net.Dial("udp", at(t, u, UDP))
	if err != nil {
		t.Error(err)
		return
	}
	defer to.Close()
	valid := "INVITE urn:service:sos SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKq\r\nFrom: <sip:a@b>;tag=q\r\nTo: <urn:service:sos>\r\nCall-ID: q\r\nCSeq: 1 INVITE\r\n\r\n"
	var open []net.Conn
	for i := 0; ; i++ {
		select {
		case <-stop:
			for _, c := range open {
				_ = c.Close()
			}
			return
		default:
		}
		junk := make([]byte, r.IntN(1500))
		for j := range junk {
			junk[j] = byte(r.IntN(256))
		}
		_, _ = to.Write(junk)
		for _, cut := range []string{"Call-ID: q\r\n", "From: <sip:a@b>;tag=q\r\n", "CSeq: 1 INVITE\r\n", "To: <urn:service:sos>\r\n"} {
			_, _ = to.Write([]byte(strings.Replace(valid, cut, "", 1)))
		}
		if i%20 == 0 && len(open) < 200 {
			if c, err := net.Dial("tcp", at(t, u, TCP)); err == nil {
				open = append(open, c)
				switch i % 60 {
				case 20:
					_, _ = c.Write([]byte("INVITE sip:x SIP/2.0\r\nContent-Length: 999999999\r\n\r\n"))
				case 40:
					_, _ = c.Write(junk)
				}
			}
		}
	}
}

// A thousand sources that are not known leave nothing behind.
func TestManySources(t *testing.T) {
	a := newApp()
	only := &everyone{identify: func(e Evidence) (string, bool) { return "", false }}
	u := startUA(t, Config{Policy: only, Listeners: []Listener{{Transport: UDP, Address: "127.0.0.1:0"}}}, a)
	deadline := time.Now().Add(10 * time.Second)
	for u.Stats().Refused[ReasonStranger] < 1000 && time.Now().Before(deadline) { // a busy machine drops datagrams
		c, err := net.Dial("udp", at(t, u, UDP))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("OPTIONS sip:x SIP/2.0\r\n\r\n"))
		_ = c.Close()
	}
	if s := u.Stats(); s.Refused[ReasonStranger] < 1000 || s.Calls != 0 || s.Streams != 0 {
		t.Errorf("%d counted, %d calls, %d streams", s.Refused[ReasonStranger], s.Calls, s.Streams)
	}
}

// A line end inside a header field is never echoed: the answer has the lines it should have.
func TestNoHeaderInjection(t *testing.T) {
	a := newApp()
	bubble(t, Config{}, a, func(t *testing.T, p *far) {
		p.net.in <- datagram{[]byte("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKi\r\nFrom: <sip:a@b>;tag=1\nX-Evil: 1\r\nTo: <sip:x>\rX-Worse: 1\r\nCall-ID: i\r\nCSeq: 1 OPTIONS\r\n\r\n"),
			&net.UDPAddr{IP: net.IPv4(192, 0, 2, 50), Port: 5060}}
		p.want("200")
		p.net.in <- datagram{[]byte("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKj\r\nFrom: <sip:a@b>;tag=1\nX-Evil: 1\r\nTo: <sip:x>\r\nCall-ID: i\r\nCSeq: 1 OPTIONS\r\n\r\n"),
			&net.UDPAddr{IP: net.IPv4(192, 0, 2, 50), Port: 5060}}
		d := <-p.net.out
		if bytes.Contains(d.data, []byte("X-Evil")) || bareLineEnd(d.data[:bytes.Index(d.data, []byte("\r\n\r\n"))]) {
			t.Error("a line of the sender got into the answer")
		}
	})
}

// A whole call at debug level leaves no number, name, body or coordinate in the log.
func TestNothingPrivateIsLogged(t *testing.T) {
	var log bytes.Buffer
	a := newApp()
	a.onRequest = func(Request) error { return errors.New("refuse") }
	cfg := Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	bubble(t, cfg, a, func(t *testing.T, p *far) {
		p.send("INVITE", 1, offerSDP, "P-Asserted-Identity: <sip:+16125550118@t.example>", "Geolocation: <https://lis.example/secret>")
		p.want("100")
		in := a.invite(t)
		for _, v := range []string{fmt.Sprintf("%v", in.Facts), fmt.Sprintf("%+v", *in), fmt.Sprintf("%s", in.Raw)} {
			if strings.Contains(v, "5550118") || strings.Contains(v, "secret") {
				t.Error("formatting an invitation shows private text")
			}
		}
		if err := in.Answer(context.Background(), []byte(answerSDP)); err != nil {
			t.Fatal(err)
		}
		p.ours = p.want("200").toTag
		p.send("ACK", 1, "")
		p.send("MESSAGE", 2, "help me 44.9778")
		p.want("500")
		p.raw("garbage 44.9778 +16125550118\n\n")
		p.send("BYE", 3, "")
		p.want("200")
	})
	for _, secret := range []string{"5550118", "44.9778", "secret", "help me"} {
		if strings.Contains(log.String(), secret) {
			t.Error("the log holds private text")
		}
	}
}

// Memory of an idle confirmed dialog is bounded and needs no goroutine; the transactions are gone.
func TestIdleDialogsAreCheap(t *testing.T) {
	const calls = 5000
	a := newApp()
	a.onInvite = func(in *Invitation) { _ = in.Answer(context.Background(), []byte(answerSDP)) }
	bubble(t, Config{SessionExpires: -1}, a, func(t *testing.T, p *far) {
		a.invites = make(chan *Invitation, 1)
		go func() {
			for range a.invites { // let go of the facts, as an application does
			}
		}()
		go func() {
			for range a.events {
			}
		}()
		before, routines := heap(), runtime.NumGoroutine()
		for i := range calls {
			p.callID, p.ours = fmt.Sprintf("%d@far.example", i), ""
			p.send("INVITE", 1, offerSDP, "Record-Route: <sip:esrp1.ngcs.example;lr>", "Record-Route: <sip:bcf1.ngcs.example;lr>")
			p.want("100")
			p.ours = p.want("200").toTag
			p.send("ACK", 1, "")
		}
		p.quiet(2 * time.Minute) // past 64*T1
		after := heap()
		s := p.ua.Stats()
		if s.Dialogs != calls {
			t.Fatalf("%d dialogs", s.Dialogs)
		}
		each := (int64(after) - int64(before)) / calls
		t.Logf("%d bytes per idle dialog, %d more goroutines for %d", each, runtime.NumGoroutine()-routines, calls)
		if each > 6000 {
			t.Errorf("%d bytes per idle dialog", each)
		}
		if n := runtime.NumGoroutine() - routines; n > 10 {
			t.Errorf("%d goroutines more", n)
		}
		close(a.invites)
		p.stop()
		close(a.events)
	})
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
