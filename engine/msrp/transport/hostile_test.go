package transport

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

// beside keeps a conversation going on a connection of its own while attack
// runs, and fails when one of its messages is not answered or takes longer than
// a second.
func beside(t *testing.T, e *Endpoint, l *Listener, attack func(t *testing.T)) {
	t.Helper()
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	p := dialPeer(t, l)
	to := s.URI().Wire()
	answered(t, p, "bind0001", msrptest.Bind("bind0001", to, peerURI, "mBind01"), 200)
	stop := make(chan struct{})
	var talk sync.WaitGroup
	n := 0
	var slowest time.Duration
	talk.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			n++
			id := fmt.Sprintf("calm%06d", n)
			start := time.Now()
			if err := p.Write(msrptest.Send(id, to, peerURI, "m"+id, "calm")); err != nil {
				t.Error(err)
				return
			}
			if f, err := p.Response(id); err != nil || f.Code != 200 {
				t.Errorf("%s: %+v, %v", id, f, err)
				return
			}
			slowest = max(slowest, time.Since(start))
		}
	})
	attack(t)
	time.Sleep(20 * time.Millisecond)
	close(stop)
	talk.Wait()
	h.until(t, "every message of the conversation", func() bool { return len(h.messages) == n })
	if n == 0 || slowest > time.Second {
		t.Errorf("%d messages beside the attack, the slowest took %v", n, slowest)
	}
	if h.holds(func() bool { return len(h.lost) > 0 }) || !s.Bound() {
		t.Error("the conversation lost its connection")
	}
}

// Header bombs: 400 where the frame can be answered, and the connection ends.
func TestOversizeHeaders(t *testing.T) {
	e, l := running(t, testConfig())
	s := newSession(t, e, l, listen(Accepted).handler())
	beside(t, e, l, func(t *testing.T) {
		head := "MSRP bomb0001 SEND\r\nTo-Path: " + s.URI().Wire() + "\r\nFrom-Path: " + peerURI + "\r\nMessage-ID: mBomb01\r\n"
		for name, wire := range map[string]string{
			"line":       head + "X-Long: " + strings.Repeat("x", 1<<20),
			"section":    head + strings.Repeat("X-One: "+strings.Repeat("y", 8000)+"\r\n", 20),
			"count":      head + strings.Repeat("a:b\r\n", 200) + "-------bomb0001$\r\n",
			"start-line": "MSRP " + strings.Repeat("z", 1<<20),
		} {
			p := dialPeer(t, l)
			_ = p.Write(wire) // the other side may have closed half way through
			rest, err := p.ReadEOF()
			if err != nil {
				t.Errorf("%s: not closed: %v", name, err)
			}
			if strings.Contains(rest, " 200 ") || name != "start-line" && rest != "" && !strings.Contains(rest, "MSRP bomb0001 400 ") {
				t.Errorf("%s: answered %.40q", name, rest)
			}
		}
	})
	eventually(t, "the count", func() bool { return e.Stats().Ended["protocol"] == 4 })
}

// A body without end: 413 in the middle, and nothing kept.
func TestEndlessBody(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s, err := e.NewSession(l, session.Config{MaxMessage: 10000}, h.handler())
	if err != nil {
		t.Fatal(err)
	}
	beside(t, e, l, func(t *testing.T) {
		p := dialPeer(t, l)
		write(t, p, "MSRP endless1 SEND\r\nTo-Path: "+s.URI().Wire()+"\r\nFrom-Path: "+peerURI+
			"\r\nMessage-ID: mEndless\r\nByte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n")
		for range 200 {
			write(t, p, strings.Repeat("never-ending ", 1000))
		}
		if f, err := p.Response("endless1"); err != nil || f.Code != 413 {
			t.Fatalf("%+v, %v", f, err)
		}
		write(t, p, "\r\n-------endless1$\r\n")
		answered(t, p, "after001", msrptest.Send("after001", s.URI().Wire(), peerURI, "mAfter1", "fits"), 200)
	})
	if !h.holds(func() bool { return len(h.messages) == 1 }) {
		t.Errorf("%d messages, want the one that fits", len(h.received()))
	}
}

// Rubbish after a valid frame: the frame is answered, the connection ends.
func TestGarbageAfterFrame(t *testing.T) {
	e, l := running(t, testConfig())
	beside(t, e, l, func(t *testing.T) {
		for i, garbage := range []string{"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", strings.Repeat("\x00", 5000), "MSRP a\r\n"} {
			h := listen(Accepted)
			s := newSession(t, e, l, h.handler())
			p := dialPeer(t, l)
			write(t, p, msrptest.Send("valid001", s.URI().Wire(), peerURI, "mValid1", "valid")+garbage)
			if i == 1 { // a TLS hello has no line end: it is up to the peer to go on
				write(t, p, strings.Repeat("x", 4000))
			}
			rest, err := p.ReadEOF()
			if err != nil || !strings.HasPrefix(rest, "MSRP valid001 200 ") {
				t.Errorf("garbage %d: %.40q, %v", i, rest, err)
			}
			p.Close()
			h.until(t, "the loss", func() bool { return len(h.lost) == 1 && len(h.messages) == 1 })
		}
	})
}

// Wrong session ids from many connections, a few of them with a real host.
func TestWrongSessionIDs(t *testing.T) {
	e, l := running(t, testConfig())
	beside(t, e, l, func(t *testing.T) {
		for i := range 50 {
			p := dialPeer(t, l)
			u := l.URI()
			u.SessionID = msrp.SessionID(fmt.Sprintf("Guess%019d", i))
			for _, id := range []string{"guess001", "guess002"} {
				answered(t, p, id, msrptest.Send(id, u.Wire(), peerURI, "mGuess1", "let me in"), 481)
			}
			write(t, p, msrptest.Bind("guess003", u.Wire(), peerURI, "mGuess3"))
			if _, err := p.ReadEOF(); err != nil {
				t.Fatalf("not closed after three: %v", err)
			}
			p.Close()
		}
	})
	if got := e.Stats().UnknownSession; got != 150 {
		t.Errorf("%d counted, want 150", got)
	}
}

// A sender that dribbles inside a frame, bound or not, holds nobody up.
func TestSlowSender(t *testing.T) {
	cfg := testConfig()
	cfg.HeadTimer, cfg.Probation, cfg.Drain = 300*time.Millisecond, 300*time.Millisecond, 50*time.Millisecond
	e, l := running(t, cfg)
	s := newSession(t, e, l, listen(Accepted).handler())
	beside(t, e, l, func(t *testing.T) {
		p, q := dialPeer(t, l), dialPeer(t, l)
		answered(t, q, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		var both sync.WaitGroup
		for _, one := range []*msrptest.Peer{p, q} {
			both.Go(func() {
				start := time.Now()
				wire := msrptest.Send("slow0001", s.URI().Wire(), peerURI, "mSlow01", "x")
				_ = one.WriteSlowly(wire, 1, func() { time.Sleep(20 * time.Millisecond) })
				if _, err := one.ReadEOF(); err != nil || time.Since(start) > 3*time.Second {
					t.Errorf("open for %v, %v", time.Since(start), err)
				}
			})
		}
		both.Wait()
	})
	eventually(t, "the count", func() bool { return e.Stats().Ended["protocol"] == 2 })
}

// SEC-02, SEC-27: 10,000 half-open connections. The oldest give way, the memory
// stays bounded, and an honest caller binds in between.
func TestHalfOpenFlood(t *testing.T) {
	const flood = 10000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < flood+3000 {
		t.Fatalf("needs %d descriptors, has %d", flood+3000, limit.Cur)
	}
	e, l := running(t, Config{PerSource: 2 * flood, PerSourceRate: 2 * flood})
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	beside(t, e, l, func(t *testing.T) {
		part := []byte("MSRP half0001 SEND\r\nTo-Path: msrp://x")
		for i := range flood {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
			open = append(open, c)
			_, _ = c.Write(part)
			if i == flood/2 {
				p := dialPeer(t, l)
				answered(t, p, "honest01", msrptest.Send("honest01", s.URI().Wire(), peerURI, "mHonest", "help"), 200)
			}
		}
	})
	eventually(t, "the evictions", func() bool {
		st := e.Stats()
		return st.Accepted >= flood && st.Unbound <= DefaultMaxUnbound && st.Ended["evicted"] >= flood-DefaultMaxUnbound
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	st := e.Stats()
	perConn := int64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse) / int64(max(1, st.Connections))
	t.Logf("%d octets for each of %d connections", perConn, st.Connections)
	if perConn > 128<<10 {
		t.Errorf("%d octets for each connection", perConn)
	}
	if !h.holds(func() bool { return len(h.messages) == 1 }) || !s.Bound() {
		t.Error("the honest caller was not served")
	}
}

// B09: 10,000 frames in one write, all in order, with two goroutines at most.
func TestManyFramesInOneWrite(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	p := dialPeer(t, l)
	p.Timeout = 20 * time.Second
	const n = 10000
	var wire strings.Builder
	for i := range n {
		wire.WriteString(msrptest.Send(fmt.Sprintf("many%06d", i), s.URI().Wire(), peerURI, fmt.Sprintf("mMany%06d", i), "abc"))
	}
	go func() { _ = p.Write(wire.String()) }()
	for i := range n {
		f, err := p.Next()
		if err != nil || f.Code != 200 || f.TransactionID != fmt.Sprintf("many%06d", i) {
			t.Fatalf("response %d: %+v, %v", i, f, err)
		}
	}
	h.until(t, "all messages", func() bool { return len(h.messages) == n })
	for i, m := range h.received() {
		if string(m.ID) != fmt.Sprintf("mMany%06d", i) {
			t.Fatalf("message %d out of order", i)
		}
	}
}

// FRM-36: a hundred goroutines send on one connection; the other side sees whole
// frames only.
func TestConcurrentSenders(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	setPeer(t, s, peerURI)
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
	const senders, each = 100, 5
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for k := range each {
				body := []byte(strings.Repeat(string(rune('a'+i%26)), 1+(i*k*97)%4000))
				if err := s.Send(session.Outgoing{MessageID: e.NewMessageID(), ContentType: "text/plain", Body: body}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	messages := map[string]int{}
	for done := 0; done < senders*each; {
		f, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Method != "SEND" || strings.Trim(f.Body, f.Body[:1]) != "" {
			t.Fatalf("mixed octets in a frame of %d", len(f.Body))
		}
		messages[f.Header("Message-ID")] += len(f.Body)
		if f.Flag == '$' {
			done++
		}
		write(t, p, msrptest.Respond(f, "200 OK"))
	}
	all.Wait()
	h.until(t, "all acceptances", func() bool { return len(h.updates) == senders*each })
	if len(messages) != senders*each {
		t.Errorf("%d messages, want %d", len(messages), senders*each)
	}
}

// Shutdown while conversations run: Run returns, every session is told.
func TestShutdownUnderLoad(t *testing.T) {
	e := New(testConfig())
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	load := &msrptest.Load{}
	var told []*heard
	for range 20 {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		told = append(told, h)
		load.Sessions = append(load.Sessions, msrptest.LoadSession{Conn: dialPeer(t, l).Conn, To: s.URI().Wire(), From: peerURI, Body: "text"})
	}
	time.AfterFunc(100*time.Millisecond, cancel)
	r, _ := load.Run(context.Background()) // ends with the connections
	if err := <-ended; err != context.Canceled {
		t.Errorf("Run returned %v", err)
	}
	if r.Exchanges == 0 || r.Failed > 0 {
		t.Errorf("%d exchanges, %d failed", r.Exchanges, r.Failed)
	}
	for i, h := range told {
		if !h.holds(func() bool { return len(h.lost) == 1 }) {
			t.Errorf("session %d was not told once", i)
		}
	}
}
