package journal

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config describes a JetStream journal. The zero value of a field is its
// documented default; Dir or URL must be set.
type Config struct {
	// Dir is where the embedded server keeps its files. It belongs to one
	// process at a time.
	Dir string
	// URL names external NATS servers ("nats://a:4222,nats://b:4222"). When
	// set, nothing is embedded.
	URL string
	// User, Password, Token, CredsFile and TLS are the credentials for URL.
	User, Password, Token, CredsFile string
	TLS                              *tls.Config

	// Replicas of each stream, with URL. 0: 1.
	Replicas int
	// Dedupe is how long the server remembers an id, at about 150 bytes of
	// memory each. It only has to cover the repeats after a timeout or a change
	// of leader: a later repeat is stopped by its fence, and told from another
	// writer by the call's log. Only NoFence Appends rely on it alone. So it is
	// short, and memory stays bounded by the rate times this. 0: 10 min.
	Dedupe time.Duration
	// MaxAge removes records older than this. 0: keep for ever.
	MaxAge time.Duration
	// MaxStore bounds the embedded server's files in bytes. 0: 50 GiB.
	MaxStore int64
	// Ballast is the size of a file kept in Dir that is given up when the
	// disk is full, so that the store can be reopened. 0: 64 MiB, negative:
	// none.
	Ballast int64
	// MinFree is the free space under Dir below which the journal refuses
	// with ErrUnavailable. 0: 256 MiB, negative: not watched.
	MinFree int64
	// CheckEvery is how often space and health are looked at. 0: 250 ms.
	CheckEvery time.Duration

	// Queue is how many Appends may wait per stream. 0: 8192.
	Queue int
	// AckWait is the deadline of one publish. 0: 5 s.
	AckWait time.Duration
	// Grace is how long an external server may be away before Appends are
	// refused instead of waiting; a change of leader takes 4 to 7 s. 0: 10 s.
	Grace time.Duration
	// TailCount and TailBytes bound the tail for followers, per PSAP.
	// 0: 16,384 records, 32 MiB.
	TailCount int
	TailBytes int64

	// Listen lets external clients reach the embedded server.
	Listen Listen
	// Log receives life-cycle and faults, never content. nil: nothing.
	Log *slog.Logger
}

// Listen is how external clients reach the embedded server. They may publish
// commands (t911.*.cmd.>) and replies, and subscribe to events (t911.*.evt.>)
// and replies; nothing else.
type Listen struct {
	// Addr is host:port, port 0 for any; empty: no listener.
	Addr string
	// User and Password, or Token, are asked of clients; all empty: nothing
	// is asked.
	User, Password, Token string
	// TLS is the server's configuration. nil: no TLS.
	TLS *tls.Config
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if (c.Dir == "") == (c.URL == "") {
		bad("journal: one of dir and url is needed")
	}
	if c.Replicas < 0 || c.Replicas > 5 {
		bad("journal: replicas %d, allowed are 1 to 5", c.Replicas)
	}
	if c.URL == "" && c.Replicas > 1 {
		bad("journal: %d replicas need a cluster", c.Replicas)
	}
	if c.URL != "" && c.Listen.Addr != "" {
		bad("journal: listen is for the embedded server only")
	}
	if c.Listen.Token != "" && (c.Listen.User != "" || c.Listen.Password != "") {
		bad("journal: listen has both a token and a user")
	}
	if (c.Listen.User == "") != (c.Listen.Password == "") {
		bad("journal: listen needs user and password together")
	}
	if c.Dedupe < 0 || c.MaxAge < 0 || c.AckWait < 0 || c.Grace < 0 || c.CheckEvery < 0 {
		bad("journal: negative duration")
	}
	if c.MaxAge > 0 && c.Dedupe > c.MaxAge {
		bad("journal: dedupe is longer than max age")
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	def(&c.Replicas, 1)
	if c.Dedupe == 0 {
		c.Dedupe = 10 * time.Minute
		if c.MaxAge > 0 {
			c.Dedupe = min(c.Dedupe, c.MaxAge)
		}
	}
	def(&c.MaxStore, 50<<30)
	def(&c.Ballast, 64<<20)
	def(&c.MinFree, 256<<20)
	def(&c.CheckEvery, 250*time.Millisecond)
	def(&c.Queue, 8192)
	def(&c.AckWait, 5*time.Second)
	def(&c.Grace, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
