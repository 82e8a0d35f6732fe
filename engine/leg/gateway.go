package leg

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"text911/callmodel"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// Defaults of Config.
const (
	DefaultRetryAfter  = 5 * time.Second
	DefaultOpenWait    = 10 * time.Second
	DefaultHoldVerdict = 25 * time.Second
	DefaultBindWait    = 32 * time.Second
	DefaultLateGrace   = 1500 * time.Millisecond
	DefaultSettleWait  = 2 * time.Second
	DefaultMaxLegs     = 20_000
	DefaultKeepBody    = 64 << 10
	DefaultMaxRecord   = 512 << 10
)

// tickEvery is how often what waits is looked at: legs that could not tell the engine something
// because the log was away, and delays that are over.
const tickEvery = 100 * time.Millisecond

// Gateway carries all legs of bearer MSRP. It is the user agent's Policy and Handler, and the
// engine's Legs. Make it with New, give it to sipua.New, Attach that, then Run.
type Gateway struct {
	cfg      Config
	ids      *ulids
	ua       *sipua.UA
	count    counters
	draining atomic.Bool
	stopped  atomic.Bool

	seed   maphash.Seed
	graces delays // ends of the time for late texts
	binds  delays // ends of the wait for the first connection

	mu      sync.RWMutex
	legs    map[callmodel.LegID]*leg
	stalled map[*leg]struct{} // legs whose inbox waits for the log

	spawning sync.Mutex // guards life, closed and adding to work
	life     context.Context
	begun    chan struct{} // closed when life is set
	closed   bool
	work     sync.WaitGroup
}

// New checks the configuration and starts nothing.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	g := &Gateway{cfg: cfg.withDefaults(), legs: map[callmodel.LegID]*leg{}, stalled: map[*leg]struct{}{},
		seed: maphash.MakeSeed(), begun: make(chan struct{})}
	g.graces.after, g.binds.after = g.cfg.LateGrace, g.cfg.BindWait
	if g.cfg.NewID == nil {
		g.ids = newULIDs(g.cfg.Now, g.cfg.Rand)
		g.cfg.NewID = g.ids.next
	}
	return g, nil
}

func (c Config) withDefaults() Config {
	if c.Element == "" {
		c.Element = "text911.invalid"
	}
	if c.Types == nil {
		c.Types = sdpmsrp.PSAPTypes()
	}
	if c.Wrapped == nil {
		c.Wrapped = sdpmsrp.EndpointWrappedTypes()
	}
	if c.Healthy == nil {
		c.Healthy = func() bool { return true }
	}
	if c.MendPauses == nil {
		c.MendPauses = []time.Duration{2 * time.Second, 10 * time.Second, 20 * time.Second}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	c.RetryAfter = or(c.RetryAfter, DefaultRetryAfter)
	c.OpenWait = or(c.OpenWait, DefaultOpenWait)
	c.HoldVerdict = or(c.HoldVerdict, DefaultHoldVerdict)
	c.BindWait = or(c.BindWait, DefaultBindWait)
	c.LateGrace = or(c.LateGrace, DefaultLateGrace)
	c.SettleWait = or(c.SettleWait, DefaultSettleWait)
	c.MaxLegs = or(c.MaxLegs, DefaultMaxLegs)
	c.KeepBody = or(c.KeepBody, DefaultKeepBody)
	c.MaxRecord = or(c.MaxRecord, DefaultMaxRecord)
	c.MaxMessage = or(c.MaxMessage, sdpmsrp.DefaultMaxSize)
	return c
}

func or[T int | int64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Attach gives the gateway the user agent it answers for. Call it before Run.
func (g *Gateway) Attach(ua *sipua.UA) { g.ua = ua }

// Run serves until ctx ends, then forgets all legs without telling anybody: the far ends keep their
// dialogs and the log keeps the calls, so that the next life can mend them. It returns when every
// goroutine of the gateway has ended.
func (g *Gateway) Run(ctx context.Context) error {
	g.spawning.Lock()
	if g.life != nil {
		g.spawning.Unlock()
		return errors.New("gateway runs already")
	}
	g.life = ctx
	close(g.begun)
	g.spawning.Unlock()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			g.stopped.Store(true)
			g.spawning.Lock()
			g.closed = true
			g.spawning.Unlock()
			g.work.Wait()
			return nil
		case <-tick.C:
			g.retryStalled()
			g.graces.run(g.cfg.Now())
			g.binds.run(g.cfg.Now())
		}
	}
}

// Drain refuses new calls with 503 from now on. Calls that are there go on.
func (g *Gateway) Drain() { g.draining.Store(true) }

// Legs is the number of legs held now.
func (g *Gateway) Legs() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.legs)
}

// Identify is the user agent's question who somebody is.
func (g *Gateway) Identify(ev sipua.Evidence) (peer string, ok bool) {
	id, err := g.cfg.Trunks.Identify(ev.Source.Addr(), ev.Names)
	return string(id), err == nil
}

// Admit is the user agent's question whether a new call is taken: 503 while we drain or could not
// keep a text, 486 when there is no room (NENA-STA-010.3 §4.2.1.3).
func (g *Gateway) Admit(peer string) sipua.Admission {
	switch {
	case g.draining.Load() || g.stopped.Load() || !g.cfg.Healthy():
		g.count.away.Add(1)
		return sipua.Away(g.cfg.RetryAfter)
	case g.Legs() >= g.cfg.MaxLegs || g.cfg.Trunks.Full(callmodel.TrunkID(peer)):
		g.count.busy.Add(1)
		return sipua.Busy()
	}
	return sipua.Take()
}

// spawn runs f on a goroutine that Run waits for; f ends soon after life does. It reports false,
// without running f, when the gateway does not run.
func (g *Gateway) spawn(f func(life context.Context)) bool {
	g.spawning.Lock()
	defer g.spawning.Unlock()
	if g.closed || g.life == nil {
		return false
	}
	life := g.life
	g.work.Go(func() { f(life) })
	return true
}

func (g *Gateway) find(id callmodel.LegID) *leg {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.legs[id]
}

// add makes a leg known; false when there are too many or it is known already.
func (g *Gateway) add(l *leg) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.legs[l.id]; known || len(g.legs) >= g.cfg.MaxLegs {
		return false
	}
	g.legs[l.id] = l
	return true
}

func (g *Gateway) remove(l *leg) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.legs[l.id] == l {
		delete(g.legs, l.id)
	}
	delete(g.stalled, l)
}

func (g *Gateway) stall(l *leg) {
	g.count.stalls.Add(1)
	g.mu.Lock()
	g.stalled[l] = struct{}{}
	g.mu.Unlock()
}

// retryStalled lets every waiting leg try again.
func (g *Gateway) retryStalled() {
	g.mu.Lock()
	if len(g.stalled) == 0 {
		g.mu.Unlock()
		return
	}
	waiting := g.stalled
	g.stalled = map[*leg]struct{}{}
	g.mu.Unlock()
	for l := range waiting {
		l.retry()
	}
}

// wait waits for d or the end of life, and reports whether d has passed.
func wait(life context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-life.Done():
		return false
	case <-t.C:
		return true
	}
}
