package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/engine"
	"text911/engine/journal"
	"text911/engine/leg"
	"text911/engine/msrp/transport"
	"text911/esrp"

	"github.com/prometheus/client_golang/prometheus"
)

// Daemon is a whole engine in one process. New binds, Run serves.
type Daemon struct {
	cfg     config.Config
	log     *slog.Logger
	journal *journal.JetStream
	events  *journal.Events
	engine  *engine.Engine
	peers   *esrp.Trunks
	net     *network
	floor   *floor
	metrics *prometheus.Registry

	console net.Listener
	admin   net.Listener

	drain     chan struct{}
	drainOnce sync.Once
}

// Addresses are what was bound, for port 0 and for people.
type Addresses struct {
	Console string   `json:"console"`
	Admin   string   `json:"admin,omitempty"`
	SIP     []string `json:"sip"` // "udp 127.0.0.1:5060"
	MSRP    string   `json:"msrp,omitempty"`
	MSRPS   string   `json:"msrps,omitempty"`
	NATS    string   `json:"nats,omitempty"`
}

// New opens the log and binds every socket. After an error nothing is left open. A Daemon that
// New returned must be Run.
func New(ctx context.Context, cfg config.Config, version string, log *slog.Logger) (d *Daemon, err error) {
	d = &Daemon{cfg: cfg, log: log, metrics: newRegistry(version), drain: make(chan struct{})}
	defer func() {
		if err != nil {
			d.release(context.WithoutCancel(ctx))
		}
	}()
	if d.journal, d.events, err = openJournal(ctx, cfg, log); err != nil {
		return d, fmt.Errorf("log: %w", err)
	}
	if d.peers, err = trunks(cfg); err != nil {
		return d, fmt.Errorf("trunks: %w", err)
	}
	ec := engine.Config{Log: d.events, PSAPs: psapRules(cfg), Logger: log.With("part", "engine")}
	if err = ec.Validate(); err != nil {
		return d, fmt.Errorf("engine: %w", err)
	}
	d.engine = engine.New(ec)
	if d.net, err = bindNetwork(cfg, d.engine, d.peers, d.healthy, log); err != nil {
		return d, err
	}
	d.engine.Bear(callmodel.BearerMSRP, d.net.gateway)
	if d.floor, err = newFloor(cfg, d.engine, d.events, d.journal, version, log); err != nil {
		return d, err
	}
	d.engine.Observe(d.floor)
	if d.console, err = net.Listen("tcp", cfg.HTTP.Listen); err != nil {
		return d, fmt.Errorf("console: %w", err)
	}
	if cfg.Admin.Listen != "" {
		if d.admin, err = net.Listen("tcp", cfg.Admin.Listen); err != nil {
			return d, fmt.Errorf("admin: %w", err)
		}
	}
	d.measure()
	return d, nil
}

func (d *Daemon) measure() {
	for part, stats := range map[string]func() any{
		"journal": func() any { return d.journal.Stats() },
		"engine":  func() any { return d.engine.Stats() },
		"esrp":    func() any { return d.peers.Stats() },
		"leg":     func() any { return d.net.gateway.Stats() },
		"msrp":    func() any { return d.net.endpoint.Stats() },
		"sip":     func() any { return d.net.ua.Stats() },
		"console": func() any { return d.floor.console.Stats() },
		"bus":     func() any { return d.floor.bus.Stats() },
	} {
		d.metrics.MustRegister(statsCollector{part: part, stats: stats})
	}
	d.floor.measure(d.metrics)
}

// release closes what New opened, in reverse, when it could not finish.
func (d *Daemon) release(ctx context.Context) {
	for _, l := range []net.Listener{d.admin, d.console} {
		if l != nil {
			_ = l.Close()
		}
	}
	if d.net != nil {
		d.net.close()
	}
	if d.journal != nil {
		_ = d.journal.Close(ctx)
	}
}

// Addresses lists what was bound.
func (d *Daemon) Addresses() Addresses {
	a := Addresses{Console: d.console.Addr().String(), NATS: d.journal.Addr()}
	if d.admin != nil {
		a.Admin = d.admin.Addr().String()
	}
	for _, b := range d.net.ua.Bound() {
		a.SIP = append(a.SIP, fmt.Sprintf("%s %s", b.Transport, b.Addr))
	}
	if d.net.plain != nil {
		a.MSRP = d.net.plain.Addr().String()
	}
	if d.net.secure != nil {
		a.MSRPS = d.net.secure.Addr().String()
	}
	return a
}

// healthy: a text could be made durable now.
func (d *Daemon) healthy() bool { return d.engine.Ready() && d.events.Healthy() == nil }

// Ready says whether a new text would be taken now, and if not, why.
func (d *Daemon) Ready() error {
	select {
	case <-d.drain:
		return errors.New("draining")
	default:
	}
	if !d.engine.Ready() || !d.floor.ready() {
		return errors.New("replaying the log")
	}
	return d.events.Healthy()
}

// AwaitReady returns when a text would be taken, or ctx has ended.
func (d *Daemon) AwaitReady(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for d.Ready() != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Drain asks Run to refuse new calls, tell the consoles, wait for live calls up to
// node.drain_timeout, and return.
func (d *Daemon) Drain() { d.drainOnce.Do(func() { close(d.drain) }) }

// Run serves until ctx ends (at once) or Drain has finished. It returns when everything has ended;
// the log is closed last, after everybody who writes to it.
func (d *Daemon) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outer := newGroup(ctx, cancel) // speaks to the outside
	core := newGroup(context.WithoutCancel(ctx), cancel)

	core.run("engine", d.engine.Run)
	core.run("msrp", d.net.endpoint.Run)
	core.run("sip", d.net.ua.Run)
	core.run("trunks", d.peers.Run)
	d.floor.run(core)
	core.run("legs", d.net.gateway.Run)
	outer.serve("console", d.console, d.consoleServer(), d.cfg.HTTP)
	if d.admin != nil {
		outer.serve("admin", d.admin, httpServer(adminHandler(d.Ready, d.metrics, d.cfg.Admin.PProf)), config.HTTP{})
	}

	select {
	case <-d.drain:
		d.drainCalls(ctx)
		cancel(errDrained)
	case <-ctx.Done():
	}
	outer.wait()
	core.stop()
	core.wait()
	closing, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	err := d.journal.Close(closing)
	if cause := context.Cause(ctx); !errors.Is(cause, errDrained) && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

var errDrained = errors.New("drained")

// drainCalls refuses new calls and waits until the live ones are over or the time is up, saying
// every few seconds what is left.
func (d *Daemon) drainCalls(ctx context.Context) {
	d.net.gateway.Drain()
	d.floor.goAway(d.cfg.Node.DrainTimeout)
	deadline := time.NewTimer(d.cfg.Node.DrainTimeout)
	defer deadline.Stop()
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	for i := 0; ; i++ {
		left := d.net.gateway.Legs()
		if left == 0 {
			d.log.Info("drained")
			return
		}
		if i%50 == 0 {
			d.log.Info("draining", "calls", left)
		}
		select {
		case <-every.C:
		case <-deadline.C:
			d.log.Warn("drain time is up", "calls", left)
			return
		case <-ctx.Done():
			return
		}
	}
}

func (d *Daemon) consoleServer() *http.Server {
	s := httpServer(d.floor.handler())
	s.WriteTimeout = 0 // a WebSocket sets its own, per write
	return s
}

// Stats are the counters of the parts that face the ESInet, for tests and the bench.
type Stats struct {
	Leg    leg.Stats
	MSRP   transport.Stats
	Engine engine.Stats
	Log    journal.Stats
}

// Stats reads them.
func (d *Daemon) Stats() Stats {
	return Stats{Leg: d.net.gateway.Stats(), MSRP: d.net.endpoint.Stats(), Engine: d.engine.Stats(), Log: d.journal.Stats()}
}
