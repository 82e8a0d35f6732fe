package psap

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"text911/callmodel"
)

// Config of a PSAP. The zero value of a field means what its comment says; ID, Calls and Log must
// be set.
type Config struct {
	ID    callmodel.PSAPID
	Calls Calls
	Log   Log

	// Queue is the name of the one queue. "": "text".
	Queue callmodel.QueueID
	// Lease is how long a claim lasts without a sign of life of its agent. 0: 30 s.
	Lease time.Duration
	// WaitingAlert is how long a text may wait until an alert is raised. 0: 10 s, negative: never.
	WaitingAlert time.Duration
	// ConsoleAlert is how long no console may be connected until an alert is raised. 0: 10 s,
	// negative: never.
	ConsoleAlert time.Duration
	// Journal says why events cannot be stored now, nil if they can. It is asked about once a
	// second. nil: nobody is asked.
	Journal func() error

	// KeepClosed is how many closed calls stay on the board, KeepClosedFor how long. 0: 200, 1 hour.
	KeepClosed    int
	KeepClosedFor time.Duration
	// Tail is how many events are kept for subscribers. 0: 8192.
	Tail int
	// Ephemerals is how many ephemeral notices may wait for one subscriber. 0: 256.
	Ephemerals int

	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// Entropy is where event ids get their randomness. nil: crypto/rand.
	Entropy io.Reader
	// Logger receives life-cycle and faults. nil: nothing.
	Logger *slog.Logger
}

// Validate reports everything wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	if c.ID == "" {
		errs = append(errs, errors.New("no id"))
	}
	if c.Calls == nil {
		errs = append(errs, errors.New("no calls"))
	}
	if c.Log == nil {
		errs = append(errs, errors.New("no log"))
	}
	if c.Lease < 0 || c.KeepClosedFor < 0 {
		errs = append(errs, errors.New("a duration is negative"))
	}
	if c.KeepClosed < 0 || c.Tail < 0 || c.Ephemerals < 0 {
		errs = append(errs, errors.New("a bound is negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("psap %s: %w", c.ID, err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Queue == "" {
		c.Queue = "text"
	}
	c.Lease = or(c.Lease, 30*time.Second)
	c.WaitingAlert = or(c.WaitingAlert, 10*time.Second)
	c.ConsoleAlert = or(c.ConsoleAlert, 10*time.Second)
	c.KeepClosed = or(c.KeepClosed, 200)
	c.KeepClosedFor = or(c.KeepClosedFor, time.Hour)
	c.Tail = or(c.Tail, 8192)
	c.Ephemerals = or(c.Ephemerals, 256)
	if c.Journal == nil {
		c.Journal = func() error { return nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}
