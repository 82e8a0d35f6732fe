package chaos

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
)

// running is a whole daemon in this process on free ports.
type running struct {
	*daemon.Daemon
	daemon.Addresses
	stop func() // ends it and waits; later calls do nothing
}

// run starts a daemon that ends with the test. change may change its configuration.
func run(t *testing.T, log io.Writer, change func(*config.Config)) *running {
	t.Helper()
	cfg := configuration(t.TempDir(), func() string { return "127.0.0.1:0" })
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := daemon.New(ctx, cfg, "chaos", daemon.NewLogger(log, cfg.Logging))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stopped := false
	r := &running{Daemon: d, Addresses: d.Addresses(), stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
	}}
	t.Cleanup(r.stop)
	starting, done := context.WithTimeout(ctx, startLimit)
	defer done()
	if err := d.AwaitReady(starting); err != nil {
		t.Fatal("the daemon is not ready")
	}
	return r
}

// page reads a page of the admin endpoint.
func (r *running) page(t *testing.T, path string) string {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Get("http://" + r.Admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// metrics reads the values of the metrics page by name and labels.
func (r *running) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(r.page(t, "/metrics"))); lines.Scan(); {
		line := lines.Text()
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(line[i+1:], 64); err == nil {
			all[line[:i]] = v
		}
	}
	return all
}
