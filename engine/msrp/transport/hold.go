package transport

import (
	"bytes"

	"text911/engine/msrp"
)

// maxHeld bounds what is read of a TLS connection before its session is known.
const maxHeld = 4 << 10

// hold keeps back what an incoming TLS connection sends until the session it is
// for knows the peer's SDP, and with it the fingerprint to check: the connection
// may come before the answer (RFC 8122 §6.2). Until then nothing is shown and
// nothing acknowledged. The result is what the core gets
// then; ok is false when the connection is over.
func (c *Conn) hold() (p []byte, ok bool) {
	buf := make([]byte, 0, maxHeld)
	for {
		n, err := c.stream.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, len(buf) > 0
		}
		to, complete := toPath(buf)
		if !complete && len(buf) < cap(buf) {
			continue
		}
		if uri, err := msrp.ParseURI(string(to), msrp.Lenient); err == nil {
			return buf, c.awaitPeer(uri.Key())
		}
		return buf, true // the core says what is wrong with it
	}
}

// awaitPeer waits until the session's peer is known. An unknown session is the
// core's to refuse. Probation ends the wait like any other.
func (c *Conn) awaitPeer(key msrp.Key) bool {
	s := c.endpoint.lookup(key)
	if s == nil {
		return true
	}
	select {
	case <-s.ready:
		return true
	case <-c.done:
		return false
	}
}

// toPath finds the value of To-Path in the beginning of a frame.
func toPath(b []byte) (value []byte, complete bool) {
	for {
		i := bytes.Index(b, []byte("\r\n"))
		if i < 0 {
			return nil, false
		}
		b = b[i+2:]
		name, rest, ok := bytes.Cut(b, []byte(":"))
		if !ok || !bytes.EqualFold(name, []byte("To-Path")) {
			continue
		}
		end := bytes.Index(rest, []byte("\r\n"))
		if end < 0 {
			return nil, false
		}
		return bytes.TrimSpace(rest[:end]), true
	}
}
