package sipua

import (
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
	"sync"
	"testing"
	"time"
)

// everyone is a Policy that knows everybody and takes every call unless told otherwise.
type everyone struct {
	mu       sync.Mutex
	admit    Admission
	identify func(Evidence) (string, bool)
}

func (p *everyone) Identify(e Evidence) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.identify != nil {
		return p.identify(e)
	}
	return "esrp", true
}

func (p *everyone) Admit(string) Admission {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.admit
}

func (p *everyone) set(a Admission) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.admit = a
}

// app is an application that keeps what it is told and answers by function.
type app struct {
	invites chan *Invitation
	events  chan Event

	mu        sync.Mutex
	onInvite  func(*Invitation)
	onOffer   func(Offer) ([]byte, error)
	onRequest func(Request) error
}

func newApp() *app {
	return &app{invites: make(chan *Invitation, 8192), events: make(chan Event, 8192)}
}

func (a *app) OnInvite(_ context.Context, in *Invitation) DialogHandler {
	a.mu.Lock()
	f := a.onInvite
	a.mu.Unlock()
	if f != nil {
		f(in)
	}
	a.invites <- in
	return a
}

func (a *app) OnOffer(_ context.Context, _ *Dialog, o Offer) ([]byte, error) {
	a.mu.Lock()
	f := a.onOffer
	a.mu.Unlock()
	if f == nil {
		return nil, errors.New("no offers here")
	}
	return f(o)
}

func (a *app) OnRequest(_ context.Context, _ *Dialog, r Request) error {
	a.mu.Lock()
	f := a.onRequest
	a.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(r)
}

func (a *app) OnEvent(_ context.Context, _ *Dialog, ev Event) { a.events <- ev }

// next waits for an event of one kind and skips none.
func next[E Event](t testing.TB, a *app) E {
	t.Helper()
	select {
	case ev := <-a.events:
		e, ok := ev.(E)
		if !ok {
			t.Fatalf("got event %T, want %T", ev, e)
		}
		return e
	case <-time.After(10 * time.Second):
		var e E
		t.Fatalf("no event %T", e)
		return e
	}
}

func (a *app) invite(t testing.TB) *Invitation {
	t.Helper()
	select {
	case in := <-a.invites:
		return in
	case <-time.After(10 * time.Second):
		t.Fatal("no invitation")
		return nil
	}
}

// startUA runs a UA for the length of the test.
func startUA(t testing.TB, cfg Config, h Handler) *UA {
	t.Helper()
	if cfg.Policy == nil {
		cfg.Policy = &everyone{}
	}
	if cfg.Listeners == nil {
		cfg.Listeners = []Listener{{Transport: UDP, Address: "127.0.0.1:0"}, {Transport: TCP, Address: "127.0.0.1:0"}}
	}
	u, err := New(cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = u.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return u
}

// at is the address of a UA on a transport.
func at(t testing.TB, u *UA, tr Transport) string {
	t.Helper()
	for _, b := range u.Bound() {
		if b.Transport == tr {
			return b.Addr.String()
		}
	}
	t.Fatalf("no %s listener", tr)
	return ""
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// testCert makes a certificate for names, signed by itself.
func testCert(t testing.TB, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
