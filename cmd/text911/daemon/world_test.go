package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"text911/cmd/text911/config"
	"text911/esrp/esrptest"
)

// laboratory is a configuration on loopback with ports nobody else has.
func laboratory(t *testing.T) config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.Node.DataDir, cfg.Node.DrainTimeout = t.TempDir(), 20*time.Second
	cfg.NATS.Listen, cfg.NATS.BallastMiB, cfg.NATS.MinFreeMiB = "127.0.0.1:0", -1, -1
	cfg.HTTP.Listen, cfg.Admin.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.SIP.UDP, cfg.SIP.TCP, cfg.MSRP.TCP = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}, "127.0.0.1:0"
	p := config.DefaultPSAP()
	p.ID = "psap.example"
	cfg.PSAPs = []config.PSAP{p}
	trunk := config.DefaultTrunk()
	trunk.Name, trunk.Addresses, trunk.PSAP, trunk.Answer = "esrp", []string{"127.0.0.1"}, p.ID, "immediate"
	cfg.Trunks = []config.Trunk{trunk}
	return cfg
}

// running is a daemon for the length of a test; ended has the result of Run.
func running(t *testing.T, cfg config.Config) (d *Daemon, ended chan error) {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	d, err := New(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	if err := d.AwaitReady(within(t)); err != nil {
		t.Fatal(err)
	}
	return d, ended
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// texters runs a simulated ESRP for the length of a test.
func texters(t *testing.T, cfg esrptest.Config) *esrptest.Network {
	t.Helper()
	n, err := esrptest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = n.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return n
}

// files writes the certificate and key of a configuration as PEM.
func files(t *testing.T, c *tls.Config) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(c.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: c.Certificates[0].Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
