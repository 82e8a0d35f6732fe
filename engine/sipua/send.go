package sipua

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
)

var errNoSocket = errors.New("no socket for this transport")

// send puts a message on its way. It does not wait for names or connections; fail is called, at
// most once and from any goroutine, when the message cannot be sent.
func (u *UA) send(h hop, data []byte, fail func(error)) {
	failed := func(err error) {
		u.count.fault(ErrorWrite)
		if h.alt != nil {
			u.send(*h.alt, data, fail)
			return
		}
		fail(err)
	}
	if h.transport == UDP {
		u.sendPacket(h, data, failed)
		return
	}
	if h.stream != nil && h.stream.write(data, failed) == nil {
		return
	}
	if h.host == "" || h.host == "invalid IP" {
		failed(errStreamDead)
		return
	}
	u.sendStream(h, data, failed)
}

func (u *UA) sendPacket(h hop, data []byte, fail func(error)) {
	p := h.packet
	if p == nil && len(u.packets) > 0 {
		p = u.packets[0]
	}
	if p == nil {
		fail(errNoSocket)
		return
	}
	if a, ok := h.literal(); ok {
		if err := p.write(data, p.addr(a)); err != nil {
			fail(err)
		}
		return
	}
	ok := u.crew.start(func() {
		ctx, cancel := context.WithTimeout(u.life, dialTimeout)
		defer cancel()
		addrs, err := u.resolve(ctx, h)
		if err == nil {
			err = p.write(data, p.addr(addrs[0]))
		}
		if err != nil {
			fail(err)
		}
	})
	if !ok {
		fail(ErrOver)
	}
}

// addr makes the address kind the socket takes.
func (p *packet) addr(a netip.AddrPort) net.Addr { return net.UDPAddrFromAddrPort(a) }

func (u *UA) sendStream(h hop, data []byte, fail func(error)) {
	key := string(h.transport) + " " + joinHostPort(h.host, h.port)
	s, made := u.table.find(key, func() *stream {
		return &stream{ua: u, transport: h.transport, key: key, known: true, face: u.faceFor(h.transport)}
	})
	if s == nil {
		fail(ErrOver)
		return
	}
	if err := s.write(data, fail); err != nil {
		fail(err)
		return
	}
	if !made {
		return
	}
	started := u.crew.start(func() {
		defer u.table.drop(s)
		conn, err := u.dial(h)
		if err != nil {
			u.count.fault(ErrorDial)
			s.kill(err)
			return
		}
		s.addr = addrPort(conn.RemoteAddr())
		if t, ok := conn.(*tls.Conn); ok {
			s.names = certNames(t.ConnectionState())
		}
		if peer, ok := u.cfg.Policy.Identify(Evidence{Transport: h.transport, Source: s.addr, Names: s.names}); ok {
			s.peer = peer
		}
		u.table.alias(s, string(h.transport)+" "+s.addr.String())
		s.attach(conn)
		defer s.kill(errStreamDead)
		u.guard(s.read)
	})
	if !started {
		u.table.drop(s)
		s.kill(ErrOver)
	}
}

// dial opens a connection, trying each address of the name. With TLS the certificate must match
// the host of the URI (RFC 5922 §7.2).
func (u *UA) dial(h hop) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(u.life, dialTimeout)
	defer cancel()
	addrs, err := u.resolve(ctx, h)
	if err != nil {
		return nil, err
	}
	var conn net.Conn
	for _, a := range addrs {
		if conn, err = u.cfg.Dial(ctx, a); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if h.transport != TLS {
		return conn, nil
	}
	cfg := u.cfg.ClientTLS.Clone()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.ServerName == "" {
		cfg.ServerName = h.host
	}
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
