package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
)

// Server yields connections to a NATS server in this process; after the server was opened anew it
// yields connections to the new one.
type Server interface {
	InProcessConn() (net.Conn, error)
}

// Seat is one PSAP the bus serves.
type Seat struct {
	PSAP    *psap.PSAP
	Service *api.Service
}

// Config of a Bus. The zero value of a field means what its comment says; PSAPs and one of Server
// and URL must be set.
type Config struct {
	PSAPs []Seat
	// Server is the server in this process. If nil, URL says where servers are.
	Server Server
	URL    string
	// User and Password, or CredsFile, are the credentials; TLS is for URL.
	User, Password, CredsFile string
	TLS                       *tls.Config

	// InFlight is how many commands may wait or be done, per PSAP. 0: 1,024.
	InFlight int
	// CommandWait is how long a command may take. 0: 15 s.
	CommandWait time.Duration
	// Logger receives life-cycle and faults, never content. nil: nothing.
	Logger *slog.Logger
}

// Validate reports everything wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	if len(c.PSAPs) == 0 {
		errs = append(errs, errors.New("no psap"))
	}
	tokens := map[string]callmodel.PSAPID{}
	for i, s := range c.PSAPs {
		if s.PSAP == nil || s.Service == nil {
			errs = append(errs, fmt.Errorf("psap %d has no PSAP or no service", i))
			continue
		}
		token := psapToken(s.PSAP.ID())
		if other, ok := tokens[token]; ok {
			errs = append(errs, fmt.Errorf("psaps %s and %s have the same subjects", other, s.PSAP.ID()))
		}
		tokens[token] = s.PSAP.ID()
	}
	if c.Server == nil && c.URL == "" {
		errs = append(errs, errors.New("neither a server nor a URL"))
	}
	if c.InFlight < 0 || c.CommandWait < 0 {
		errs = append(errs, errors.New("a bound is negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.InFlight == 0 {
		c.InFlight = 1024
	}
	if c.CommandWait == 0 {
		c.CommandWait = 15 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
