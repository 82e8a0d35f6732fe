package daemon

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"

	"text911/cmd/text911/config"
	"text911/engine"
	"text911/engine/leg"
	"text911/engine/msrp"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
	"text911/esrp"
)

// network is everything the ESInet sees of us.
type network struct {
	endpoint *transport.Endpoint
	plain    *transport.Listener
	secure   *transport.Listener
	gateway  *leg.Gateway
	ua       *sipua.UA
}

// bindNetwork binds MSRP before SIP: no session description may name a port that does not listen.
func bindNetwork(cfg config.Config, eng *engine.Engine, peers *esrp.Trunks, healthy func() bool, log *slog.Logger) (*network, error) {
	secure, err := serverTLS(cfg.SIP.CertFile, cfg.SIP.KeyFile, cfg.SIP.CAFile)
	if err != nil {
		return nil, err
	}
	n := &network{endpoint: newEndpoint(cfg, log)}
	if err := n.bindMSRP(cfg, secure); err != nil {
		return nil, err
	}
	lc := leg.Config{
		Calls: eng, Trunks: peers, Router: peers.Router(), Endpoint: n.endpoint,
		Element: cfg.Node.Name, MaxMessage: cfg.MSRP.MaxMessageBytes, Healthy: healthy,
		Logger: log.With("part", "leg"),
	}
	if n.plain != nil {
		lc.Plain = n.plain
	}
	if n.secure != nil {
		lc.Secure = n.secure
		lc.Fingerprints = fingerprints(secure)
	}
	if n.gateway, err = leg.New(lc); err != nil {
		n.close()
		return nil, err
	}
	sc := sipua.Config{Listeners: sipListeners(cfg, secure), Policy: n.gateway, ClientTLS: secure, Host: cfg.SIP.Advertise,
		Agent: "text911", Logger: log.With("part", "sip")}
	if n.ua, err = sipua.New(sc, n.gateway); err != nil {
		n.close()
		return nil, fmt.Errorf("sip: %w", err)
	}
	n.gateway.Attach(n.ua)
	return n, nil
}

func newEndpoint(cfg config.Config, log *slog.Logger) *transport.Endpoint {
	profile := msrp.Lenient
	if cfg.MSRP.Strict {
		profile = msrp.Strict
	}
	peers := trusted(cfg)
	return transport.New(transport.Config{
		Log: log.With("part", "msrp"), Profile: profile, MaxConns: cfg.MSRP.MaxConnections,
		PerSource: cfg.MSRP.MaxPerSource, PerSourceRate: cfg.MSRP.MaxPerSource, Trusted: peers, MayConnect: mayConnect(peers),
		Probation: cfg.MSRP.ProbationTimeout, ResponseTimer: cfg.MSRP.ResponseTimeout,
	})
}

// mayConnect keeps a peer's session description from pointing us at this machine or its link:
// routable addresses, and those of trunks.
func mayConnect(peers []netip.Prefix) func(netip.AddrPort) error {
	return func(to netip.AddrPort) error {
		for _, p := range peers {
			if p.Contains(to.Addr().Unmap()) {
				return nil
			}
		}
		return transport.OnlyRoutable(to)
	}
}

func (n *network) bindMSRP(cfg config.Config, secure *tls.Config) (err error) {
	host := cfg.MSRP.Advertise
	if host == "" {
		host = cfg.SIP.Advertise
	}
	if cfg.MSRP.TCP != "" {
		if n.plain, err = n.endpoint.Listen(transport.ListenConfig{Address: cfg.MSRP.TCP, Host: host}); err != nil {
			return err
		}
	}
	if cfg.MSRP.TLS != "" {
		if n.secure, err = n.endpoint.Listen(transport.ListenConfig{Address: cfg.MSRP.TLS, Host: host, TLS: secure}); err != nil {
			n.close()
			return err
		}
	}
	return nil
}

// close releases sockets of a network that is never run.
func (n *network) close() {
	for _, l := range []*transport.Listener{n.plain, n.secure} {
		if l != nil {
			_ = l.Close()
		}
	}
	if n.ua != nil {
		_ = n.ua.Close()
	}
}

func sipListeners(cfg config.Config, secure *tls.Config) (out []sipua.Listener) {
	for _, a := range cfg.SIP.UDP {
		out = append(out, sipua.Listener{Transport: sipua.UDP, Address: a})
	}
	for _, a := range cfg.SIP.TCP {
		out = append(out, sipua.Listener{Transport: sipua.TCP, Address: a})
	}
	for _, a := range cfg.SIP.TLS {
		out = append(out, sipua.Listener{Transport: sipua.TLS, Address: a, TLS: secure})
	}
	return out
}

func fingerprints(c *tls.Config) sdpmsrp.Fingerprints {
	return sdpmsrp.Fingerprints{sdpmsrp.FingerprintOf(c.Certificates[0].Certificate[0])}
}
