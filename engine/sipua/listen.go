package sipua

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// door is one stream listener.
type door struct {
	ua   *UA
	l    net.Listener
	tls  *tls.Config
	face face
}

// bind opens the sockets of the configuration; on error those already open are closed.
func (u *UA) bind() error {
	for i, l := range u.cfg.Listeners {
		if err := u.bindOne(l); err != nil {
			return errors.Join(fmt.Errorf("listener %d: %w", i, err), u.Close())
		}
	}
	return nil
}

func (u *UA) bindOne(l Listener) error {
	var err error
	if l.Transport == UDP {
		conn := l.Packet
		if conn == nil {
			if conn, err = net.ListenPacket("udp", l.Address); err != nil {
				return err
			}
		}
		f, err := u.faceOf(l, conn.LocalAddr())
		u.packets = append(u.packets, &packet{ua: u, conn: conn, face: f})
		u.bound = append(u.bound, Bound{UDP, conn.LocalAddr()})
		return err
	}
	ln := l.Stream
	if ln == nil {
		if ln, err = net.Listen("tcp", l.Address); err != nil {
			return err
		}
	}
	f, err := u.faceOf(l, ln.Addr())
	d := &door{ua: u, l: ln, face: f}
	if l.Transport == TLS {
		d.tls = l.TLS.Clone()
		d.tls.MinVersion = max(d.tls.MinVersion, tls.VersionTLS12)
	}
	u.doors = append(u.doors, d)
	u.bound = append(u.bound, Bound{l.Transport, ln.Addr()})
	return err
}

// faceOf decides what Contact and Via say for a socket.
func (u *UA) faceOf(l Listener, a net.Addr) (face, error) {
	f := face{transport: l.Transport, host: l.Host, port: l.Port}
	if f.host == "" {
		f.host = u.cfg.Host
	}
	addr := addrPort(a)
	if f.port == 0 {
		f.port = int(addr.Port())
	}
	if f.host == "" {
		if !addr.IsValid() || addr.Addr().IsUnspecified() {
			return f, errors.New("listening on every address needs an advertised host")
		}
		f.host = addr.Addr().String()
	}
	return f, nil
}

// run accepts until the listener closes. Running out of descriptors is waited out.
func (d *door) run() {
	for {
		conn, err := d.l.Accept()
		switch {
		case err == nil:
			d.ua.admit(conn, d)
		case d.ua.closing() || errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ECONNABORTED):
			d.ua.count.fault("accept")
			time.Sleep(acceptPause)
		default:
			d.ua.count.fault("accept")
			d.ua.log.Error("listener failed", "transport", string(d.face.transport), "error", err.Error())
			return
		}
	}
}

// admit gives a new connection a place. Those of addresses that Policy knows count against
// MaxConnections; all others, until a certificate names them, against maxStrangers, so that
// strangers cannot keep peers out.
func (u *UA) admit(conn net.Conn, d *door) {
	s := &stream{ua: u, transport: d.face.transport, face: d.face, conn: conn, addr: addrPort(conn.RemoteAddr())}
	_, s.known = u.cfg.Policy.Identify(Evidence{Transport: s.transport, Source: s.addr})
	s.key = string(s.transport) + " " + s.addr.String()
	if !u.table.add(s, u.cfg.MaxConnections) {
		u.count.refuse(ReasonOverflow)
		_ = conn.Close()
		return
	}
	started := u.crew.start(func() {
		defer u.table.drop(s)
		defer s.kill(errStreamDead)
		u.guard(func() { u.serve(s, d) })
	})
	if !started {
		u.table.drop(s)
		s.kill(errStreamDead)
	}
}

func (u *UA) serve(s *stream, d *door) {
	if d.tls != nil {
		secure := tls.Server(s.conn, d.tls)
		ctx, cancel := context.WithTimeout(u.life, handshakeTimeout)
		err := secure.HandshakeContext(ctx)
		cancel()
		if err != nil {
			u.count.fault("handshake")
			return
		}
		s.mu.Lock()
		s.conn = secure
		s.mu.Unlock()
	}
	before := s.known
	s.identify()
	u.table.settle(s, before)
	s.read()
}
