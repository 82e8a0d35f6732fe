package transport

import (
	"context"
	"errors"
	"io"
	"sync"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// Errors of an Endpoint and its sessions.
var (
	ErrEnded     = errors.New("msrp endpoint has ended")
	ErrClosed    = errors.New("msrp session is closed")
	ErrNoHandler = errors.New("msrp session without a Received handler")
	ErrBound     = errors.New("msrp session is bound already")
	ErrNoPeer    = errors.New("msrp session without the peer's path")
)

// Endpoint is one MSRP endpoint: its listeners, connections and sessions. It is
// safe for concurrent use.
type Endpoint struct {
	cfg    Config
	random lockedReader
	timers timers
	pools  pools
	totals totals

	ctx    context.Context // the endpoint's own life
	cancel context.CancelFunc
	work   sync.WaitGroup // every goroutine

	mu        sync.Mutex
	ids       *msrp.IDSource
	running   bool
	ended     bool
	waiting   []func() // what Run starts
	listeners map[*Listener]struct{}
	sessions  map[msrp.Key]*Session
	conns     map[*Conn]struct{}
	unbound   unboundList
	sources   sources            // of incoming connections
	targets   sources            // of connects, for their rate
	shared    map[shareKey]*Conn // connections open to further sessions
}

// New makes an endpoint. It starts nothing: Run does.
func New(cfg Config) *Endpoint {
	e := &Endpoint{
		cfg:       cfg.withDefaults(),
		listeners: map[*Listener]struct{}{},
		sessions:  map[msrp.Key]*Session{},
		conns:     map[*Conn]struct{}{},
		shared:    map[shareKey]*Conn{},
	}
	e.random.r = e.cfg.Random
	e.ids = msrp.NewIDSource(&e.random)
	e.sources.init(e.cfg)
	e.targets.init(e.cfg)
	e.timers.init(e.cfg.Now)
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e
}

// Run accepts connections and serves timers until ctx ends. Then it closes
// listeners and connections, tells every bound session, and returns after the
// last goroutine has ended. To drain before, close the sessions first and wait
// with Drain. It is called once.
func (e *Endpoint) Run(ctx context.Context) error {
	e.mu.Lock()
	if e.ended || e.running {
		e.mu.Unlock()
		return ErrEnded
	}
	e.running = true
	for _, f := range e.waiting {
		e.work.Go(f)
	}
	e.waiting = nil
	e.mu.Unlock()
	e.work.Go(e.sweep)
	e.work.Go(func() { e.timers.run(e.ctx) })
	<-ctx.Done()
	e.shutdown()
	e.work.Wait()
	return context.Cause(ctx)
}

// shutdown ends everything that could start something new, then everything.
func (e *Endpoint) shutdown() {
	e.mu.Lock()
	e.ended = true
	for l := range e.listeners {
		l.stop()
	}
	conns := make([]*Conn, 0, len(e.conns))
	for c := range e.conns {
		conns = append(conns, c)
	}
	e.mu.Unlock()
	e.cancel()
	for _, c := range conns {
		c.kill(endShutdown)
	}
}

// start runs f on a goroutine of the endpoint: now, or when Run begins. It
// reports false when the endpoint has ended.
func (e *Endpoint) start(f func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.ended:
		return false
	case e.running:
		e.work.Go(f)
	default:
		e.waiting = append(e.waiting, f)
	}
	return true
}

// Drain waits until no session is left or ctx ends, and gives the number left.
// Close ends sessions; Drain closes none by itself.
func (e *Endpoint) Drain(ctx context.Context) int {
	tick := newTicker(e.cfg.Drain / 20)
	defer tick.Stop()
	for {
		e.mu.Lock()
		left := len(e.sessions)
		e.mu.Unlock()
		if left == 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return left
		case <-tick.C:
		}
	}
}

// NewMessageID makes a Message-ID for an own message.
func (e *Endpoint) NewMessageID() msrp.MessageID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ids.MessageID()
}

// register makes a session reachable under a fresh URI.
func (e *Endpoint) register(s *Session, base msrp.URI) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return ErrEnded
	}
	for {
		base.SessionID = e.ids.SessionID()
		s.key = base.Key()
		if _, taken := e.sessions[s.key]; !taken {
			break
		}
	}
	s.cfg.Local = base
	e.sessions[s.key] = s
	return nil
}

// adopt makes a session reachable under a URI issued earlier, for a call that
// another node or an earlier life of this one began.
func (e *Endpoint) adopt(s *Session, uri msrp.URI) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return ErrEnded
	}
	s.key, s.cfg.Local = uri.Key(), uri
	if _, taken := e.sessions[s.key]; taken {
		return ErrBound
	}
	e.sessions[s.key] = s
	return nil
}

func (e *Endpoint) forget(s *Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.sessions, s.key)
}

func (e *Endpoint) lookup(key msrp.Key) *Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sessions[key]
}

// newCore makes the pure core of a session's next binding.
func newCore(cfg session.Config) (*session.Session, error) { return session.New(cfg) }

// lockedReader lets several cores draw from one source.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
