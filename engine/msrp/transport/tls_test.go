package transport

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

// certificate makes a self-signed one; names go into subjectAltName, cn only
// into the subject.
func certificate(t testing.TB, cn string, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: cn},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// only verifies that a leaf is the certificate.
func only(c tls.Certificate) func([]byte) error {
	return func(leaf []byte) error {
		if !bytes.Equal(leaf, c.Certificate[0]) {
			return errors.New("fingerprint does not match")
		}
		return nil
	}
}

func runningTLS(t testing.TB, cfg Config, c tls.Certificate) (*Endpoint, *Listener) {
	t.Helper()
	e := New(cfg)
	l, err := e.Listen(ListenConfig{Address: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{c}}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, e)
	return e, l
}

func dialTLS(t testing.TB, l *Listener, cfg *tls.Config) (*msrptest.Peer, error) {
	t.Helper()
	cfg.InsecureSkipVerify = true
	c, err := tls.Dial("tcp", l.Addr().String(), cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	return msrptest.NewPeer(c), nil
}

func peerWith(t testing.TB, uri string, verify func([]byte) error) Peer {
	t.Helper()
	path, err := msrp.ParsePath(uri, msrp.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return Peer{Path: path, Verify: verify}
}

const securePeerURI = "msrps://192.0.2.9:49152/Rm5Jc8Yt1Gs6Nf0Ue4Qa;tcp"

// SET-08, TLS-04, SEC-12: the active side is the TLS client; both check the
// other's fingerprint; a wrong certificate on either side fails.
func TestFingerprintsBothWays(t *testing.T) {
	certA, certB, wrong := certificate(t, "a"), certificate(t, "b"), certificate(t, "x")
	for _, c := range []struct {
		name             string
		client           tls.Certificate
		expectA, expectB tls.Certificate // what each side's SDP said of A and B
		connects, binds  bool
	}{
		{"good", certA, certA, certB, true, true},
		{"wrong-server", certA, certA, wrong, false, false},
		{"wrong-client", wrong, certA, certB, true, false},
		{"no-client-certificate", tls.Certificate{}, certA, certB, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, la := runningTLS(t, testConfig(), certA)
			b, lb := runningTLS(t, testConfig(), certB)
			ha, hb := listen(Accepted), listen(Accepted)
			sa, sb := newSession(t, a, la, ha.handler()), newSession(t, b, lb, hb.handler())
			if err := sa.SetPeer(peerWith(t, sb.URI().Wire(), only(c.expectB))); err != nil {
				t.Fatal(err)
			}
			if err := sb.SetPeer(peerWith(t, sa.URI().Wire(), only(c.expectA))); err != nil {
				t.Fatal(err)
			}
			own := &tls.Config{}
			if c.client.Certificate != nil {
				own.Certificates = []tls.Certificate{c.client}
			}
			err := sa.Connect(context.Background(), Target{Host: "127.0.0.1", Port: port(lb.Addr()), TLS: own})
			if (err == nil) != c.connects {
				t.Fatalf("connect: %v", err)
			}
			if c.binds {
				if err := sa.Send(session.Outgoing{MessageID: a.NewMessageID(), ContentType: "text/plain", Body: []byte("over tls")}); err != nil {
					t.Fatal(err)
				}
				hb.until(t, "the message", func() bool { return len(hb.messages) == 1 })
				return
			}
			if c.connects {
				ha.until(t, "the end of the session's connection", func() bool { return len(ha.lost) == 1 })
				eventually(t, "the count", func() bool { return b.Stats().WrongIdentity == 1 })
			}
			if sb.Bound() || len(hb.received()) != 0 {
				t.Error("bound in spite of the wrong certificate")
			}
		})
	}
}

// TLS-05: a connection that comes before the answer is taken, but what it sends
// is neither shown nor acknowledged until the fingerprint is known and matches.
func TestEarlyConnectionIsHeldBack(t *testing.T) {
	own, peer, wrong := certificate(t, "own"), certificate(t, "peer"), certificate(t, "x")
	for _, good := range []bool{true, false} {
		e, l := runningTLS(t, testConfig(), own)
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		client := peer
		if !good {
			client = wrong
		}
		p, err := dialTLS(t, l, &tls.Config{Certificates: []tls.Certificate{client}})
		if err != nil {
			t.Fatal(err)
		}
		wire := msrptest.Send("early001", s.URI().Wire(), securePeerURI, "mEarly1", "before the answer")
		if err := p.WriteSlowly(wire, 100, nil); err != nil {
			t.Fatal(err)
		}
		p.Timeout = 100 * time.Millisecond
		if f, err := p.Next(); err == nil {
			t.Fatalf("answered %d before the answer", f.Code)
		}
		if len(h.received()) != 0 || s.Bound() {
			t.Fatal("shown before the answer")
		}
		if err := s.SetPeer(peerWith(t, securePeerURI, only(peer))); err != nil {
			t.Fatal(err)
		}
		p.Timeout = 0
		if !good {
			if rest, err := p.ReadEOF(); err != nil || strings.Contains(rest, " 200 ") {
				t.Errorf("wrong certificate: %q, %v", rest, err)
			}
			continue
		}
		// The read that timed out has broken the TLS client's record layer only
		// if it was in the middle of a record, which it was not.
		if f, err := p.Response("early001"); err == nil && f.Code != 200 {
			t.Errorf("answered %d", f.Code)
		}
		h.until(t, "the message", func() bool { return len(h.messages) == 1 })
	}
}

// TLS-06, SEC-11, CON-23: without fingerprint the chain and the name in
// subjectAltName count; a common name alone does not; no fallback to clear.
func TestChainAndName(t *testing.T) {
	for _, c := range []struct {
		name string
		cert tls.Certificate
		host string
		good bool
	}{
		{"dns", certificate(t, "", "msrp.example.com"), "msrp.example.com", true},
		{"address", certificate(t, "", "127.0.0.1"), "127.0.0.1", true},
		{"other-name", certificate(t, "", "other.example.com"), "msrp.example.com", false},
		{"common-name-only", certificate(t, "msrp.example.com"), "msrp.example.com", false},
		{"untrusted", tls.Certificate{}, "msrp.example.com", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := c.cert
			roots := x509.NewCertPool()
			if server.Certificate == nil {
				server = certificate(t, "", "msrp.example.com")
			} else if leaf, err := x509.ParseCertificate(server.Certificate[0]); err == nil {
				roots.AddCert(leaf)
			}
			names := make(chan string, 4)
			cfg := testConfig()
			cfg.Resolver = fixedResolver{netip.MustParseAddr("127.0.0.1")}
			e, l := runningTLS(t, cfg, certificate(t, "client"))
			foreign, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
				GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					names <- hello.ServerName
					return &tls.Config{Certificates: []tls.Certificate{server}}, nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			got := make(chan string, 1)
			go func() {
				c, err := foreign.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				buf := make([]byte, 4)
				if _, err := c.Read(buf); err == nil {
					got <- string(buf)
				}
				close(got)
			}()
			defer foreign.Close()
			s := newSession(t, e, l, listen(Accepted).handler())
			setPeer(t, s, "msrps://msrp.example.com:2855/Pe1Rp2Qs3Tu4Vw5Xy6Za;tcp")
			err = s.Connect(context.Background(), Target{Host: c.host, Port: port(foreign.Addr()), TLS: &tls.Config{RootCAs: roots}})
			if (err == nil) != c.good {
				t.Fatalf("connect: %v", err)
			}
			if name := <-names; c.host == "msrp.example.com" && name != c.host {
				t.Errorf("server name %q", name)
			}
			if text, ok := <-got; ok != c.good || (ok && text != "MSRP") {
				t.Errorf("peer read %q, %t", text, ok)
			}
		})
	}
}

// TLS-09: a shared connection takes only sessions that expect its certificate.
func TestSharingNeedsTheSameIdentity(t *testing.T) {
	cert, other := certificate(t, "peer"), certificate(t, "other")
	e, l := runningTLS(t, testConfig(), certificate(t, "own"))
	b, lb := runningTLS(t, testConfig(), cert)
	for i, verify := range []func([]byte) error{only(cert), only(cert), only(other)} {
		sb := newSession(t, b, lb, listen(Accepted).handler())
		setPeer(t, sb, securePeerURI)
		s := newSession(t, e, l, listen(Accepted).handler())
		if err := s.SetPeer(peerWith(t, sb.URI().Wire(), verify)); err != nil {
			t.Fatal(err)
		}
		err := s.Connect(context.Background(), Target{Host: "127.0.0.1", Port: port(lb.Addr()), Share: true})
		if (err == nil) != (i < 2) || (i < 2 && e.Stats().Opened != 1) {
			t.Errorf("session %d: %v, %d connections", i, err, e.Stats().Opened)
		}
	}
}

// SEC-10: TLS 1.2 and 1.3 only, suites with forward secrecy and authenticated
// encryption. SEC-15: no resumption round the client certificate.
func TestTLSVersionsAndTickets(t *testing.T) {
	_, l := runningTLS(t, testConfig(), certificate(t, "own"))
	if _, err := dialTLS(t, l, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	if _, err := dialTLS(t, l, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}); err == nil {
		t.Error("a CBC suite was accepted")
	}
	cache := tls.NewLRUClientSessionCache(4)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for range 2 {
			p, err := dialTLS(t, l, &tls.Config{MinVersion: version, MaxVersion: version, ClientSessionCache: cache, ServerName: "x"})
			if err != nil {
				t.Fatal(err)
			}
			p.Timeout = 20 * time.Millisecond
			_, _ = p.Next() // lets a ticket arrive, if there is one
			if p.Conn.(*tls.Conn).ConnectionState().DidResume {
				t.Error("a session was resumed")
			}
		}
	}
}

// SEC-13: a session of the TLS listener does not bind on the clear one, nor the
// reverse, whatever scheme the request names.
func TestNoBindingAcrossListeners(t *testing.T) {
	cert := certificate(t, "own")
	e, clear := running(t, testConfig())
	secure, err := e.Listen(ListenConfig{Address: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	if err != nil {
		t.Fatal(err)
	}
	onTLS, onClear := newSession(t, e, secure, listen(Accepted).handler()), newSession(t, e, clear, listen(Accepted).handler())
	setPeer(t, onTLS, securePeerURI)
	setPeer(t, onClear, peerURI)
	if !onTLS.URI().Secure || onClear.URI().Secure {
		t.Fatal("schemes do not follow the listeners")
	}
	p := dialPeer(t, clear)
	answered(t, p, "cross001", msrptest.Bind("cross001", onTLS.URI().Wire(), peerURI, "mCross1"), 481)
	answered(t, p, "cross002", msrptest.Bind("cross002", strings.Replace(onTLS.URI().Wire(), "msrps", "msrp", 1), peerURI, "mCross2"), 481)
	q, err := dialTLS(t, secure, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	answered(t, q, "cross003", msrptest.Bind("cross003", onClear.URI().Wire(), securePeerURI, "mCross3"), 481)
	// IOP-40: a peer without certificate and without fingerprint in its SDP.
	answered(t, q, "good0001", msrptest.Bind("good0001", onTLS.URI().Wire(), securePeerURI, "mGood01"), 200)
}

// A handshake that never ends is ended by its timer, and counted.
func TestHandshakeTimer(t *testing.T) {
	cfg := testConfig()
	cfg.HandshakeTimer = 50 * time.Millisecond
	e, l := runningTLS(t, cfg, certificate(t, "own"))
	p := dialPeer(t, l)
	if _, err := p.ReadEOF(); err != nil {
		t.Errorf("not closed: %v", err)
	}
	eventually(t, "the count", func() bool { return e.Stats().Ended["handshake"] == 1 })
}
