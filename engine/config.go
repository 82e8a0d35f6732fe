package engine

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"text911/callmodel"
	"text911/callmodel/firstparty"
)

// Config of an Engine. The zero value of a field means what its comment says; Log and PSAPs must
// be set.
type Config struct {
	Log   Log
	PSAPs []PSAP

	// Mailbox is how many inputs may wait for one call. 0: 256.
	Mailbox int
	// Outbox is how many effects may wait on one leg before commands are refused. 0: 128.
	Outbox int
	// MaxCalls is how many calls may be in memory; then Open refuses. 0: 50,000.
	MaxCalls int
	// Grace is how long a closed call stays in memory. 0: 2 minutes, negative: not at all.
	Grace time.Duration
	// Faults is how many panics in a row end a call. 0: 3.
	Faults int

	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// Entropy is where ids get their randomness. nil: crypto/rand.
	Entropy io.Reader
	// Logger receives life-cycle and faults. nil: nothing.
	Logger *slog.Logger
}

// PSAP is one answering centre the engine serves.
type PSAP struct {
	ID callmodel.PSAPID
	// FirstParty is how its 1PCC calls behave.
	FirstParty firstparty.Config
	// NewMachine, if set, makes the machines instead, for tests and other modes. It returns nil for
	// a mode the PSAP does not serve.
	NewMachine func(mode callmodel.Mode) callmodel.Machine
}

// Validate reports everything wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	if c.Log == nil {
		errs = append(errs, errors.New("no log"))
	}
	seen := map[callmodel.PSAPID]bool{}
	for i, p := range c.PSAPs {
		if p.ID == "" {
			errs = append(errs, fmt.Errorf("psap %d has no id", i))
		}
		if seen[p.ID] {
			errs = append(errs, fmt.Errorf("psap %s is there twice", p.ID))
		}
		seen[p.ID] = true
	}
	for name, n := range map[string]int{
		"mailbox": c.Mailbox, "outbox": c.Outbox, "max calls": c.MaxCalls, "faults": c.Faults,
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s is negative", name))
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.Mailbox = or(c.Mailbox, 256)
	c.Outbox = or(c.Outbox, 128)
	c.MaxCalls = or(c.MaxCalls, 50_000)
	c.Faults = or(c.Faults, 3)
	c.Grace = max(or(c.Grace, 2*time.Minute), 0)
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

func (p PSAP) machine(mode callmodel.Mode) callmodel.Machine {
	if p.NewMachine != nil {
		return p.NewMachine(mode)
	}
	if mode == callmodel.FirstParty {
		return firstparty.New(p.FirstParty)
	}
	return nil
}
