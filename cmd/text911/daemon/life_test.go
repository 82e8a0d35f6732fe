package daemon

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"text911/cmd/text911/config"
	"text911/engine/sipua"
	"text911/esrp/esrptest"
	"text911/psap/psaptest"
)

func readyz(t *testing.T, d *Daemon) int {
	t.Helper()
	resp, err := http.Get("http://" + d.Addresses().Admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// Draining refuses new calls and OPTIONS with 503 and Retry-After and is not ready any more; the
// live conversation goes on in both directions and Run ends when it does.
func TestDrain(t *testing.T) {
	t.Parallel()
	cfg := laboratory(t)
	d, ended := running(t, cfg)
	target := "sip:" + d.net.ua.Bound()[1].Addr.String() + ";transport=tcp"
	n := texters(t, esrptest.Config{Target: target})
	x := n.Texter(esrptest.Caller{}, esrptest.Mode{})
	if err := x.Invite(within(t)); err != nil {
		t.Fatal(err)
	}
	c, err := psaptest.Dial(within(t), psaptest.Config{URL: "ws://" + d.Addresses().Console + "/v1/ws", PSAP: "psap.example", Agent: "maria"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	if code := readyz(t, d); code != http.StatusOK {
		t.Errorf("ready before: %d", code)
	}
	d.Drain()
	for d.net.gateway.Admit("esrp").Code == 0 {
		time.Sleep(time.Millisecond)
	}
	if code := readyz(t, d); code != http.StatusServiceUnavailable {
		t.Errorf("ready while draining: %d", code)
	}
	err = n.Texter(esrptest.Caller{}, esrptest.Mode{}).Invite(within(t))
	var refused *sipua.Refusal
	if !errors.As(err, &refused) || refused.Code != 503 || refused.RetryAfter <= 0 {
		t.Errorf("a new call while draining: %v", err)
	}
	if err := x.Send(within(t), "still here"); err != nil {
		t.Fatal(err)
	}
	answer(t, c, x)
	select {
	case err := <-ended:
		t.Fatalf("ended with a live call: %v", err)
	default:
	}
	if err := x.HangUp(within(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-within(t).Done():
		t.Fatal("did not end after its last call")
	}
}

// A port that is taken is named in the fault, and everything bound before is released: the same
// configuration starts when the port is free.
func TestTakenPorts(t *testing.T) {
	for name, take := range map[string]func(*taken){
		"sip udp": func(p *taken) { p.cfg.SIP.UDP = []string{p.packet(t)} },
		"sip tcp": func(p *taken) { p.cfg.SIP.TCP = []string{p.stream(t)} },
		"msrp":    func(p *taken) { p.cfg.MSRP.TCP = p.stream(t) },
		"console": func(p *taken) { p.cfg.HTTP.Listen = p.stream(t) },
		"admin":   func(p *taken) { p.cfg.Admin.Listen = p.stream(t) },
		"log:":    func(p *taken) { p.cfg.NATS.Listen = p.stream(t) },
	} {
		t.Run(name, func(t *testing.T) {
			p := &taken{cfg: laboratory(t)}
			take(p)
			_, err := New(t.Context(), p.cfg, "test", slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), strings.Fields(name)[0]) {
				t.Errorf("fault: %v", err)
			}
			p.release()
			running(t, p.cfg)
		})
	}
}

// natsServer is a NATS server of its own, as a site may have one.
func natsServer(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{ServerName: "external", Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, JetStreamMaxStore: 1 << 30, Username: "engine", Password: "hunter2hunter2"})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s
}

// The log in a NATS server of its own: a call passes, readiness goes and comes with the server, and
// new calls are refused meanwhile.
func TestExternalLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := natsServer(t, dir, server.RANDOM_PORT)
	port := s.Addr().(*net.TCPAddr).Port
	cfg := laboratory(t)
	cfg.NATS.URL, cfg.NATS.User, cfg.NATS.PasswordFile = s.ClientURL(), "engine", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(cfg.NATS.PasswordFile, []byte("hunter2hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ := running(t, cfg)
	n := texters(t, esrptest.Config{Target: "sip:" + d.net.ua.Bound()[1].Addr.String() + ";transport=tcp"})
	x := n.Texter(esrptest.Caller{}, esrptest.Mode{})
	if err := x.Invite(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := x.Send(within(t), "help"); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	awaitReadyz(t, d, http.StatusServiceUnavailable)
	var refused *sipua.Refusal
	if err := n.Texter(esrptest.Caller{}, esrptest.Mode{}).Invite(within(t)); !errors.As(err, &refused) || refused.Code != 503 {
		t.Errorf("a new call without a log: %v", err)
	}
	natsServer(t, dir, port)
	awaitReadyz(t, d, http.StatusOK)
	if err := x.Send(within(t), "still here"); err != nil {
		t.Error(err)
	}
}

func awaitReadyz(t *testing.T, d *Daemon, want int) {
	t.Helper()
	for until := within(t); readyz(t, d) != want; time.Sleep(20 * time.Millisecond) {
		if until.Err() != nil {
			t.Fatalf("readiness is not %d", want)
		}
	}
}

// taken is a configuration one of whose ports somebody else has.
type taken struct {
	cfg     config.Config
	release func()
}

func (p *taken) stream(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.release = func() { _ = l.Close() }
	return l.Addr().String()
}

func (p *taken) packet(t *testing.T) string {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.release = func() { _ = l.Close() }
	return l.LocalAddr().String()
}
