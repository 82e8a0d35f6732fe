package esrptest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// Config of a Network. Target is required; every other zero value has a meaning.
type Config struct {
	// Target is where the engine takes SIP, with the transport: "sip:127.0.0.1:5060;transport=tcp".
	Target string
	// Queue is the user part of the Route URI that names the queue; empty: text-q.
	Queue string
	// Service is the Request-URI; empty: urn:service:sos.
	Service string
	// Address is the local IP address for SIP and MSRP; empty: 127.0.0.1.
	Address string
	// SIPTLS secures SIP when Target says transport=tls. Nil without TLS.
	SIPTLS *tls.Config
	// MSRPTLS makes MSRP run over TLS with this certificate; nil: in clear.
	MSRPTLS *tls.Config
	// Pretend makes the SDP name this certificate instead of MSRPTLS's: a connection that is not
	// whose it says.
	Pretend *tls.Config
	// Element is the domain name of the simulated network; empty: esrp.example.net.
	Element string

	Logger *slog.Logger     // nil: discard
	Now    func() time.Time // nil: time.Now
	Rand   io.Reader        // nil: crypto/rand
}

// Network is a simulated ESRP. Make it with New, Run it, then Call.
type Network struct {
	cfg      Config
	ua       *sipua.UA
	endpoint *transport.Endpoint
	listener *transport.Listener
	prints   sdpmsrp.Fingerprints

	mu     sync.Mutex // guards the rest
	number uint64
	life   context.Context
	work   sync.WaitGroup
}

// New binds the sockets and starts nothing.
func New(cfg Config) (*Network, error) {
	if cfg.Target == "" {
		return nil, errors.New("no target")
	}
	n := &Network{cfg: cfg.withDefaults()}
	n.endpoint = transport.New(transport.Config{
		Now: n.cfg.Now, Random: n.cfg.Rand, MayConnect: transport.AnyAddress,
		MaxConns: 100_000, MaxUnbound: 100_000, PerSource: 100_000, PerSourceRate: 1_000_000, WrongPerMinute: 1_000_000,
		Dial: n.dial,
	})
	var err error
	n.listener, err = n.endpoint.Listen(transport.ListenConfig{Address: net.JoinHostPort(n.cfg.Address, "0"), TLS: cfg.MSRPTLS})
	if err != nil {
		return nil, err
	}
	if named := cfg.MSRPTLS; named != nil {
		if cfg.Pretend != nil {
			named = cfg.Pretend
		}
		n.prints = sdpmsrp.Fingerprints{sdpmsrp.FingerprintOf(named.Certificates[0].Certificate[0])}
	}
	n.ua, err = sipua.New(sipua.Config{
		Listeners: n.sipListeners(), Policy: anybody{}, Host: n.cfg.Address, User: "esrp", Agent: "esrptest",
		ClientTLS: cfg.SIPTLS, Logger: n.cfg.Logger, Now: cfg.Now, Rand: n.cfg.Rand, MaxCalls: 200_000, SessionExpires: -1,
	}, noCalls{})
	if err != nil {
		return nil, errors.Join(err, n.listener.Close())
	}
	return n, nil
}

func (c Config) withDefaults() Config {
	def := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	def(&c.Queue, "text-q")
	def(&c.Service, "urn:service:sos")
	def(&c.Address, "127.0.0.1")
	def(&c.Element, "esrp.example.net")
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

// sipListeners are where the engine reaches its callers: by the transports it may choose.
func (n *Network) sipListeners() []sipua.Listener {
	at := net.JoinHostPort(n.cfg.Address, "0")
	list := []sipua.Listener{{Transport: sipua.UDP, Address: at}, {Transport: sipua.TCP, Address: at}}
	if n.cfg.SIPTLS != nil {
		list = append(list, sipua.Listener{Transport: sipua.TLS, Address: at, TLS: n.cfg.SIPTLS})
	}
	return list
}

// Run serves until ctx ends and returns when everything has ended.
func (n *Network) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.mu.Lock()
	n.life = ctx
	n.work.Go(func() { _ = n.endpoint.Run(ctx) })
	n.mu.Unlock()
	err := n.ua.Run(ctx)
	cancel()
	n.mu.Lock()
	n.life = nil
	n.mu.Unlock()
	n.work.Wait()
	return err
}

// spawn runs f on a goroutine that Run waits for; f ends with life.
func (n *Network) spawn(f func(life context.Context)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if life := n.life; life != nil {
		n.work.Go(func() { f(life) })
	}
}

// Close releases the sockets of a Network that is never run.
func (n *Network) Close() error { return errors.Join(n.ua.Close(), n.listener.Close()) }

// next numbers texters.
func (n *Network) next() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.number++
	return n.number
}

// dialled is how a texter gets hold of the connection made for it.
type dialled struct{}

// dial opens a connection and leaves it with the texter that waits for it, so that it can be cut.
func (n *Network) dial(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1}
	c, err := d.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return nil, err
	}
	if t, ok := ctx.Value(dialled{}).(*Texter); ok {
		t.connected(c)
	}
	return c, nil
}

// anybody lets every peer talk to the simulated network.
type anybody struct{}

func (anybody) Identify(sipua.Evidence) (string, bool) { return "engine", true }
func (anybody) Admit(string) sipua.Admission           { return sipua.Take() }

// noCalls refuses calls: this network only places them.
type noCalls struct{}

func (noCalls) OnInvite(_ context.Context, in *sipua.Invitation) sipua.DialogHandler {
	_ = in.Refuse(486, "", 0) // nobody here takes calls
	return nil
}

// Stats are the counters of the network's SIP side.
func (n *Network) Stats() sipua.Stats { return n.ua.Stats() }
