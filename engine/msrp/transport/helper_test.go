package transport

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

const peerURI = "msrp://192.0.2.9:49152/Rm5Jc8Yt1Gs6Nf0Ue4Qa;tcp"

func testConfig() Config {
	return Config{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MayConnect: AnyAddress}
}

// running starts an endpoint with a listener on loopback; both end with the test.
func running(t testing.TB, cfg Config) (*Endpoint, *Listener) {
	t.Helper()
	e := New(cfg)
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	run(t, e)
	return e, l
}

func run(t testing.TB, e *Endpoint) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = e.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			panic("endpoint does not end")
		}
	})
}

// heard records what a session's handler is told.
type heard struct {
	mu       sync.Mutex
	messages []Message
	lost     []Loss
	updates  []Update
	bound    int
	partial  []Partial
	changed  chan struct{}
	verdict  Verdict
	patience time.Duration // of until; longer under a fake clock
}

func listen(v Verdict) *heard {
	return &heard{verdict: v, changed: make(chan struct{}, 1), patience: 10 * time.Second}
}

func (h *heard) note(f func()) {
	h.mu.Lock()
	f()
	h.mu.Unlock()
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *heard) handler() Handler {
	return Handler{
		Bound: func(*Session) { h.note(func() { h.bound++ }) },
		Received: func(_ *Session, m Message) Verdict {
			h.note(func() { h.messages = append(h.messages, m) })
			return h.verdict
		},
		Partial: func(_ *Session, p Partial) { h.note(func() { h.partial = append(h.partial, p) }) },
		Sent:    func(_ *Session, u Update) { h.note(func() { h.updates = append(h.updates, u) }) },
		Lost:    func(_ *Session, l Loss) { h.note(func() { h.lost = append(h.lost, l) }) },
	}
}

// received gives the messages so far.
func (h *heard) received() []Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.messages)
}

// losses gives the losses so far.
func (h *heard) losses() []Loss {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lost)
}

// holds asks under the recorder's lock.
func (h *heard) holds(ok func() bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return ok()
}

// until waits until ok holds, which is asked under the recorder's lock.
func (h *heard) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(h.patience)
	for {
		h.mu.Lock()
		done := ok()
		h.mu.Unlock()
		if done {
			return
		}
		select {
		case <-h.changed:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// eventually polls what no handler tells.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func newSession(t testing.TB, e *Endpoint, at Place, h Handler) *Session {
	t.Helper()
	s, err := e.NewSession(at, session.Config{}, h)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func setPeer(t testing.TB, s *Session, uri string) {
	t.Helper()
	path, err := msrp.ParsePath(uri, msrp.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetPeer(Peer{Path: path}); err != nil {
		t.Fatal(err)
	}
}

func dialPeer(t testing.TB, l *Listener) *msrptest.Peer {
	t.Helper()
	p, err := msrptest.DialPeer(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func write(t testing.TB, p *msrptest.Peer, wire string) {
	t.Helper()
	if err := p.Write(wire); err != nil {
		t.Fatal(err)
	}
}

// answered writes a request and expects a response with the code.
func answered(t testing.TB, p *msrptest.Peer, id, wire string, code int) {
	t.Helper()
	write(t, p, wire)
	f, err := p.Response(id)
	if err != nil {
		t.Fatalf("no response to %s: %v", id, err)
	}
	if f.Code != code {
		t.Fatalf("%s answered %d, want %d", id, f.Code, code)
	}
}
