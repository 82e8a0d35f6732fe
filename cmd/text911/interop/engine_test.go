//go:build interop

package interop

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
)

// engine is a running daemon on free loopback ports. Peers at 127.0.0.1 are answered at once,
// peers at 127.0.0.2 ring until a taker claims; nobody else is known.
func engine(t *testing.T, change func(*config.Config)) (*daemon.Daemon, daemon.Addresses) {
	t.Helper()
	cfg := config.Default()
	cfg.Node.DataDir = t.TempDir()
	cfg.NATS.Listen, cfg.HTTP.Listen, cfg.Admin.Listen, cfg.MSRP.TCP = "", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.SIP.UDP, cfg.SIP.TCP = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
	p := config.DefaultPSAP()
	p.ID, p.Capacity = "psap.example", 10000
	cfg.PSAPs = []config.PSAP{p}
	cfg.Trunks = []config.Trunk{
		{Name: "prompt", Addresses: []string{"127.0.0.1"}, PSAP: p.ID, Answer: "immediate"},
		{Name: "patient", Addresses: []string{"127.0.0.2"}, PSAP: p.ID, Answer: "claim"},
	}
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := daemon.New(ctx, cfg, "interop", slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	})
	return d, d.Addresses()
}

// sip is the address of the first listener of a transport.
func sip(t *testing.T, a daemon.Addresses, transport string) string {
	t.Helper()
	for _, l := range a.SIP {
		if name, addr, _ := strings.Cut(l, " "); strings.EqualFold(name, transport) {
			return addr
		}
	}
	t.Fatalf("no %s listener in %v", transport, a.SIP)
	return ""
}
