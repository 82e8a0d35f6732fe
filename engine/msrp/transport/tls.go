package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"time"
)

// suites are the TLS 1.2 suites in use: authenticated encryption with forward
// secrecy (RFC 9325 §4.2). TLS 1.3 has no others.
func suites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

func common(base *tls.Config) *tls.Config {
	c := &tls.Config{}
	if base != nil {
		c = base.Clone()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.CipherSuites = suites()
	c.Renegotiation = tls.RenegotiateNever
	return c
}

// serverTLS asks every peer for its certificate without demanding one: which
// session a connection is for is known only later, and many peers have none. A
// ticket would let a peer in without showing its certificate, so there are none.
func serverTLS(base *tls.Config) *tls.Config {
	c := common(base)
	c.SessionTicketsDisabled = true
	if c.ClientAuth == tls.NoClientCert {
		c.ClientAuth = tls.RequestClientCert
	}
	return c
}

var errNoCertificate = errors.New("peer sent no certificate")

// clientTLS checks the next hop by the fingerprint of its SDP when there is one
// (RFC 4975 §14.4, RFC 8122 §6.2), and else by chain and name (RFC 4975 §5.4).
// There is no third way and no fallback.
func clientTLS(base *tls.Config, name string, verify func(leaf []byte) error) *tls.Config {
	c := common(base)
	c.ServerName = strings.TrimSuffix(name, ".")
	c.ClientSessionCache = nil
	c.ClientAuth = tls.NoClientCert
	if verify == nil {
		return c
	}
	c.InsecureSkipVerify = true // the fingerprint is the identity
	c.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		if len(raw) == 0 {
			return errNoCertificate
		}
		return verify(raw[0])
	}
	return c
}

// handshake runs a TLS handshake within the time allowed.
func (c *Conn) handshake(ctx context.Context, t *tls.Conn) error {
	e := c.endpoint
	c.wire.setBlocking(true)
	if err := c.wire.Conn.SetDeadline(e.cfg.Now().Add(e.cfg.HandshakeTimer)); err != nil {
		return err
	}
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	c.wire.setBlocking(false)
	if certs := t.ConnectionState().PeerCertificates; len(certs) > 0 {
		c.leaf = certs[0].Raw
	}
	c.stream = t
	return c.wire.Conn.SetDeadline(time.Time{})
}

// acceptTLS is the server's side, before anything is read.
func (c *Conn) acceptTLS() bool {
	if err := c.handshake(c.endpoint.ctx, tls.Server(c.wire, c.listener.tls)); err != nil {
		c.endpoint.cfg.Log.Debug("msrp tls handshake", "peer", c.peerName(), "error", err)
		c.kill(endHandshake)
		return false
	}
	return true
}
