package sipua

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// stream is one TCP or TLS connection: one reader, writes under a lock with a deadline. While it
// is being dialled it holds what is to be written.
type stream struct {
	ua        *UA
	transport Transport
	key       string // its place in the table
	face      face

	mu      sync.Mutex
	conn    net.Conn // nil while dialling
	pending []pendingWrite
	held    int         // bytes in pending
	dead    atomic.Bool // set under mu or by kill; read without, for a write may stall under mu

	// Set before the reader starts, then read only.
	addr  netip.AddrPort
	names []string
	peer  string
	known bool
}

type pendingWrite struct {
	data []byte
	fail func(error)
}

var errStreamDead = errors.New("connection is gone")

// write sends, or queues while the connection is being made. fail is called at most once, and only
// for queued data; for a live connection the error is returned.
func (s *stream) write(data []byte, fail func(error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead.Load() {
		return errStreamDead
	}
	if s.conn == nil {
		if s.held+len(data) > maxHeldBytes {
			return errTooLarge
		}
		s.held += len(data)
		s.pending = append(s.pending, pendingWrite{data, fail})
		return nil
	}
	return s.put(data)
}

// put needs mu. A write that fails or stalls ends the connection: half a message went out.
func (s *stream) put(data []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.conn.Write(data); err != nil {
		s.dead.Store(true)
		_ = s.conn.Close()
		return err
	}
	return nil
}

// alive takes no lock: the table asks it, and must not wait for a peer that does not read.
func (s *stream) alive() bool { return !s.dead.Load() }

// attach hands over the dialled connection and flushes.
func (s *stream) attach(conn net.Conn) {
	s.mu.Lock()
	if s.dead.Load() {
		s.mu.Unlock()
		_ = conn.Close()
		return
	}
	s.conn = conn
	work := s.pending
	s.pending, s.held = nil, 0
	var failed []func(error)
	for _, w := range work {
		if s.dead.Load() || s.put(w.data) != nil {
			failed = append(failed, w.fail)
		}
	}
	s.mu.Unlock()
	for _, f := range failed {
		f(errStreamDead)
	}
}

// kill closes the connection and tells whoever still waits for it to be made.
func (s *stream) kill(err error) {
	s.mu.Lock()
	s.dead.Store(true)
	if s.conn != nil {
		_ = s.conn.Close()
	}
	work := s.pending
	s.pending = nil
	s.mu.Unlock()
	for _, w := range work {
		w.fail(err)
	}
}

// read runs the reader of a connection until it ends.
func (s *stream) read() {
	f := framer{limit: s.ua.cfg.MaxMessageBytes}
	buf := make([]byte, 8<<10)
	_ = s.conn.SetReadDeadline(time.Now().Add(strangerTimeout)) // of a stranger for its one message, however slowly it comes
	for {
		if s.known {
			_ = s.conn.SetReadDeadline(time.Now().Add(idleTimeout))
		}
		n, err := s.conn.Read(buf)
		if n > 0 {
			f.write(buf[:n])
			if !s.consume(&f) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// consume handles what is whole; false ends the connection.
func (s *stream) consume(f *framer) bool {
	for {
		data, err := f.next()
		for range f.takePings() {
			if s.write([]byte("\r\n"), func(error) {}) != nil {
				return false
			}
		}
		switch {
		case errors.Is(err, errTooLarge):
			s.ua.count.refuse(ReasonTooLarge)
			return false
		case err != nil:
			s.ua.parseFault(s.transport, s.peer)
			return false
		case data == nil:
			return true
		}
		ok := true
		s.ua.guard(func() { ok = s.deliver(data) })
		if !ok {
			return false
		}
	}
}

func (s *stream) deliver(data []byte) bool {
	m, err := s.ua.codec.parse(data)
	if err != nil {
		s.ua.parseFault(s.transport, s.peer)
		return s.known // framing is intact; one unreadable message of a known peer is skipped
	}
	m.at = s.ua.cfg.Now()
	src := source{stream: s, addr: s.addr, transport: s.transport, peer: s.peer, names: s.names}
	if !s.known {
		s.ua.count.refuse(ReasonStranger)
		if m.code == 0 && m.method != "ACK" && m.fault() == "" {
			s.ua.answerOnce(m, src, 403, nil)
		}
		return false
	}
	s.ua.receive(m, src)
	return true
}

// identify asks Policy who is on the connection.
func (s *stream) identify() {
	s.addr = addrPort(s.conn.RemoteAddr())
	if t, ok := s.conn.(*tls.Conn); ok {
		s.names = certNames(t.ConnectionState())
	}
	s.peer, s.known = s.ua.cfg.Policy.Identify(Evidence{Transport: s.transport, Source: s.addr, Names: s.names})
}

// certNames lists what a verified certificate says of its owner: DNS names and URIs of
// subjectAltName (RFC 5922 §7.1).
func certNames(state tls.ConnectionState) []string {
	if len(state.VerifiedChains) == 0 {
		return nil
	}
	var cert *x509.Certificate = state.VerifiedChains[0][0]
	names := append([]string(nil), cert.DNSNames...)
	for _, u := range cert.URIs {
		names = append(names, u.String())
	}
	return names
}
