package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

// peerListener is a foreign passive peer: it gives each connection as a Peer.
func peerListener(t *testing.T) (net.Listener, <-chan *msrptest.Peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peers := make(chan *msrptest.Peer, 16)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			peers <- msrptest.NewPeer(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
		for len(peers) > 0 {
			(<-peers).Close()
		}
	})
	return l, peers
}

func port(a net.Addr) int { return a.(*net.TCPAddr).Port }

func localTarget(l net.Listener) Target { return Target{Host: "127.0.0.1", Port: port(l.Addr())} }

// CON-01: the active side connects and sends a SEND at once, bodiless when
// nothing is queued, the first message otherwise. SET-40.
func TestActiveSideSendsFirst(t *testing.T) {
	e, l := running(t, testConfig())
	foreign, peers := peerListener(t)
	for _, queued := range []bool{false, true} {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		if err := s.Connect(context.Background(), localTarget(foreign)); err != ErrNoPeer {
			t.Errorf("connect before the peer's SDP: %v", err)
		}
		setPeer(t, s, peerURI)
		if queued {
			if err := s.Send(session.Outgoing{MessageID: "mQueued1", ContentType: "text/plain", Body: []byte("first")}); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := s.Connect(context.Background(), localTarget(foreign)); err != nil {
			t.Fatal(err)
		}
		p := <-peers
		f, err := p.Next()
		if err != nil || f.Method != "SEND" || f.HasBody != queued || time.Since(start) > time.Second {
			t.Fatalf("queued %t: %+v, %v after %v", queued, f, err, time.Since(start))
		}
		if f.Header("To-Path") != peerURI || f.Header("From-Path") != s.URI().Wire() {
			t.Errorf("paths %s, %s", f.Header("To-Path"), f.Header("From-Path"))
		}
		write(t, p, msrptest.Respond(f, "200 OK")+msrptest.Send("theirs01", s.URI().Wire(), peerURI, "mTheir1", "answer"))
		if f, err = p.Response("theirs01"); err != nil || f.Code != 200 {
			t.Fatal(f, err)
		}
		// CON-07: a session of another connection is not to be had here.
		other := newSession(t, e, l, h.handler())
		answered(t, p, "other001", msrptest.Bind("other001", other.URI().Wire(), peerURI, "mOther1"), 481)
		s.Close()
		p.Close()
	}
}

// A connect that fails, or comes too late, is an error and nothing more.
func TestConnectRefused(t *testing.T) {
	e, l := running(t, testConfig())
	foreign, _ := peerListener(t)
	target := localTarget(foreign)
	foreign.Close()
	s := newSession(t, e, l, listen(Accepted).handler())
	setPeer(t, s, peerURI)
	if err := s.Connect(context.Background(), target); err == nil {
		t.Error("connected to a closed port")
	}
	s.Close()
	if err := s.Connect(context.Background(), target); err != ErrClosed {
		t.Errorf("connect of a closed session: %v", err)
	}
}

// fixedResolver gives the same addresses for every name.
type fixedResolver []netip.Addr

func (f fixedResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return f, nil
}

// URI-18: the addresses of a name are tried in order until one connects.
func TestAddressesInOrder(t *testing.T) {
	var mu sync.Mutex
	var tried []string
	cfg := testConfig()
	cfg.Resolver = fixedResolver{netip.MustParseAddr("192.0.2.77"), netip.MustParseAddr("127.0.0.1")}
	cfg.Dial = func(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
		mu.Lock()
		tried = append(tried, remote.Addr().String())
		mu.Unlock()
		if remote.Addr() == cfg.Resolver.(fixedResolver)[0] {
			return nil, errors.New("unreachable")
		}
		return dialTCP(ctx, local, remote)
	}
	e, l := running(t, cfg)
	foreign, peers := peerListener(t)
	s := newSession(t, e, l, listen(Accepted).handler())
	setPeer(t, s, peerURI)
	target := localTarget(foreign)
	target.Host = "relay.example.com"
	if err := s.Connect(context.Background(), target); err != nil {
		t.Fatal(err)
	}
	(<-peers).Close()
	if strings.Join(tried, " ") != "192.0.2.77 127.0.0.1" {
		t.Errorf("tried %v", tried)
	}
}

// SDP-27, SEC-18: a peer cannot make the engine connect to loopback, link-local,
// multicast or unspecified addresses, nor often to one address.
func TestConnectPolicy(t *testing.T) {
	cfg := Config{PerSourceRate: 3}
	dialled := 0
	cfg.Dial = func(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
		dialled++
		return nil, errors.New("nobody there")
	}
	e := New(cfg)
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	run(t, e)
	s := newSession(t, e, l, listen(Accepted).handler())
	setPeer(t, s, peerURI)
	for _, host := range []string{"127.0.0.1", "::1", "169.254.1.1", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"} {
		if err := s.Connect(context.Background(), Target{Host: host, Port: 2855}); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v, want ErrAddress", host, err)
		}
	}
	for _, p := range []int{0, -1, 70000} {
		if err := s.Connect(context.Background(), Target{Host: "192.0.2.1", Port: p}); !errors.Is(err, ErrAddress) {
			t.Errorf("port %d: %v, want ErrAddress", p, err)
		}
	}
	if dialled != 0 {
		t.Fatalf("dialled %d times", dialled)
	}
	for range 6 {
		_ = s.Connect(context.Background(), Target{Host: "192.0.2.1", Port: 2855})
	}
	if dialled != 3 {
		t.Errorf("dialled one address %d times at once, want 3", dialled)
	}
}

// CON-22: the source port of the connect is the one in the own path, for a
// reserved port and for a shared listener; a second session to the same peer
// takes another port.
func TestSourcePort(t *testing.T) {
	e := New(testConfig())
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0", SharePort: true})
	if err != nil {
		t.Fatal(err)
	}
	run(t, e)
	foreign, peers := peerListener(t)
	reserved, err := e.Reserve(netip.MustParseAddr("127.0.0.1"), "", false)
	if err != nil {
		t.Fatal(err)
	}
	defer reserved.Release()
	connect := func(at Place) (path, source int) {
		s := newSession(t, e, at, listen(Accepted).handler())
		setPeer(t, s, peerURI)
		if err := s.Connect(context.Background(), localTarget(foreign)); err != nil {
			t.Fatal(err)
		}
		p := <-peers
		t.Cleanup(func() { p.Close() })
		return int(s.URI().Port), port(p.Conn.RemoteAddr())
	}
	for _, at := range []Place{reserved, l} {
		if path, source := connect(at); path != source {
			t.Errorf("path port %d, source port %d", path, source)
		}
	}
	if path, source := connect(l); path == source {
		t.Error("two connections between the same two ports")
	}
	// The shared port still takes connections.
	s := newSession(t, e, l, listen(Accepted).handler())
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
}

// CON-10: sessions share a connection only when both were told to.
func TestSharedConnection(t *testing.T) {
	e, l := running(t, testConfig())
	foreign, peers := peerListener(t)
	target := localTarget(foreign)
	connect := func(share bool) *Session {
		s := newSession(t, e, l, listen(Accepted).handler())
		setPeer(t, s, peerURI)
		target.Share = share
		if err := s.Connect(context.Background(), target); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := connect(true)
	p := <-peers
	second := connect(true)
	seen := map[string]bool{}
	for range 2 {
		f, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		seen[f.Header("From-Path")] = true
		write(t, p, msrptest.Respond(f, "200 OK"))
	}
	if !seen[first.URI().Wire()] || !seen[second.URI().Wire()] {
		t.Error("the second session did not use the connection of the first")
	}
	connect(false)
	(<-peers).Close()
	if e.Stats().Opened != 2 {
		t.Errorf("%d connections opened, want 2", e.Stats().Opened)
	}
	p.Close()
}

// CON-21: both sides connect at the same time. Neither session fails, and both
// ends agree on the connection.
func TestSimultaneousConnect(t *testing.T) {
	for round := range 10 {
		a, la := running(t, testConfig())
		b, lb := running(t, testConfig())
		ha, hb := listen(Accepted), listen(Accepted)
		sa, sb := newSession(t, a, la, ha.handler()), newSession(t, b, lb, hb.handler())
		setPeer(t, sa, sb.URI().Wire())
		setPeer(t, sb, sa.URI().Wire())
		var both sync.WaitGroup
		both.Go(func() {
			_ = sa.Connect(context.Background(), Target{Host: "127.0.0.1", Port: port(lb.Addr()), KeepListening: true})
		})
		both.Go(func() {
			_ = sb.Connect(context.Background(), Target{Host: "127.0.0.1", Port: port(la.Addr()), KeepListening: true})
		})
		both.Wait()
		for i, s := range []*Session{sa, sb} {
			if err := s.Send(session.Outgoing{MessageID: []*Endpoint{a, b}[i].NewMessageID(), ContentType: "text/plain", Body: []byte("hello")}); err != nil {
				t.Fatal(round, err)
			}
		}
		ha.until(t, "the message of b", func() bool { return len(ha.messages) == 1 })
		hb.until(t, "the message of a", func() bool { return len(hb.messages) == 1 })
		for i := 0; a.Stats().Connections != 1 || b.Stats().Connections != 1; i++ {
			time.Sleep(time.Millisecond)
			if i > 3000 {
				t.Fatalf("round %d: %+v\n%+v", round, a.Stats(), b.Stats())
			}
		}
		for _, h := range []*heard{ha, hb} {
			if n := len(h.losses()); n > 0 {
				t.Errorf("round %d: %d losses", round, n)
			}
		}
	}
}

// Two of our own endpoints, many messages both ways, each exactly once and in
// order.
func TestConversationBetweenOwnEndpoints(t *testing.T) {
	a, la := running(t, testConfig())
	b, lb := running(t, testConfig())
	ha, hb := listen(Accepted), listen(Accepted)
	sa, sb := newSession(t, a, la, ha.handler()), newSession(t, b, lb, hb.handler())
	setPeer(t, sa, sb.URI().Wire())
	setPeer(t, sb, sa.URI().Wire())
	if err := sa.Connect(context.Background(), Target{Host: "127.0.0.1", Port: port(lb.Addr())}); err != nil {
		t.Fatal(err)
	}
	const n = 200
	bodies := func(i int) string { return strings.Repeat("x", i*37%5000) + string(rune('0'+i%10)) }
	var all sync.WaitGroup
	for i, s := range []*Session{sa, sb} {
		e := []*Endpoint{a, b}[i]
		all.Go(func() {
			for k := range n {
				if err := s.Send(session.Outgoing{MessageID: e.NewMessageID(), ContentType: "text/plain", Body: []byte(bodies(k)), SuccessReport: true}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, h := range []*heard{ha, hb} {
		h.until(t, "all messages and reports", func() bool {
			delivered := 0
			for _, u := range h.updates {
				if u.State == session.Delivered {
					delivered++
				}
			}
			return len(h.messages) == n && delivered == n
		})
	}
	// Small messages may overtake large ones; among the small ones the order holds.
	for _, h := range []*heard{ha, hb} {
		want := 0
		for _, m := range h.received() {
			if len(m.Body) > session.Quantum {
				continue
			}
			for len(bodies(want)) > session.Quantum {
				want++
			}
			if string(m.Body) != bodies(want) {
				t.Fatalf("message of %d octets where one of %d belongs", len(m.Body), len(bodies(want)))
			}
			want++
		}
	}
}
