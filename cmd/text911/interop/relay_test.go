//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"text/template"
	"time"

	"text911/engine/msrp/msrptest"
)

// relay is a running Kamailio with its msrp module.
type relay struct {
	address string // host:port
	secure  bool
	roots   *x509.CertPool
}

func startRelay(t *testing.T, secure bool) *relay {
	t.Helper()
	dir := t.TempDir()
	cert, key, roots := certificate(t, dir)
	port := freePort(t)
	raw, err := os.ReadFile("kamailio/relay.cfg.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var cfg bytes.Buffer
	err = template.Must(template.New("relay").Parse(string(raw))).Execute(&cfg, map[string]any{
		"Port": port, "TLS": secure, "Modules": modules(), "Cert": cert, "Key": key,
		"Password": relayPassword, "Secret": "interop-nonce-secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "relay.cfg")
	if err := os.WriteFile(file, cfg.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command("kamailio", "-f", file, "-DD", "-E", "-Y", dir, "-P", filepath.Join(dir, "pid"))
	cmd.Stderr, cmd.Stdout = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("kamailio said:\n%s", tail(log.String()))
		}
	})
	r := &relay{address: fmt.Sprintf("127.0.0.1:%d", port), secure: secure, roots: roots}
	waitFor(t, r.address)
	return r
}

func modules() string {
	arch := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	return "/usr/lib/" + arch + "/kamailio/modules"
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func waitFor(t *testing.T, address string) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for time.Now().Before(deadline) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens on %s", address)
}

// certificate is a self-signed one for 127.0.0.1.
func certificate(t *testing.T, dir string) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"relay.example"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	certFile, keyFile = write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return certFile, keyFile, roots
}

const relayPassword = "not-a-secret"

// relayed is a texter's connection to the relay, authorised, with the path others reach it by.
type relayed struct {
	*msrptest.Peer
	own  string // the texter's own URI
	path string // the relay's Use-Path and own
}

var quoted = regexp.MustCompile(`(\w+)="([^"]*)"`)

// authorise opens a connection and asks the relay for a path (RFC 4976 §5.1): AUTH, a challenge,
// AUTH with credentials, Use-Path.
func (r *relay) authorise(t *testing.T, name string) *relayed {
	t.Helper()
	scheme := "msrp"
	conn, err := net.Dial("tcp", r.address)
	if err == nil && r.secure {
		scheme, conn = "msrps", tls.Client(conn, &tls.Config{RootCAs: r.roots, ServerName: "127.0.0.1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	x := &relayed{Peer: msrptest.NewPeer(conn)}
	x.Timeout = 10 * time.Second
	hop := scheme + "://" + r.address + ";tcp"
	x.own = fmt.Sprintf("%s://%s/%sown0123456789abcdef;tcp", scheme, conn.LocalAddr(), name)
	first := x.auth(t, "auth1"+name, hop, "")
	if first.Code != 401 {
		t.Fatalf("AUTH without credentials got %d, want 401", first.Code)
	}
	p := map[string]string{}
	for _, m := range quoted.FindAllStringSubmatch(first.Header("WWW-Authenticate"), -1) {
		p[m[1]] = m[2]
	}
	second := x.auth(t, "auth2"+name, hop, credentials(p["realm"], p["nonce"], hop))
	if second.Code != 200 || second.Header("Use-Path") == "" {
		t.Fatalf("AUTH with credentials got %d", second.Code)
	}
	x.path = second.Header("Use-Path") + " " + x.own
	return x
}

func (x *relayed) auth(t *testing.T, id, hop, extra string) *msrptest.Frame {
	t.Helper()
	if err := x.Write("MSRP " + id + " AUTH\r\nTo-Path: " + hop + "\r\nFrom-Path: " + x.own + "\r\n" + extra + "-------" + id + "$\r\n"); err != nil {
		t.Fatal(err)
	}
	f, err := x.Next()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// credentials answers a digest challenge with qop auth (RFC 2617 §3.2.2). Kamailio wants uri.
func credentials(realm, nonce, uri string) string {
	h := func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	response := h(h("texter:"+realm+":"+relayPassword) + ":" + nonce + ":00000001:c0ffee:auth:" + h("AUTH:"+uri))
	return fmt.Sprintf("Authorization: Digest username=\"texter\", realm=%q, nonce=%q, uri=%q, qop=auth, nc=00000001, cnonce=\"c0ffee\", response=%q\r\n",
		realm, nonce, uri, response)
}

// send writes a SEND by way of the relay.
func (x *relayed) send(t *testing.T, id, to, headers, body string, flag byte) {
	t.Helper()
	if err := x.Write("MSRP " + id + " SEND\r\nTo-Path: " + strings.Fields(x.path)[0] + " " + to + "\r\nFrom-Path: " + x.own + "\r\n" +
		headers + "\r\n" + body + "\r\n-------" + id + string(flag) + "\r\n"); err != nil {
		t.Fatal(err)
	}
}

// report confirms a message that came by way of the relay, along the path it came.
func (x *relayed) report(t *testing.T, id string, f *msrptest.Frame, size int) {
	t.Helper()
	if err := x.Write("MSRP " + id + " REPORT\r\nTo-Path: " + f.Header("From-Path") + "\r\nFrom-Path: " + x.own + "\r\n" +
		"Message-ID: " + f.Header("Message-ID") + "\r\nByte-Range: 1-" + fmt.Sprintf("%[1]d/%[1]d", size) + "\r\nStatus: 000 200 OK\r\n-------" + id + "$\r\n"); err != nil {
		t.Fatal(err)
	}
}

// accept answers a SEND, hop by hop (RFC 4975 §7.2).
func (x *relayed) accept(t *testing.T, f *msrptest.Frame) {
	t.Helper()
	if err := x.Write("MSRP " + f.TransactionID + " 200 OK\r\nTo-Path: " + strings.Fields(f.Header("From-Path"))[0] +
		"\r\nFrom-Path: " + x.own + "\r\n-------" + f.TransactionID + "$\r\n"); err != nil {
		t.Fatal(err)
	}
}

func offerFor(path string) string {
	scheme := "TCP/MSRP"
	if strings.HasPrefix(path, "msrps:") {
		scheme = "TCP/TLS/MSRP"
	}
	first := strings.Fields(path)[0]
	authority := first[strings.Index(first, "//")+2:]
	_, port, _ := net.SplitHostPort(authority[:strings.IndexByte(authority, '/')])
	return "v=0\r\no=texter 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message " + port + " " + scheme +
		" *\r\na=setup:active\r\na=path:" + path + "\r\na=accept-types:text/plain\r\n"
}

func withTimeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
