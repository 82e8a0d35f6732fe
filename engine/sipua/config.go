package sipua

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Transport is how SIP travels.
type Transport string

// Transports of SIP that the UA speaks.
const (
	UDP Transport = "UDP"
	TCP Transport = "TCP"
	TLS Transport = "TLS"
)

// Listener is one socket to serve. Give either Address (port 0 picks one) or a socket made by the
// caller; the UA closes both kinds when Run ends.
type Listener struct {
	Transport Transport
	Address   string
	Packet    net.PacketConn // for UDP
	Stream    net.Listener   // for TCP and TLS; plain TCP in both cases, the UA adds TLS
	TLS       *tls.Config    // required for TLS: certificates, and client verification if peers are known by name
	Host      string         // advertised in Contact and Via; empty: Config.Host, else the bound address
	Port      int            // advertised port; 0: the bound one
}

// Evidence is what is known of whoever sent a message, before the message is believed.
type Evidence struct {
	Transport Transport
	Source    netip.AddrPort
	Names     []string // DNS names and URIs of the verified client certificate; none without one
}

// Policy decides who may talk to us and whether a new call is taken. It is called on socket
// goroutines and must not block.
type Policy interface {
	// Identify names the trunk peer behind the evidence, or refuses: requests of unknown peers get
	// 403 on streams, and datagrams of unknown addresses are dropped unread.
	Identify(Evidence) (peer string, ok bool)
	// Admit is asked for each new INVITE and for OPTIONS outside a dialog, which gets the same
	// status an INVITE would get (RFC 3261 §11.2).
	Admit(peer string) Admission
}

// Config of a UA. The zero value of each field is documented; only Policy is required.
type Config struct {
	Listeners []Listener  // empty: no incoming calls, outgoing ones over TCP and TLS only
	Policy    Policy      // required
	ClientTLS *tls.Config // for connections we open; nil: system roots, TLS 1.2
	Host      string      // advertised host; empty: the bound address
	User      string      // user part of our Contact; empty: text911
	Agent     string      // User-Agent and Server; empty: text911
	SDP       []byte      // session description for OPTIONS answers; nil: none

	MinSE           time.Duration // smallest session interval we accept; 0: 90 s (RFC 4028 §5)
	SessionExpires  time.Duration // interval we ask for; 0: 30 min; negative: never ask
	EndOnExpiry     bool          // true: a missing session refresh ends the dialog with BYE; false: Expired is reported
	RingEvery       time.Duration // repeat of 180 while ringing; 0: 3 s
	Hold            time.Duration // how long a request with a CSeq gap waits for the missing one; 0: 150 ms
	InviteTimeout   time.Duration // no response at all to an INVITE of ours; 0: 64*T1
	T1, T2, T4      time.Duration // RFC 3261 §17 base timers; 0: 500 ms, 4 s, 5 s
	MaxCalls        int           // calls held at once, 0: 20 000; above it 486
	MaxConnections  int           // stream connections at once, 0: 4 096
	MaxMessageBytes int           // 0: 256 KiB

	Resolve func(ctx context.Context, host string) ([]netip.Addr, error) // nil: the system's resolver, A and AAAA

	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error) // nil: the system's TCP

	Logger *slog.Logger     // nil: discard. Never gets message text
	Now    func() time.Time // nil: time.Now
	Rand   io.Reader        // nil: crypto/rand
}

// Validate reports every fault of the configuration at once.
func (c *Config) Validate() error {
	var errs []error
	if c.Policy == nil {
		errs = append(errs, errors.New("policy is missing"))
	}
	for i, l := range c.Listeners {
		errs = append(errs, l.validate(i))
	}
	if c.T1 < 0 || c.T2 < 0 || c.T4 < 0 {
		errs = append(errs, errors.New("negative base timer"))
	}
	if c.MinSE != 0 && c.MinSE < 90*time.Second {
		errs = append(errs, errors.New("min-se below 90 s (RFC 4028 §5)"))
	}
	if strings.ContainsAny(c.Host+c.User+c.Agent, "\r\n") {
		errs = append(errs, errors.New("line end in host, user or agent"))
	}
	return errors.Join(errs...)
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.T1, defaultT1)
	def(&c.T2, defaultT2)
	def(&c.T4, defaultT4)
	def(&c.RingEvery, defaultRing)
	def(&c.Hold, defaultHold)
	def(&c.MinSE, defaultMinSE)
	def(&c.SessionExpires, defaultSE)
	def(&c.InviteTimeout, 64*c.T1)
	c.SessionExpires = min(c.SessionExpires, maxSE)
	if c.SessionExpires > 0 {
		c.SessionExpires = max(c.SessionExpires, c.MinSE)
	}
	if c.MaxCalls <= 0 {
		c.MaxCalls = maxCalls
	}
	if c.MaxConnections <= 0 {
		c.MaxConnections = maxConnections
	}
	if c.MaxMessageBytes <= 0 {
		c.MaxMessageBytes = maxMessageBytes
	}
	if c.User == "" {
		c.User = "text911"
	}
	if c.Agent == "" {
		c.Agent = "text911"
	}
	if c.ClientTLS == nil {
		c.ClientTLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c.withPorts()
	return c
}

// withPorts fills the ways to the outside.
func (c *Config) withPorts() {
	if c.Resolve == nil {
		c.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if c.Dial == nil {
		c.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", to.String())
		}
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
}

func (l *Listener) validate(i int) error {
	switch l.Transport {
	case UDP, TCP:
	case TLS:
		if l.TLS == nil {
			return fmt.Errorf("listener %d: TLS without configuration", i)
		}
	default:
		return fmt.Errorf("listener %d: unknown transport %q", i, l.Transport)
	}
	if l.Address == "" && l.Packet == nil && l.Stream == nil {
		return fmt.Errorf("listener %d: neither address nor socket", i)
	}
	return nil
}
