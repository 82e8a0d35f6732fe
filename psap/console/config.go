package console

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
)

// Seat is one PSAP that consoles may work for.
type Seat struct {
	PSAP    *psap.PSAP
	Service *api.Service
}

// Config of a Server. The zero value of a field means what its comment says; PSAPs must be set.
type Config struct {
	PSAPs []Seat

	// Node and Version are told in hello. "": "text911", "dev".
	Node, Version string
	// Auth tells who connects. nil: anybody may be any agent (development).
	Auth Authenticator
	// Origins are the origins pages may come from, beside the server's own ("https://host:port").
	Origins []string

	// Heartbeat is how often pings are sent, Cut after how long without a frame a console is cut.
	// 0: 10 s, 25 s.
	Heartbeat, Cut time.Duration
	// WriteWait is how long one write may take. 0: 5 s.
	WriteWait time.Duration
	// Window and WindowBytes bound what a console has not acknowledged, AckWait how long it may take
	// to make room. 0: 1,000 events, 4 MiB, 5 s.
	Window, WindowBytes int
	AckWait             time.Duration
	// MaxConnections is how many consoles may be connected. 0: 2,000.
	MaxConnections int
	// CommandRate is how many commands per second a connection may send for long; it may save up one
	// second of them. InFlight is how many may wait or be done. 0: 5,000, 512.
	CommandRate, InFlight int
	// CommandWait is how long a command may take. 0: 15 s.
	CommandWait time.Duration

	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// Entropy is where connection names come from. nil: crypto/rand.
	Entropy io.Reader
	// Logger receives life-cycle and faults, never content. nil: nothing.
	Logger *slog.Logger
}

const (
	// MaxFrame is the largest frame a client may send.
	MaxFrame = 64 << 10
	// hardLimit is where a frame is refused without being read.
	hardLimit = 1 << 20
	// snapshotOctets bounds the calls in a snapshot; the rest is asked for with call.list.
	snapshotOctets = 768 << 10
)

// Validate reports everything wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	if len(c.PSAPs) == 0 {
		errs = append(errs, errors.New("no psap"))
	}
	seen := map[callmodel.PSAPID]bool{}
	for i, s := range c.PSAPs {
		switch {
		case s.PSAP == nil || s.Service == nil:
			errs = append(errs, fmt.Errorf("psap %d has no PSAP or no service", i))
		case seen[s.PSAP.ID()]:
			errs = append(errs, fmt.Errorf("psap %s is there twice", s.PSAP.ID()))
		default:
			seen[s.PSAP.ID()] = true
		}
	}
	d := c.withDefaults()
	if d.Cut <= d.Heartbeat {
		errs = append(errs, errors.New("the heartbeat's cut must be longer than the heartbeat"))
	}
	if d.Window < 1 || d.WindowBytes < 1 || d.MaxConnections < 1 || d.CommandRate < 1 || d.InFlight < 1 {
		errs = append(errs, errors.New("a bound is negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Node, c.Version = or(c.Node, "text911"), or(c.Version, "dev")
	if c.Auth == nil {
		c.Auth = Anybody{}
	}
	c.Heartbeat, c.Cut = or(c.Heartbeat, 10*time.Second), or(c.Cut, 25*time.Second)
	c.WriteWait, c.AckWait = or(c.WriteWait, 5*time.Second), or(c.AckWait, 5*time.Second)
	c.Window, c.WindowBytes = or(c.Window, 1000), or(c.WindowBytes, 4<<20)
	c.MaxConnections = or(c.MaxConnections, 2000)
	c.CommandRate, c.InFlight = or(c.CommandRate, 5000), or(c.InFlight, 512)
	c.CommandWait = or(c.CommandWait, 15*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
