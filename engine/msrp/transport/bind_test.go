package transport

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

// CON-02: the port is open when Listen returns, before any SDP names it and
// before Run runs.
func TestListensBeforeRun(t *testing.T) {
	e := New(testConfig())
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	p := dialPeer(t, l)
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	write(t, p, msrptest.Bind("early001", s.URI().Wire(), peerURI, "mEarly1"))
	run(t, e)
	if f, err := p.Response("early001"); err != nil || f.Code != 200 {
		t.Fatalf("%+v, %v", f, err)
	}
}

// CON-03: the passive side is silent until a request binds; what was queued
// goes out directly after. CON-20: both may then send at once.
func TestPassiveSideWaitsForBinding(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	setPeer(t, s, peerURI)
	if err := s.Send(session.Outgoing{MessageID: e.NewMessageID(), ContentType: "text/plain", Body: []byte("queued")}); err != nil {
		t.Fatal(err)
	}
	p := dialPeer(t, l)
	p.Timeout = 100 * time.Millisecond
	if f, err := p.Next(); err == nil {
		t.Fatalf("%s before the binding", f.Method)
	}
	p.Timeout = 0
	write(t, p, msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01")+
		msrptest.Send("send0001", s.URI().Wire(), peerURI, "mCross1", "crossing"))
	kinds := ""
	for range 3 {
		f, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Code != 0 {
			kinds += "r"
		} else if f.Body == "queued" {
			kinds += "S"
		}
	}
	if strings.Count(kinds, "r") != 2 || strings.Count(kinds, "S") != 1 {
		t.Errorf("got %s, want two responses and the queued SEND", kinds)
	}
	h.until(t, "the crossing message", func() bool { return len(h.messages) == 1 })
}

// CON-04, CON-07, CON-27, SEC-16: one URI, of a session that waits here; 481
// otherwise, and the content goes nowhere. SEC-09, CON-11: three wrong requests
// close an unbound connection.
func TestWrongToPath(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	to := s.URI().Wire()
	p := dialPeer(t, l)
	answered(t, p, "wrong001", msrptest.Send("wrong001", "msrp://127.0.0.1:1/Zz0Nq5Nq5Nq5Nq5Nq5Nq;tcp", peerURI, "mWrong1", "x"), 481)
	answered(t, p, "wrong002", msrptest.Send("wrong002", to+" "+to, peerURI, "mWrong2", "x"), 481)
	write(t, p, msrptest.Send("wrong003", strings.ToLower(to), peerURI, "mWrong3", "x"))
	if rest, err := p.ReadEOF(); err != nil || !strings.Contains(rest, "MSRP wrong003 481 ") {
		t.Errorf("third wrong request: %q, %v", rest, err)
	}
	p.Close()
	p = dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", to, peerURI, "mBind01"), 200)
	other := newSession(t, e, l, h.handler())
	answered(t, p, "bind0002", msrptest.Bind("bind0002", other.URI().Wire(), peerURI, "mBind02"), 200)
	other.Close()
	answered(t, p, "late0001", msrptest.Send("late0001", other.URI().Wire(), peerURI, "mLate01", "late"), 481)
	answered(t, p, "still001", msrptest.Send("still001", to, peerURI, "mStill1", "here"), 200)
	if len(h.received()) != 1 || e.Stats().UnknownSession == 0 {
		t.Errorf("%d messages, %d unknown", len(h.received()), e.Stats().UnknownSession)
	}
}

// CON-05: a second connection gets 506 and changes nothing. B07: of two at
// once exactly one binds. CON-06, CON-24: after the first is gone another binds.
func TestSecondConnection(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	to := s.URI().Wire()
	p, q := dialPeer(t, l), dialPeer(t, l)
	codes := make(chan int, 2)
	for i, one := range []*msrptest.Peer{p, q} {
		id := []string{"both0001", "both0002"}[i]
		go func() {
			code := 0
			if one.Write(msrptest.Bind(id, to, peerURI, "mBoth01")) == nil {
				if f, err := one.Response(id); err == nil {
					code = f.Code
				}
			}
			codes <- code
		}()
	}
	if a, b := <-codes, <-codes; a+b != 200+506 {
		t.Fatalf("answers %d and %d, want 200 and 506", a, b)
	}
	winner := p
	if p.Write(msrptest.Bind("which001", to, peerURI, "mWhich1")) == nil {
		if f, err := p.Response("which001"); err == nil && f.Code == 506 {
			winner = q
		}
	}
	answered(t, winner, "mess0001", msrptest.Send("mess0001", to, peerURI, "mFirst1", "one"), 200)
	winner.Close()
	h.until(t, "the loss", func() bool { return len(h.lost) == 1 })
	if s.Bound() {
		t.Error("still bound after the connection was lost")
	}
	r := dialPeer(t, l)
	answered(t, r, "again001", msrptest.Send("again001", to, peerURI, "mFirst1", "one"), 200)
	answered(t, r, "again002", msrptest.Send("again002", to, peerURI, "mSecond", "two"), 200)
	if len(h.received()) != 2 { // the repeated one is known from before the loss
		t.Errorf("%d messages shown, want 2", len(h.received()))
	}
}

// CON-08: a wrong From-Path in the binding SEND, in both profiles.
func TestWrongFromPath(t *testing.T) {
	for profile, want := range map[msrp.Profile]int{msrp.Strict: 481, msrp.Lenient: 200} {
		cfg := testConfig()
		cfg.Profile = profile
		e, l := running(t, cfg)
		s := newSession(t, e, l, listen(Accepted).handler())
		setPeer(t, s, peerURI)
		p := dialPeer(t, l)
		answered(t, p, "from0001", msrptest.Bind("from0001", s.URI().Wire(), "msrp://192.0.2.66:1/Evil;tcp", "mFrom01"), want)
		if s.Bound() != (want == 200) || e.Stats().Protocol.PathMismatch != 1 {
			t.Errorf("%s: bound %t, %d mismatches", profile, s.Bound(), e.Stats().Protocol.PathMismatch)
		}
		if want == 481 { // and the right one may still come
			answered(t, p, "from0002", msrptest.Bind("from0002", s.URI().Wire(), peerURI, "mFrom02"), 200)
		}
	}
}

// CON-09: three sessions on one connection. CON-12: its loss is told to each of
// them, once. CON-16: it is no end of the session.
func TestThreeSessionsOneConnection(t *testing.T) {
	e, l := running(t, testConfig())
	p := dialPeer(t, l)
	var all []*heard
	var sessions []*Session
	for _, id := range []string{"bind0001", "bind0002", "bind0003"} {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		setPeer(t, s, peerURI)
		answered(t, p, id, msrptest.Send(id, s.URI().Wire(), peerURI, "mText01", "same id, other session"), 200)
		all, sessions = append(all, h), append(sessions, s)
	}
	for i, s := range sessions {
		if err := s.Send(session.Outgoing{MessageID: e.NewMessageID(), ContentType: "text/plain", Body: []byte("unconfirmed")}); err != nil {
			t.Fatal(i, err)
		}
		if f, err := p.Next(); err != nil || f.Body != "unconfirmed" {
			t.Fatal(f, err)
		}
	}
	p.Close()
	for i, h := range all {
		h.until(t, "each loss", func() bool { return len(h.lost) == 1 })
		if len(h.received()) != 1 || h.losses()[0].Code != 0 || len(h.losses()[0].Unconfirmed) != 1 {
			t.Errorf("session %d: %d messages, loss %+v", i, len(h.received()), h.losses()[0])
		}
		if sessions[i].Bound() {
			t.Errorf("session %d is still bound", i)
		}
	}
	if got := e.Stats().Sessions; got != 3 {
		t.Errorf("%d sessions after the loss, want 3", got)
	}
}

// CON-24, B05: of five messages two were confirmed when the connection broke;
// the other three come again on the next connection under their Message-IDs.
func TestUnconfirmedComeAgain(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	setPeer(t, s, peerURI)
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
	ids := []msrp.MessageID{"mOut001", "mOut002", "mOut003", "mOut004", "mOut005"}
	for _, id := range ids {
		if err := s.Send(session.Outgoing{MessageID: id, ContentType: "text/plain", Body: []byte(id)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range ids {
		f, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			write(t, p, msrptest.Respond(f, "200 OK"))
		}
	}
	h.until(t, "two confirmations", func() bool { return len(h.updates) == 2 })
	p.Close()
	h.until(t, "the loss", func() bool { return len(h.lost) == 1 })
	if got := h.losses()[0].Unconfirmed; len(got) != 3 || got[0] != ids[2] || got[2] != ids[4] {
		t.Errorf("unconfirmed %v, want the last three", got)
	}
	setPeer(t, s, "msrp://192.0.2.9:50000/Nn2Xw7Vb4Rk8Zp3HdLq9;tcp") // CON-13
	p = dialPeer(t, l)
	write(t, p, msrptest.Bind("bind0002", s.URI().Wire(), "msrp://192.0.2.9:50000/Nn2Xw7Vb4Rk8Zp3HdLq9;tcp", "mBind02"))
	for seen := 2; seen < 5; {
		f, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Code != 0 {
			continue
		}
		if f.Header("Message-ID") != string(ids[seen]) || !strings.Contains(f.Header("To-Path"), "50000/Nn2X") {
			t.Errorf("got %s to %s", f.Header("Message-ID"), f.Header("To-Path"))
		}
		write(t, p, msrptest.Respond(f, "200 OK"))
		seen++
	}
	h.until(t, "all confirmations", func() bool { return len(h.updates) == 5 })
	if left := s.Close(); len(left) != 0 {
		t.Errorf("%v left", left)
	}
}

// CON-06, SDP-21: a new offer/answer makes the binding obsolete; it goes on
// until the next connection binds.
func TestSupersededBinding(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	to := s.URI().Wire()
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", to, peerURI, "mBind01"), 200)
	s.Supersede()
	answered(t, p, "still001", msrptest.Send("still001", to, peerURI, "mStill1", "one"), 200)
	q := dialPeer(t, l)
	answered(t, q, "bind0002", msrptest.Send("bind0002", to, peerURI, "mBind02", "two"), 200)
	if _, err := p.ReadEOF(); err != nil {
		t.Errorf("the old connection stays: %v", err)
	}
	r := dialPeer(t, l)
	answered(t, r, "third001", msrptest.Bind("third001", to, peerURI, "mThird1"), 506)
	h.until(t, "both messages", func() bool { return len(h.messages) == 2 })
	if len(h.losses()) != 0 {
		t.Error("a superseded binding was told as a loss")
	}
}

// CON-15: with its last session the connection is closed, after what was
// queued; not before.
func TestCloseWithLastSession(t *testing.T) {
	e, l := running(t, testConfig())
	one, two := newSession(t, e, l, listen(Accepted).handler()), newSession(t, e, l, listen(Accepted).handler())
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", one.URI().Wire(), peerURI, "mBind01"), 200)
	answered(t, p, "bind0002", msrptest.Bind("bind0002", two.URI().Wire(), peerURI, "mBind02"), 200)
	one.Close()
	answered(t, p, "still001", msrptest.Send("still001", two.URI().Wire(), peerURI, "mStill1", "x"), 200)
	start := time.Now()
	two.Close()
	if rest, err := p.ReadEOF(); err != nil || rest != "" || time.Since(start) > 2*time.Second {
		t.Errorf("%q, %v after %v", rest, err, time.Since(start))
	}
	p.Close()
	eventually(t, "the end", func() bool { return e.Stats().Ended["done"] == 1 })
}

// CON-17: keep-alive, user timeout and no delay, read back from the socket.
func TestSocketOptions(t *testing.T) {
	e, l := running(t, testConfig())
	dialPeer(t, l)
	eventually(t, "the connection", func() bool { return e.Stats().Connections == 1 })
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		raw, err := c.wire.Conn.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		const userTimeoutOption = 18 // TCP_USER_TIMEOUT
		for name, want := range map[[2]int]int{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}: 1, {syscall.IPPROTO_TCP, syscall.TCP_NODELAY}: 1,
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE}: 30, {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL}: 10,
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT}: 3, {syscall.IPPROTO_TCP, userTimeoutOption}: 60000,
		} {
			var got int
			if err := raw.Control(func(fd uintptr) { got, _ = syscall.GetsockoptInt(int(fd), name[0], name[1]) }); err != nil || got != want {
				t.Errorf("option %v is %d, want %d, %v", name, got, want, err)
			}
		}
	}
}

// SEC-25: a panic in a handler ends that connection only; its session is told
// and may bind again.
func TestPanicEndsOneConnection(t *testing.T) {
	e, l := running(t, testConfig())
	var lost = make(chan Loss, 1)
	s := newSession(t, e, l, Handler{
		Received: func(*Session, Message) Verdict { panic("injected") },
		Lost:     func(_ *Session, l Loss) { lost <- l },
	})
	h := listen(Accepted)
	good := newSession(t, e, l, h.handler())
	p, q := dialPeer(t, l), dialPeer(t, l)
	answered(t, q, "bind0001", msrptest.Bind("bind0001", good.URI().Wire(), peerURI, "mBind01"), 200)
	write(t, p, msrptest.Send("panic001", s.URI().Wire(), peerURI, "mPanic1", "x"))
	if _, err := p.ReadEOF(); err != nil {
		t.Errorf("connection not closed: %v", err)
	}
	<-lost
	eventually(t, "the count", func() bool { return e.Stats().Ended["fault"] == 1 })
	answered(t, q, "after001", msrptest.Send("after001", good.URI().Wire(), peerURI, "mAfter1", "x"), 200)
	r := dialPeer(t, l)
	answered(t, r, "again001", msrptest.Bind("again001", s.URI().Wire(), peerURI, "mAgain1"), 200)
}

// Verdicts come later, from any goroutine and in any order.
func TestLaterVerdicts(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Later)
	s := newSession(t, e, l, h.handler())
	p := dialPeer(t, l)
	to := s.URI().Wire()
	write(t, p, msrptest.Send("later001", to, peerURI, "mLater1", "one")+msrptest.Send("later002", to, peerURI, "mLater2", "two")+
		msrptest.Send("later003", to, peerURI, "mLater3", "three"))
	h.until(t, "three messages", func() bool { return len(h.messages) == 3 })
	p.Timeout = 50 * time.Millisecond
	if f, err := p.Next(); err == nil {
		t.Fatalf("answered %d before the verdict", f.Code)
	}
	p.Timeout = 0
	done := make(chan bool)
	go func() { done <- h.received()[2].Accept() && h.received()[1].Reject(413) && h.received()[0].Accept() }()
	if !<-done {
		t.Error("a verdict was not taken")
	}
	want := map[string]int{"later001": 200, "later002": 413, "later003": 200}
	for range 3 {
		f, err := p.Next()
		if err != nil || want[f.TransactionID] != f.Code {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	if h.received()[0].Accept() {
		t.Error("a second verdict was taken")
	}
	write(t, p, msrptest.Send("later004", to, peerURI, "mLater4", "four"))
	h.until(t, "the fourth", func() bool { return len(h.messages) == 4 })
	p.Close()
	h.until(t, "the loss", func() bool { return len(h.lost) == 1 })
	if h.received()[3].Accept() {
		t.Error("a verdict for a lost connection was taken")
	}
}

// ResumeSession takes a URI issued by an earlier life of the endpoint.
func TestResumeSession(t *testing.T) {
	e, l := running(t, testConfig())
	uri := l.URI()
	uri.SessionID = "Lq9Tn2Xw7Vb4Rk8Zp3HdAb12"
	s, err := e.ResumeSession(l, uri, session.Config{}, listen(Accepted).handler())
	if err != nil {
		t.Fatal(err)
	}
	s.Remember("mSeen01")
	if _, err := e.ResumeSession(l, uri, session.Config{}, listen(Accepted).handler()); err != ErrBound {
		t.Errorf("the same URI twice: %v", err)
	}
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Send("bind0001", uri.Wire(), peerURI, "mSeen01", "seen"), 200)
	if _, err := e.NewSession(l, session.Config{}, Handler{}); err != ErrNoHandler {
		t.Errorf("no handler: %v", err)
	}
}

// SEC-26: after 1,000 sessions on 100 connections nothing is left.
func TestNothingIsLeft(t *testing.T) {
	e := New(testConfig())
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	var peers []*msrptest.Peer
	for range 100 {
		p := dialPeer(t, l)
		for range 10 {
			s := newSession(t, e, l, listen(Accepted).handler())
			answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
			if len(peers)%2 == 0 {
				s.Close()
				break
			}
		}
		peers = append(peers, p)
	}
	for _, p := range peers[:50] {
		p.Close()
	}
	cancel()
	<-ended // Run waits for every goroutine of the endpoint
	if st := e.Stats(); st.Connections != 0 || st.Unbound != 0 || len(e.timers.queue) != 0 {
		t.Errorf("left: %d connections, %d unbound, %d timers", st.Connections, st.Unbound, len(e.timers.queue))
	}
	if _, err := e.NewSession(l, session.Config{}, listen(Accepted).handler()); err != ErrEnded {
		t.Errorf("a session after the end: %v", err)
	}
}
