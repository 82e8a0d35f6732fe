package sipua

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// packet is one UDP socket. Datagrams of addresses that Policy does not know are dropped before
// they are looked at.
type packet struct {
	ua   *UA
	conn net.PacketConn
	face face
}

// face is how a listener is seen from outside.
type face struct {
	transport Transport
	host      string
	port      int
}

func (p *packet) run() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || p.ua.closing() {
				return
			}
			p.ua.count.fault("read")
			time.Sleep(acceptPause) // an ICMP error or lack of buffers passes; a closed socket was seen above
			continue
		}
		p.ua.guard(func() { p.take(buf[:n], from) })
	}
}

func (p *packet) take(data []byte, from net.Addr) {
	addr := addrPort(from)
	peer, ok := p.ua.cfg.Policy.Identify(Evidence{Transport: UDP, Source: addr})
	if !ok {
		p.ua.count.refuse(ReasonStranger)
		return
	}
	if blank(data) {
		return
	}
	if len(data) > p.ua.cfg.MaxMessageBytes {
		p.ua.count.refuse(ReasonTooLarge)
		return
	}
	m, err := p.ua.codec.parse(data)
	if err != nil {
		p.ua.parseFault(UDP, peer)
		return
	}
	m.at = p.ua.cfg.Now()
	p.ua.receive(m, source{packet: p, addr: addr, net: from, transport: UDP, peer: peer})
}

func (p *packet) write(data []byte, to net.Addr) error {
	if len(data) > maxDatagram-28 {
		return errTooLarge
	}
	_, err := p.conn.WriteTo(data, to)
	return err
}

func blank(data []byte) bool {
	for _, c := range data {
		if c != '\r' && c != '\n' && c != 0 {
			return false
		}
	}
	return true
}

// addrPort reads a socket address; the zero value when it is of another kind.
func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	case *net.TCPAddr:
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	if a == nil {
		return netip.AddrPort{}
	}
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// source is where a message came from, and so where its answer goes.
type source struct {
	packet    *packet
	stream    *stream
	addr      netip.AddrPort
	net       net.Addr
	transport Transport
	peer      string
	names     []string
}

func (s source) evidence() Evidence {
	return Evidence{Transport: s.transport, Source: s.addr, Names: s.names}
}

// back is the hop of a response (RFC 3261 §18.2.2, RFC 3581 §4): the connection the request came
// on, or for datagrams the source address with the port of the Via unless rport was asked for.
func (s source) back(v viaValue) hop {
	h := hop{transport: s.transport, packet: s.packet, stream: s.stream, host: s.addr.Addr().String(), port: int(s.addr.Port())}
	if s.transport == UDP {
		if !v.rport && v.port != 0 {
			h.port = v.port
		} else if !v.rport {
			h.port = 5060
		}
		return h
	}
	if v.port != 0 {
		h.port = v.port // a dead connection is replaced by one to the sent-by port
	} else {
		h.port = 5060
	}
	return h
}

// flow is how the dialog remembers the connection.
func (s source) flow() string { return string(s.transport) + " " + s.addr.String() }

// face tells which address of ours the sender reached.
func (s source) face() face {
	switch {
	case s.packet != nil:
		return s.packet.face
	case s.stream != nil:
		return s.stream.face
	}
	return face{transport: s.transport}
}

// resolve finds the addresses of a hop's host.
func (u *UA) resolve(ctx context.Context, h hop) ([]netip.AddrPort, error) {
	if a, ok := h.literal(); ok {
		return []netip.AddrPort{a}, nil
	}
	addrs, err := u.cfg.Resolve(ctx, h.host)
	if err != nil {
		return nil, err
	}
	out := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range addrs {
		out = append(out, netip.AddrPortFrom(a.Unmap(), uint16(h.port)))
	}
	if len(out) == 0 {
		return nil, errors.New("name without address")
	}
	return out, nil
}
