package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"text911/engine/msrp"
)

// ListenConfig describes one listening address.
type ListenConfig struct {
	// Address is host:port to bind; port 0 takes a free one.
	Address string
	// Host is what own paths name; "" is the bound address, which must then be
	// a specified one. Addresses suit some peers better than names.
	Host string
	// TLS makes the listener speak TLS: certificates, and trusted authorities
	// when client certificates are to be checked by chain. The endpoint sets
	// versions, suites and tickets itself. Nil listens in clear.
	TLS *tls.Config
	// SharePort lets Connect use the listening port as source port, which some
	// peers demand (the path's port and the source port are then the same).
	SharePort bool
	// Listener is an already listening socket; Address is not used then.
	Listener net.Listener
}

// Place is where a session can be reached or connects from: a Listener or a
// Reservation.
type Place interface {
	// URI is the place without a session-id.
	URI() msrp.URI
	here() *place
}

// place is the common part of both.
type place struct {
	uri    msrp.URI
	tls    *tls.Config
	source netip.AddrPort // source address of connects; invalid: any
}

func (p *place) URI() msrp.URI { return p.uri }
func (p *place) here() *place  { return p }

// Listener accepts connections for the sessions made with it.
type Listener struct {
	place
	endpoint *Endpoint
	socket   net.Listener
}

// Addr is the bound address.
func (l *Listener) Addr() net.Addr { return l.socket.Addr() }

// Listen binds an address; it listens when Listen returns, before any own SDP
// can name it. Connections are served once Run runs.
func (e *Endpoint) Listen(cfg ListenConfig) (*Listener, error) {
	l := &Listener{endpoint: e, socket: cfg.Listener}
	if l.socket == nil {
		var err error
		if l.socket, err = listenTCP(cfg.Address, cfg.SharePort); err != nil {
			return nil, fmt.Errorf("listen for msrp: %w", err)
		}
	}
	bound, ok := addrPort(l.socket.Addr())
	if !ok {
		l.socket.Close()
		return nil, errors.New("listen for msrp: not a TCP socket")
	}
	host := cfg.Host
	if host == "" {
		if bound.Addr().IsUnspecified() {
			l.socket.Close()
			return nil, errors.New("listen for msrp: no host to name in paths")
		}
		host = bound.Addr().Unmap().String()
	}
	l.uri = msrp.URI{Secure: cfg.TLS != nil, Host: host, Port: bound.Port(), Transport: "tcp"}
	if cfg.TLS != nil {
		l.tls = serverTLS(cfg.TLS)
	}
	if cfg.SharePort {
		l.source = bound
	}
	e.mu.Lock()
	e.listeners[l] = struct{}{}
	e.mu.Unlock()
	if !e.start(l.serve) {
		l.socket.Close()
		return nil, ErrEnded
	}
	return l, nil
}

// Close stops accepting. Connections and sessions stay.
func (l *Listener) Close() error {
	l.endpoint.mu.Lock()
	delete(l.endpoint.listeners, l)
	l.endpoint.mu.Unlock()
	return l.socket.Close()
}

func (l *Listener) stop() { l.socket.Close() }

// acceptPause are the bounds of the wait after a failed accept.
const (
	acceptPauseMin = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// serve accepts until the socket is closed. Running out of descriptors or
// memory is waited out: the connections that exist go on.
func (l *Listener) serve() {
	e := l.endpoint
	pause := acceptPauseMin
	for {
		nc, err := l.socket.Accept()
		if err == nil {
			pause = acceptPauseMin
			e.accepted(l, nc)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		e.totals.acceptErrors.Add(1)
		if pause == acceptPauseMin {
			e.cfg.Log.Error("msrp accept", "local", l.socket.Addr().String(), "error", err)
		}
		if isExhausted(err) {
			e.evictUnbound()
		}
		select {
		case <-e.ctx.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, acceptPauseMax)
		}
	}
}

func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// accepted admits a connection or turns it away before anything is read.
func (e *Endpoint) accepted(l *Listener, nc net.Conn) {
	from, _ := addrPort(nc.RemoteAddr())
	now := e.cfg.Now()
	e.mu.Lock()
	why := e.admit(from.Addr(), now)
	if why != admitted {
		e.mu.Unlock()
		e.totals.refused[why].Add(1)
		nc.Close()
		return
	}
	c := newConn(e, nc, now, true)
	c.listener, c.source, c.secure = l, from.Addr(), l.tls != nil
	e.conns[c] = struct{}{}
	if c.trusted = e.sources.exempt(c.source); !c.trusted {
		e.unbound.push(c)
	}
	if e.ended {
		e.mu.Unlock()
		c.kill(endShutdown)
		return
	}
	e.work.Go(c.serve)
	e.mu.Unlock()
	e.totals.accepted.Add(1)
}

func addrPort(a net.Addr) (netip.AddrPort, bool) {
	switch a := a.(type) {
	case *net.TCPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
	case nil:
		return netip.AddrPort{}, false
	}
	ap, err := netip.ParseAddrPort(a.String())
	return ap, err == nil
}
