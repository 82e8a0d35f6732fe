package sipua

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memDoor is a stream listener in memory: a write blocks until the far end reads, and deadlines
// run on the fake clock.
type memDoor struct {
	in     chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newMemDoor() *memDoor { return &memDoor{in: make(chan net.Conn), closed: make(chan struct{})} }

func (d *memDoor) Accept() (net.Conn, error) {
	select {
	case c := <-d.in:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *memDoor) Close() error   { d.once.Do(func() { close(d.closed) }); return nil }
func (d *memDoor) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 10), Port: 5060} }

// dial connects from an address and returns the far end.
func (d *memDoor) dial(ip net.IP, port int) net.Conn {
	near, farEnd := net.Pipe()
	d.in <- memConn{near, &net.TCPAddr{IP: ip, Port: port}}
	return farEnd
}

type memConn struct {
	net.Conn
	remote net.Addr
}

func (c memConn) RemoteAddr() net.Addr { return c.remote }

// doorBubble runs a UA behind a listener in memory, on the fake clock.
func doorBubble(t *testing.T, p Policy, f func(t *testing.T, u *UA, d *memDoor)) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDoor()
		u := startUA(t, Config{Policy: p, Listeners: []Listener{{Transport: TCP, Stream: d}}}, newApp())
		f(t, u, d)
	})
}

// A peer that does not read what we write holds up its own connection only: while the write waits,
// the connection can be looked up, others are accepted, and the counters can be read.
func TestPeerThatDoesNotRead(t *testing.T) {
	doorBubble(t, &everyone{}, func(t *testing.T, u *UA, d *memDoor) {
		deaf := d.dial(net.IPv4(192, 0, 2, 50), 4000)
		defer deaf.Close()
		if _, err := deaf.Write([]byte("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.50;branch=z9hG4bKd\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the answer is being written
		start := time.Now()
		if s, _ := u.table.find("TCP 192.0.2.50:4000", nil); s == nil {
			t.Error("the connection is gone already")
		}
		_ = u.Stats()
		other := d.dial(net.IPv4(192, 0, 2, 51), 4000)
		defer other.Close()
		if _, err := other.Write([]byte("\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Read(make([]byte, 2)); err != nil {
			t.Error("the other peer got no answer")
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("everybody waited %v for one peer", waited)
		}
	})
}

// A stranger has its ten seconds in all, not ten for every octet.
func TestSlowStranger(t *testing.T) {
	nobody := &everyone{identify: func(Evidence) (string, bool) { return "", false }}
	doorBubble(t, nobody, func(t *testing.T, u *UA, d *memDoor) {
		slow := d.dial(net.IPv4(192, 0, 2, 50), 4000)
		defer slow.Close()
		start := time.Now()
		for time.Since(start) < time.Minute {
			if _, err := slow.Write([]byte("x")); err != nil {
				break
			}
			time.Sleep(strangerTimeout - time.Second)
		}
		if held := time.Since(start); held > 2*strangerTimeout {
			t.Errorf("held a place for %v", held)
		}
	})
}

// One source of strangers cannot take every place: a peer that is known by its certificate only
// is a stranger until it has shown that.
func TestStrangersOfOneSource(t *testing.T) {
	nobody := &everyone{identify: func(Evidence) (string, bool) { return "", false }}
	doorBubble(t, nobody, func(t *testing.T, u *UA, d *memDoor) {
		for i := range 2 * maxStrangers {
			defer d.dial(net.IPv4(192, 0, 2, 50), 1024+i).Close()
		}
		if n := u.Stats().Streams; n != maxStrangersOfOne {
			t.Errorf("%d connections of one source", n)
		}
		defer d.dial(net.IPv4(192, 0, 2, 51), 4000).Close()
		synctest.Wait()
		if n := u.Stats().Streams; n != maxStrangersOfOne+1 {
			t.Errorf("%d connections, the second source has none", n)
		}
		time.Sleep(strangerTimeout + time.Second)
		synctest.Wait()
		if n := len(u.table.sources); n != 0 || u.Stats().Streams != 0 {
			t.Errorf("%d sources kept", n)
		}
	})
}

// A header field of a body part folded over every line of the body costs no more than the body.
func TestFoldedWithoutEnd(t *testing.T) {
	piece := "Content-Type: text/plain\r\n" + strings.Repeat(" a\n", 80<<10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	partHeaders([]byte(piece))
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > uint64(10*len(piece)) {
		t.Errorf("%d bytes allocated for a body of %d", n, len(piece))
	}
	h, rest := partHeaders([]byte("Content-Type: text/plain;\r\n charset=utf-8\r\n\r\nhello"))
	if h.contentType != "text/plain; charset=utf-8" || !bytes.Equal(rest, []byte("hello")) {
		t.Error("an ordinary folded field is not read")
	}
}
