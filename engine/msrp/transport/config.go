package transport

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"text911/engine/msrp"
)

// Defaults of Config.
const (
	DefaultMaxConns       = 20000
	DefaultMaxUnbound     = 1000
	DefaultPerSource      = 50
	DefaultPerSourceRate  = 20
	DefaultWrongPerMinute = 30
	DefaultConnectTimer   = 10 * time.Second
	DefaultHandshakeTimer = 10 * time.Second
	DefaultWriteStall     = 30 * time.Second
	DefaultDrain          = 2 * time.Second
	DefaultObsolete       = 32 * time.Second
)

// Config are the limits and collaborators of an Endpoint. Zero fields take the
// defaults above.
type Config struct {
	// Now is the clock; nil is time.Now. It must advance with the timers of
	// package time.
	Now func() time.Time
	// Random is a cryptographic source, read by one goroutine at a time; nil is
	// crypto/rand.
	Random io.Reader
	// Log gets life-cycle lines without any content; nil discards them.
	Log *slog.Logger

	// Profile and Limits are those of the codec.
	Profile msrp.Profile
	Limits  msrp.Limits

	// MaxConns bounds all connections, MaxUnbound those that have bound no
	// session yet. A connection beyond either ends the oldest unbound one; when
	// there is none it is refused itself.
	MaxConns, MaxUnbound int
	// PerSource bounds the connections of one source address that have bound no
	// session, PerSourceRate its new connections per second; one that binds is
	// given back. A gateway with a thousand texters stays below both.
	PerSource, PerSourceRate int
	// WrongPerMinute bounds the requests of one source that name no session.
	WrongPerMinute int
	// Trusted are sources exempt from the limits per source and from being ended
	// to make room: own relays, gateways, the trunk's elements.
	Trusted []netip.Prefix

	// Probation, HeadTimer and ResponseTimer are those of session.ConnConfig.
	Probation, HeadTimer, ResponseTimer time.Duration
	// ConnectTimer and HandshakeTimer bound a TCP connect to one address and a
	// TLS handshake.
	ConnectTimer, HandshakeTimer time.Duration
	// WriteStall ends a connection whose peer takes nothing for that long.
	WriteStall time.Duration
	// Drain bounds how long a connection is kept for what is still to be
	// written after its last session has ended.
	Drain time.Duration
	// Obsolete bounds how long a superseded binding is kept (Session.Supersede).
	Obsolete time.Duration

	// MayConnect is asked before a connect to an address that a peer named; nil
	// is OnlyRoutable.
	MayConnect func(netip.AddrPort) error
	// Resolver gives the addresses of a name in the order to try; nil is
	// net.DefaultResolver.
	Resolver Resolver
	// Dial opens a TCP connection from local (invalid: any) to remote; nil is
	// net.Dialer. It is a hook for tests and for special routing.
	Dial DialFunc
}

// Resolver looks up the addresses of a name.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	setInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	setTime := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	setInt(&c.MaxConns, DefaultMaxConns)
	setInt(&c.MaxUnbound, DefaultMaxUnbound)
	setInt(&c.PerSource, DefaultPerSource)
	setInt(&c.PerSourceRate, DefaultPerSourceRate)
	setInt(&c.WrongPerMinute, DefaultWrongPerMinute)
	setTime(&c.ConnectTimer, DefaultConnectTimer)
	setTime(&c.HandshakeTimer, DefaultHandshakeTimer)
	setTime(&c.WriteStall, DefaultWriteStall)
	setTime(&c.Drain, DefaultDrain)
	setTime(&c.Obsolete, DefaultObsolete)
	if c.MayConnect == nil {
		c.MayConnect = OnlyRoutable
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Dial == nil {
		c.Dial = dialTCP
	}
	return c
}
