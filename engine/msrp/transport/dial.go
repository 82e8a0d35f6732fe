package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// DialFunc opens a TCP connection. An invalid local address means any.
type DialFunc func(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error)

// Target is where the active side connects: the peer's leftmost path URI, or
// under CEMA its c= and m= lines (RFC 6714 §4.3).
type Target struct {
	Host string
	Port int
	// Name is checked in a certificate when no fingerprint is known; "" is Host.
	Name string
	// TLS are the own certificate and trusted authorities; nil takes those of
	// the session's place.
	TLS *tls.Config
	// Share lets sessions with the same target use one connection. It is for
	// own elements and relays: many peers expect one session per connection.
	Share bool
	// KeepListening says that the peer may believe it connects as well: until
	// the peer has answered on the own connection, one of the two gives way.
	KeepListening bool
}

// shareKey is what must be equal for two sessions to share a connection.
type shareKey struct {
	host   string
	port   int
	secure bool
}

// ErrAddress is returned when policy forbids to connect to an address.
var ErrAddress = errors.New("address not allowed")

// OnlyRoutable is the default policy for addresses that a peer named: no
// loopback, link-local, multicast or unspecified ones (RFC 4975 §14.5).
func OnlyRoutable(a netip.AddrPort) error {
	ip := a.Addr().Unmap()
	if a.Port() == 0 || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return ErrAddress
	}
	return nil
}

// AnyAddress allows every address, for laboratories and demonstrations.
func AnyAddress(netip.AddrPort) error { return nil }

// Connect opens a connection for the session and announces it with the first
// queued message or a bodiless SEND (RFC 4975 §5.4). SetPeer comes first. It
// waits for the network. A session that was bound by the peer meanwhile is left
// as it is, without error.
func (s *Session) Connect(ctx context.Context, t Target) error {
	s.mu.Lock()
	s.yields = t.KeepListening
	verify, known, closed := s.peer.Verify, s.known, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case !known:
		return ErrNoPeer
	case s.Bound():
		return nil
	}
	key := shareKey{strings.ToLower(t.Host), t.Port, s.cfg.Local.Secure}
	if t.Share && s.attachShared(key, verify) {
		return nil
	}
	nc, err := s.endpoint.dial(ctx, s.at.source, t)
	if err != nil {
		return fmt.Errorf("connect for msrp: %w", err)
	}
	c := newConn(s.endpoint, nc, s.endpoint.cfg.Now(), false)
	c.secure = s.cfg.Local.Secure
	if t.Share {
		c.share = &key
	}
	if c.secure {
		base, name := t.TLS, t.Name
		if base == nil {
			base = s.at.tls
		}
		if name == "" {
			name = t.Host
		}
		if err := c.handshake(ctx, tls.Client(c.wire, clientTLS(base, name, verify))); err != nil {
			c.kill(endHandshake)
			s.endpoint.totals.ended[endHandshake].Add(1)
			return fmt.Errorf("connect for msrp: %w", err)
		}
	}
	return s.endpoint.opened(c, s)
}

// opened starts a connection that this side made.
func (e *Endpoint) opened(c *Conn, s *Session) error {
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		c.kill(endShutdown)
		return ErrEnded
	}
	e.conns[c] = struct{}{}
	if c.share != nil {
		e.shared[*c.share] = c
	}
	e.mu.Unlock()
	e.totals.opened.Add(1)
	if !c.attach(s) { // bound by the peer meanwhile
		c.mu.Lock()
		c.closing = true
		c.interrupt()
		c.mu.Unlock()
	}
	if !e.start(c.serve) {
		c.kill(endShutdown)
		c.finish()
		return ErrEnded
	}
	return nil
}

// attach binds a session to a connection opened by this side.
func (c *Conn) attach(s *Session) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.mu.Lock()
	if s.closed || s.conn.Load() != nil || c.ending() {
		s.mu.Unlock()
		return false
	}
	c.bind(s)
	core := s.core
	s.mu.Unlock()
	core.SetRemote(s.cfg.Remote)
	c.core.Attach(c.endpoint.cfg.Now(), core)
	c.afterForeign()
	return true
}

// attachShared uses a connection that is already open to the target, if its
// certificate is the one this session expects.
func (s *Session) attachShared(key shareKey, verify func([]byte) error) bool {
	s.endpoint.mu.Lock()
	c := s.endpoint.shared[key]
	s.endpoint.mu.Unlock()
	if c == nil || (c.secure && verify != nil && (c.leaf == nil || verify(c.leaf) != nil)) {
		return false
	}
	return c.attach(s)
}

// dial tries the addresses of the target in the order given (RFC 4975 §6.2).
func (e *Endpoint) dial(ctx context.Context, local netip.AddrPort, t Target) (net.Conn, error) {
	if t.Port <= 0 || t.Port > 65535 {
		return nil, ErrAddress
	}
	addresses, err := e.resolve(ctx, t.Host)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, a := range addresses {
		remote := netip.AddrPortFrom(a.Unmap(), uint16(t.Port))
		nc, err := e.dialOne(ctx, local, remote)
		if err == nil {
			return nc, nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil, ErrAddress
	}
	return nil, errors.Join(failures...)
}

func (e *Endpoint) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	return e.cfg.Resolver.LookupNetIP(ctx, "ip", host)
}

// dialOne connects to one address; when the own source port is taken by another
// connection to the same peer, any port will do.
func (e *Endpoint) dialOne(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	if err := e.cfg.MayConnect(remote); err != nil {
		return nil, err
	}
	e.mu.Lock()
	allowed := e.targets.admit(remote.Addr(), e.cfg.Now())
	e.targets.closed(remote.Addr())
	e.mu.Unlock()
	if allowed == refusedRate {
		return nil, fmt.Errorf("too many connects to one address: %w", ErrAddress)
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.ConnectTimer)
	defer cancel()
	if local.IsValid() && local.Addr().Is4() == remote.Addr().Is4() {
		nc, err := e.cfg.Dial(ctx, local, remote)
		if err == nil || !isPortTaken(err) {
			return nc, err
		}
	}
	return e.cfg.Dial(ctx, netip.AddrPort{}, remote)
}

// keepAlive finds a dead peer within about a minute.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3}
}
