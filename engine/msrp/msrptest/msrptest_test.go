package msrptest

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const a, b = "msrp://192.0.2.1:2855/aaaa;tcp", "msrp://192.0.2.2:2855/bbbb;tcp"

func TestPipeReadSizes(t *testing.T) {
	x, y := Pipe(PipeOptions{ReadSize: func() int { return 3 }})
	if _, err := x.Write([]byte("1234567")); err != nil {
		t.Fatal(err)
	}
	x.Close()
	var sizes []int
	buf := make([]byte, 100)
	for {
		n, err := y.Read(buf)
		if err == io.EOF {
			break
		}
		sizes = append(sizes, n)
	}
	if len(sizes) != 3 || sizes[0] != 3 || sizes[2] != 1 {
		t.Errorf("read sizes %v, want 3 3 1", sizes)
	}
	if _, err := y.Write([]byte("x")); err == nil {
		t.Error("write to a closed end succeeded")
	}
}

func TestPipeWaitsAndTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, y := Pipe(PipeOptions{Capacity: 4})
		start := time.Now()
		if err := x.SetWriteDeadline(start.Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := x.Write([]byte("123456"))
		if n != 4 || !os.IsTimeout(err) || time.Since(start) != 30*time.Second {
			t.Errorf("wrote %d, %v after %v", n, err, time.Since(start))
		}
		if err := y.SetReadDeadline(start); err != nil {
			t.Fatal(err)
		}
		if _, err := y.Read(make([]byte, 1)); !os.IsTimeout(err) {
			t.Errorf("read after the deadline: %v", err)
		}
		x.Close()
		y.Close()
	})
}

func TestPeerCutsFrames(t *testing.T) {
	x, y := Pipe(PipeOptions{ReadSize: func() int { return 1 }})
	p := NewPeer(y)
	body := "line\r\n-------other$\r\n-------id000001x\r\nend"
	wire := Send("id000001", a, b, "mess1", body) + "MSRP id000002 200 OK\r\nTo-Path: " + a + "\r\nFrom-Path: " + b + "\r\n-------id000002$\r\n"
	go func() { _, _ = x.Write([]byte(wire)); x.Close() }()
	f, err := p.Next()
	if err != nil || f.Method != "SEND" || f.Body != body || f.Flag != '$' || f.Header("message-id") != "mess1" {
		t.Fatalf("got %+v, %v", f, err)
	}
	if f, err = p.Next(); err != nil || f.Code != 200 || f.HasBody {
		t.Fatalf("got %+v, %v", f, err)
	}
	if rest, err := p.ReadEOF(); rest != "" || err != nil {
		t.Errorf("%q left, %v", rest, err)
	}
}

func TestPeerRefusesRubbish(t *testing.T) {
	x, y := Pipe(PipeOptions{})
	go func() { _, _ = x.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }()
	if _, err := NewPeer(y).Next(); err != ErrNotMSRP {
		t.Errorf("got %v, want ErrNotMSRP", err)
	}
}

// The generator against the raw echo, and against a server of literal
// responses: every exchange under new ids.
func TestLoad(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); Echo(l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	load := Load{Total: 50, Sessions: []LoadSession{{Conn: c, To: a, From: b, Body: strings.Repeat("x", 160), Echo: true}}}
	r, err := load.Run(context.Background())
	if err != nil || r.Exchanges != 50 || r.Failed != 0 || r.Latency.Quantile(0.5) <= 0 {
		t.Errorf("echo: %+v, %v", r.Exchanges, err)
	}
	c.Close()
	l.Close()
	<-ended

	x, y := Pipe(PipeOptions{})
	seen := map[string]bool{}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for p := NewPeer(y); ; {
			f, err := p.Next()
			if err != nil || p.Write(Respond(f, "200 OK")) != nil {
				return
			}
			seen[f.TransactionID+f.Header("Message-ID")] = true
		}
	}()
	load = Load{Total: 20, Sessions: []LoadSession{{Conn: x, To: a, From: b, Body: "hello"}}}
	if r, err = load.Run(context.Background()); err != nil || r.Exchanges != 20 || r.Failed != 0 {
		t.Errorf("responses: %d done, %d failed, %v", r.Exchanges, r.Failed, err)
	}
	x.Close()
	<-served
	if len(seen) != 21 { // one more to learn the response's length
		t.Errorf("%d different requests, want 21", len(seen))
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for i := range 1000 {
		h.Record(time.Duration(i+1) * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Microsecond, 0.99: 990 * time.Microsecond, 1: time.Millisecond} {
		got := h.Quantile(q)
		if got < want*93/100 || got > want*107/100 {
			t.Errorf("quantile %g is %v, want about %v", q, got, want)
		}
	}
}
