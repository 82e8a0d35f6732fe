package transport

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

// bubble runs a test under the fake clock with an endpoint on in-memory
// connections.
func bubble(t *testing.T, cfg Config, o msrptest.PipeOptions, f func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener)) {
	synctest.Test(t, func(t *testing.T) {
		m := msrptest.NewListener(o)
		e := New(cfg)
		l, err := e.Listen(ListenConfig{Listener: m})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = e.Run(ctx) }()
		f(t, e, l, m)
		cancel()
		<-ended
	})
}

func pipePeer(t *testing.T, m *msrptest.Listener) *msrptest.Peer {
	t.Helper()
	c, err := m.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	p := msrptest.NewPeer(c)
	p.Timeout = 48 * time.Hour
	return p
}

// closedAfter reads until the connection ends and gives the time it took.
func closedAfter(t *testing.T, p *msrptest.Peer) (time.Duration, string) {
	t.Helper()
	start := time.Now()
	rest, err := p.ReadEOF()
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(start), rest
}

// CON-11: a connection that sends nothing is closed when probation ends.
func TestProbation(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		p := pipePeer(t, m)
		if after, rest := closedAfter(t, p); after != 30*time.Second || rest != "" {
			t.Errorf("closed after %v with %q", after, rest)
		}
		p.Close()
		synctest.Wait()
		if st := e.Stats(); st.Ended["protocol"] != 1 || st.Connections != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// B08, SEC-03: one octet a second from the start buys no more than that.
func TestTrickle(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		s := newSession(t, e, l, listen(Accepted).handler())
		p := pipePeer(t, m)
		wire := msrptest.Bind("trick001", s.URI().Wire(), peerURI, "mTrick1")
		start := time.Now()
		for i := range len(wire) {
			if p.Write(wire[i:i+1]) != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took < 29*time.Second || took > 33*time.Second || s.Bound() {
			t.Errorf("the trickle was taken for %v, bound %t", took, s.Bound())
		}
	})
}

// CON-26: an idle session stays for a day.
func TestIdleSessionStays(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		s := newSession(t, e, l, listen(Accepted).handler())
		p := pipePeer(t, m)
		answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		time.Sleep(24 * time.Hour)
		if !s.Bound() {
			t.Fatal("the session was lost")
		}
		answered(t, p, "after001", msrptest.Send("after001", s.URI().Wire(), peerURI, "mAfter1", "still here"), 200)
	})
}

// B04: no answer for 30 s: the truth is unknown, told at that moment.
func TestResponseTimer(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		setPeer(t, s, peerURI)
		p := pipePeer(t, m)
		answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		start := time.Now()
		if err := s.Send(session.Outgoing{MessageID: "mMute001", ContentType: "text/plain", Body: []byte("anybody?")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30*time.Second - time.Nanosecond)
		synctest.Wait()
		h.mu.Lock()
		early := len(h.updates)
		h.mu.Unlock()
		if early != 0 {
			t.Errorf("told after %v", time.Since(start))
		}
		h.until(t, "the timeout", func() bool { return len(h.updates) == 1 && h.updates[0].State == session.Timeout })
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("told after %v", took)
		}
	})
}

// SEC-04, LIM-18: a peer that takes nothing for 30 s is given up; meanwhile
// nobody who sends or answers waits for it.
func TestWriteStall(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{Capacity: 4096}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		setPeer(t, s, peerURI)
		p := pipePeer(t, m)
		answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		start := time.Now()
		h.patience = time.Hour
		if err := s.Send(session.Outgoing{MessageID: "mLarge01", ContentType: "text/plain", Body: []byte(strings.Repeat("x", 1<<20))}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("Send waited %v", took)
		}
		h.until(t, "the loss", func() bool { return len(h.lost) == 1 })
		if took := time.Since(start); took < 30*time.Second || took > 31*time.Second || len(h.losses()[0].Unconfirmed) != 1 {
			t.Errorf("lost after %v: %+v", took, h.losses()[0])
		}
		synctest.Wait()
		if st := e.Stats(); st.Ended["stalled"] != 1 {
			t.Errorf("ended %v", st.Ended)
		}
	})
}

// A slow but steady reader is no stalled one, and gets everything.
func TestSlowReader(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{Capacity: 4096}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		setPeer(t, s, peerURI)
		p := pipePeer(t, m)
		answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		body := strings.Repeat("0123456789abcdef", 6000)
		if err := s.Send(session.Outgoing{MessageID: "mLarge01", ContentType: "text/plain", Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
		var got []byte
		buf := make([]byte, 4096)
		for !strings.HasSuffix(string(got), "$\r\n") {
			time.Sleep(5 * time.Second)
			n, err := p.Conn.Read(buf)
			if err != nil {
				t.Fatalf("after %d octets: %v", len(got), err)
			}
			got = append(got, buf[:n]...)
		}
		if !strings.Contains(string(got), body[:2048]) || len(h.losses()) != 0 {
			t.Errorf("%d octets, %d losses", len(got), len(h.losses()))
		}
	})
}

// The application owes verdicts: the peer is held back by its own connection,
// and goes on with them.
func TestBackPressure(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{Capacity: 8192}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		h := listen(Later)
		s := newSession(t, e, l, h.handler())
		p := pipePeer(t, m)
		const n = 1000
		written := make(chan int, 1)
		go func() {
			for i := range n {
				id := "many" + strings.Repeat("0", 4) + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
				if p.Write(msrptest.Send(id, s.URI().Wire(), peerURI, "m"+id, "text")) != nil {
					break
				}
			}
			written <- n
		}()
		responses := make(chan int, 1)
		go func() {
			got := 0
			for got < n {
				f, err := p.Next()
				if err != nil || f.Code != 200 {
					break
				}
				got++
			}
			responses <- got
		}()
		synctest.Wait()
		h.mu.Lock()
		held := len(h.messages)
		h.mu.Unlock()
		if held != session.DefaultMaxPending || len(written) != 0 {
			t.Errorf("%d messages without verdict, want %d", held, session.DefaultMaxPending)
		}
		for done := 0; done < n; {
			h.until(t, "more messages", func() bool { return len(h.messages) > done })
			h.mu.Lock()
			batch := h.messages[done:]
			h.mu.Unlock()
			for _, msg := range batch {
				if !msg.Accept() {
					t.Fatal("a verdict was not taken")
				}
			}
			done += len(batch)
		}
		if got := <-responses; got != n {
			t.Errorf("%d responses, want %d", got, n)
		}
		for i := 1; i < n; i++ {
			if h.received()[i-1].ID >= h.received()[i].ID {
				t.Fatalf("message %d out of order", i)
			}
		}
	})
}

// CON-15: what is queued gets 2 s to leave, no more.
func TestDrainIsBounded(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{Capacity: 512}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		s := newSession(t, e, l, listen(Accepted).handler())
		p := pipePeer(t, m)
		for range 4 { // responses that the peer does not read
			if err := p.Write(msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		s.Close()
		time.Sleep(2*time.Second - time.Millisecond)
		synctest.Wait()
		if e.Stats().Connections != 1 {
			t.Error("closed before the responses could leave")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if e.Stats().Connections != 0 {
			t.Error("still open after 2 s")
		}
	})
}

// SDP-21: a superseded binding that nobody replaces ends after 32 s.
func TestSupersededBindingEnds(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		s := newSession(t, e, l, listen(Accepted).handler())
		p := pipePeer(t, m)
		answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		s.Supersede()
		if after, _ := closedAfter(t, p); after < 32*time.Second || after > 34*time.Second {
			t.Errorf("closed after %v", after)
		}
	})
}

// Running out of descriptors is waited out: accepting goes on, and the oldest
// connections without a session make room.
func TestAcceptSurvivesExhaustion(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		idle, bound := pipePeer(t, m), pipePeer(t, m)
		s := newSession(t, e, l, listen(Accepted).handler())
		answered(t, bound, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
		for range 3 {
			m.Fail(&net.OpError{Op: "accept", Err: syscall.EMFILE})
		}
		if after, _ := closedAfter(t, idle); after > time.Second {
			t.Errorf("the idle connection went after %v", after)
		}
		fresh := pipePeer(t, m)
		answered(t, fresh, "other001", msrptest.Bind("other001", s.URI().Wire(), peerURI, "mOther1"), 506)
		answered(t, bound, "still001", msrptest.Send("still001", s.URI().Wire(), peerURI, "mStill1", "x"), 200)
		if st := e.Stats(); st.AcceptErrors != 3 || st.Ended["evicted"] != 1 {
			t.Errorf("%d errors, ended %v", st.AcceptErrors, st.Ended)
		}
	})
}

// SEC-06, SEC-27: 50 connections and 20 new ones a second for one source, and
// the oldest that bound nothing go first; trusted sources are exempt.
func TestSourceLimits(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		open := func(n int) {
			for range n {
				pipePeer(t, m)
			}
			synctest.Wait()
		}
		open(21)
		if st := e.Stats(); st.Accepted != 20 || st.RefusedRate != 1 {
			t.Errorf("%d accepted, %d refused for the rate; want 20 and 1", st.Accepted, st.RefusedRate)
		}
		time.Sleep(time.Second)
		open(20)
		time.Sleep(time.Second)
		open(11)
		if st := e.Stats(); st.Accepted != 50 || st.RefusedSource != 1 {
			t.Errorf("%d accepted, %d refused for the source; want 50 and 1", st.Accepted, st.RefusedSource)
		}
	})
	cfg := Config{PerSource: 100, PerSourceRate: 100, MaxUnbound: 5, MaxConns: 6}
	bubble(t, cfg, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		var bound []*msrptest.Peer
		for range 2 {
			s := newSession(t, e, l, listen(Accepted).handler())
			p := pipePeer(t, m)
			answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
			bound = append(bound, p)
		}
		for range 40 {
			pipePeer(t, m)
		}
		synctest.Wait()
		if st := e.Stats(); st.Connections > 6 || st.Ended["evicted"] < 36 || st.Unbound > 5 {
			t.Errorf("%d connections, %d unbound, ended %v", st.Connections, st.Unbound, st.Ended)
		}
		if st := e.Stats(); st.RefusedFull != 0 {
			t.Errorf("%d refused although some had bound nothing", st.RefusedFull)
		}
		for _, p := range bound { // refused for the session, but alive
			answered(t, p, "alive001", msrptest.Bind("alive001", "msrp://192.0.2.1:1/x;tcp", peerURI, "mAlive1"), 481)
		}
	})
}

// Trusted sources are exempt from the limits per source and from eviction; only
// the limit on all connections stays.
func TestTrustedSources(t *testing.T) {
	cfg := testConfig()
	cfg.MaxUnbound, cfg.MaxConns, cfg.PerSource, cfg.PerSourceRate = 1, 30, 2, 2
	o := msrptest.PipeOptions{Remote: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}
	bubble(t, cfg, o, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		for range 31 {
			pipePeer(t, m)
		}
		synctest.Wait()
		if st := e.Stats(); st.Connections != 30 || st.RefusedFull != 1 || st.Ended["evicted"] != 0 {
			t.Errorf("%d connections, %d refused, ended %v", st.Connections, st.RefusedFull, st.Ended)
		}
	})
}

// SEC-09: a source that names too many unknown sessions is cut, even when it
// spreads them over connections.
func TestGuessingSource(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		for i := range 16 {
			p := pipePeer(t, m)
			for range 2 {
				if p.Write(msrptest.Bind("guess001", "msrp://192.0.2.1:2855/guess;tcp", peerURI, "mGuess1")) != nil {
					break
				}
			}
			synctest.Wait()
			if cut := e.Stats().Ended["guessing"] > 0; cut != (i == 15) {
				t.Errorf("connection %d: cut %t", i, cut)
			}
		}
	})
}

// Own session URIs: long, of letters and digits, never twice; URI-15, URI-17.
func TestSessionURIs(t *testing.T) {
	e := New(Config{})
	l, err := e.Listen(ListenConfig{Listener: msrptest.NewListener(msrptest.PipeOptions{}), Host: "text911.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 10000 {
		s := newSession(t, e, l, Handler{Received: func(*Session, Message) Verdict { return Accepted }})
		u := s.URI()
		if id := u.SessionID.Full(); len(id) != msrp.SessionIDLength || seen[id] || strings.ContainsAny(id, "-._~+=/%") {
			t.Fatalf("session-id of %d characters, seen before %t", len(id), seen[id])
		}
		seen[u.SessionID.Full()] = true
		if u.Host != "text911.example.org" || u.Port != 2855 {
			t.Fatal(u)
		}
		s.Close()
	}
	if e.Stats().Sessions != 0 {
		t.Error("closed sessions are still known")
	}
}
