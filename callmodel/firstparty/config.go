package firstparty

import "time"

// Config is how 1PCC calls of a PSAP behave. A zero field means its default; a negative time
// switches the rule off.
type Config struct {
	// IdleWarning is the silence after which call.idle_warning is given. 0: 10 minutes.
	IdleWarning time.Duration
	// IdleClose is the further silence after which the call is closed. 0: 5 minutes.
	IdleClose time.Duration
	// MendWait is how long a broken leg is waited for before the call is closed. 0: 5 minutes.
	MendWait time.Duration
	// EndWait is how long the end of a leg is waited for after the call was closed. 0, or
	// negative: 1 minute.
	EndWait time.Duration
	// Lease is the length of a claim that does not ask for one. 0: 30 s.
	Lease time.Duration
	// MaxContent is the largest message content in octets, either way. 0: 256 KiB.
	MaxContent int
	// MaxUnsent is how many messages may wait or be without a confirmation. 0: 64.
	MaxUnsent int
}

func (c Config) withDefaults() Config {
	c.IdleWarning = or(c.IdleWarning, 10*time.Minute)
	c.IdleClose = or(c.IdleClose, 5*time.Minute)
	c.MendWait = or(c.MendWait, 5*time.Minute)
	c.EndWait = or(max(c.EndWait, 0), time.Minute)
	c.Lease = or(max(c.Lease, 0), 30*time.Second)
	c.MaxContent = or(c.MaxContent, 256<<10)
	c.MaxUnsent = or(c.MaxUnsent, 64)
	return c
}

func or[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}
