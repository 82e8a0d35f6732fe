package console_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"text911/psap/console"
	"text911/psap/floortest"
	"text911/psap/psaptest"
)

// pipes is a listener of in-memory connections, so that a whole server runs under a fake clock.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.done) }); return nil }

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// bubble is a world without sockets, for tests with a fake clock.
type bubble struct {
	*floortest.Floor
	server *console.Server
	pipes  *pipes
}

func newBubble(t *testing.T, change func(*console.Config)) *bubble {
	t.Helper()
	b := &bubble{Floor: floortest.New(t, nil), pipes: newPipes()}
	cfg := console.Config{PSAPs: []console.Seat{{PSAP: b.PSAP, Service: b.Service}}}
	if change != nil {
		change(&cfg)
	}
	b.server = console.New(cfg)
	hs := &http.Server{Handler: b.server}
	var wg sync.WaitGroup
	wg.Go(func() { _ = hs.Serve(b.pipes) })
	t.Cleanup(func() {
		_ = b.server.Close(context.Background())
		_ = hs.Close()
		wg.Wait()
	})
	return b
}

func (b *bubble) started(t *testing.T, change func(*psaptest.Config)) *psaptest.Console {
	t.Helper()
	cfg := psaptest.Config{URL: "ws://pipe/v1/ws", PSAP: floortest.ID, Agent: "ann", Dial: b.pipes.dial}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := psaptest.Dial(ctx, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}
