package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/engine"
	"text911/engine/journal"
	"text911/psap"
	"text911/psap/api"
	"text911/psap/bus"
	"text911/psap/console"
	"text911/psap/web"

	"github.com/prometheus/client_golang/prometheus"
)

// floor is the PSAP side: every PSAP with its consoles and its place on the bus.
type floor struct {
	psaps    []*psap.PSAP
	services []*api.Service
	console  *console.Server
	login    *console.Login // nil: nobody has to log in
	bus      *bus.Bus
	log      *slog.Logger
}

func newFloor(cfg config.Config, eng *engine.Engine, events *journal.Events, js *journal.JetStream, version string, log *slog.Logger) (*floor, error) {
	f := &floor{log: log}
	cc := console.Config{Node: cfg.Node.Name, Version: version, Origins: cfg.HTTP.AllowedOrigins, Logger: log.With("part", "console")}
	bc := bus.Config{Logger: log.With("part", "bus")}
	for _, p := range cfg.PSAPs {
		pc := psap.Config{ID: callmodel.PSAPID(p.ID), Calls: eng, Log: events, Queue: callmodel.QueueID(p.Queue), Lease: p.Lease,
			Journal: events.Healthy, Logger: log.With("part", "psap", "psap", p.ID)}
		if err := pc.Validate(); err != nil {
			return nil, err
		}
		one := psap.New(pc)
		service := api.NewService(one, nil)
		f.psaps, f.services = append(f.psaps, one), append(f.services, service)
		cc.PSAPs = append(cc.PSAPs, console.Seat{PSAP: one, Service: service})
		bc.PSAPs = append(bc.PSAPs, bus.Seat{PSAP: one, Service: service})
	}
	if err := f.auth(cfg.Auth, &cc); err != nil {
		return nil, err
	}
	if err := natsFor(cfg, js, &bc); err != nil {
		return nil, err
	}
	if err := cc.Validate(); err != nil {
		return nil, err
	}
	if err := bc.Validate(); err != nil {
		return nil, err
	}
	f.console, f.bus = console.New(cc), bus.New(bc)
	return f, nil
}

func (f *floor) auth(cfg config.Auth, cc *console.Config) error {
	if cfg.Mode == "none" {
		cc.Auth = console.Anybody{}
		return nil
	}
	tokens, err := readTokens(cfg.TokensFile)
	if err != nil {
		return err
	}
	who := map[string]console.Identity{}
	for token, agent := range tokens {
		who[token] = console.Identity{Agent: callmodel.AgentID(agent)}
	}
	f.login = console.NewLogin(who, nil, nil)
	cc.Auth = f.login
	return nil
}

func natsFor(cfg config.Config, js *journal.JetStream, bc *bus.Config) error {
	if js.Embedded() {
		bc.Server = js
		bc.User, bc.Password = js.Credentials()
		return nil
	}
	jc, err := journalConfig(cfg, slog.New(slog.DiscardHandler))
	bc.URL, bc.User, bc.Password, bc.TLS = jc.URL, jc.User, jc.Password, jc.TLS
	return err
}

// Ephemeral hands what is shown and forgotten to its PSAP.
func (f *floor) Ephemeral(id callmodel.PSAPID, ev callmodel.Event) {
	for _, p := range f.psaps {
		if p.ID() == id {
			p.Ephemeral(id, ev)
		}
	}
}

func (f *floor) run(g *group) {
	for _, p := range f.psaps {
		g.run(fmt.Sprintf("psap %s", p.ID()), p.Run)
	}
	g.run("bus", f.bus.Run)
	g.run("console connections", func(ctx context.Context) error {
		<-ctx.Done()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return f.console.Close(closing)
	})
}

// ready is true when every PSAP's board is whole.
func (f *floor) ready() bool {
	for _, p := range f.psaps {
		select {
		case <-p.Ready():
		default:
			return false
		}
	}
	return true
}

// goAway tells the consoles that this process will end.
func (f *floor) goAway(left time.Duration) { f.console.Drain("draining", left) }

// handler is the console's side of HTTP: page, WebSocket, tickets, schema.
func (f *floor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/ws", f.console)
	mux.HandleFunc("GET /v1/asyncapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, api.AsyncAPI())
	})
	if f.login != nil {
		mux.Handle("/v1/tickets", f.login)
	}
	mux.HandleFunc("/v1/", http.NotFound)
	mux.Handle("/", web.Handler())
	if f.login == nil {
		return loopbackOnly(mux)
	}
	return mux
}

// loopbackOnly refuses requests that name another host than this machine: without a login, a page
// from elsewhere whose name was made to resolve to loopback must not reach the console.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if ip := net.ParseIP(trimBrackets(host)); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "without a login only loopback is served", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

func (f *floor) measure(reg *prometheus.Registry) {
	for i, p := range f.psaps {
		labels := prometheus.Labels{"psap": string(p.ID())}
		wrapped := prometheus.WrapRegistererWith(labels, reg)
		wrapped.MustRegister(statsCollector{part: "psap", stats: func() any { return p.Stats() }})
		wrapped.MustRegister(statsCollector{part: "api", stats: func() any { return f.services[i].Stats() }})
	}
}
