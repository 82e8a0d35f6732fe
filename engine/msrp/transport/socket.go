package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"text911/engine/msrp"
)

// userTimeout ends a connection whose sent octets stay unacknowledged.
const userTimeout = 60 * time.Second

// tune sets what every connection has: keep-alive, no delay, user timeout.
func tune(nc net.Conn) {
	t, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	// An option that a platform lacks is no reason to lose a connection.
	_ = t.SetKeepAliveConfig(keepAlive())
	_ = t.SetNoDelay(true)
	if raw, err := t.SyscallConn(); err == nil {
		_ = raw.Control(setUserTimeout)
	}
}

func listenTCP(address string, share bool) (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1} // tune sets it
	if share {
		// A second process on the same port must still be an error.
		probe, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		address = probe.Addr().String()
		probe.Close()
		lc.Control = reusePort
	}
	return lc.Listen(context.Background(), "tcp", address)
}

func dialTCP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1} // tune sets it
	if local.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(local)
		d.Control = reusePort
	}
	return d.DialContext(ctx, "tcp", remote.String())
}

func reusePort(_, _ string, raw syscall.RawConn) error {
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = setReusePort(fd) }); err != nil {
		return err
	}
	return inner
}

func isPortTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// Reservation is a bound port that connections of one session come from: its
// address stands in the own path of an active side (RFC 4975 §8.1), and some
// peers refuse any other source.
type Reservation struct {
	place
	once   sync.Once
	socket net.Listener
}

// Reserve binds a free port of an address for a session that will connect. host
// is what the path names; "" is the address. Release it when the session ends.
func (e *Endpoint) Reserve(address netip.Addr, host string, secure bool) (*Reservation, error) {
	l, err := listenTCP(net.JoinHostPort(address.String(), "0"), true)
	if err != nil {
		return nil, err
	}
	bound, _ := addrPort(l.Addr())
	if host == "" {
		host = bound.Addr().String()
	}
	r := &Reservation{socket: l}
	r.uri = msrp.URI{Secure: secure, Host: host, Port: bound.Port(), Transport: "tcp"}
	r.source = bound
	return r, nil
}

// Release frees the port. Connections made from it stay.
func (r *Reservation) Release() {
	r.once.Do(func() { r.socket.Close() })
}
