package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
)

// startLimit is how long a start may take on a slow machine before the test gives up.
const startLimit = 60 * time.Second

// child is `text911 serve`, started and killed any number of times on one data directory and the
// same ports.
type child struct {
	binary, config string
	errors         lastLines

	mu      sync.Mutex // guards the rest
	cmd     *exec.Cmd
	exited  chan struct{}
	address daemon.Addresses
}

// newChild builds the binary and writes its configuration; it starts nothing.
func newChild(t *testing.T, random *rand.Rand) *child {
	t.Helper()
	dir := t.TempDir()
	c := &child{binary: filepath.Join(dir, "text911"), config: filepath.Join(dir, "text911.yaml")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", c.binary, "text911/cmd/text911")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cfg := configuration(dir, func() string { return freeAddress(t, random) })
	f, err := os.Create(c.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Print(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// configuration has one PSAP, whose calls come from loopback.
func configuration(dir string, address func() string) config.Config {
	cfg := config.Default()
	cfg.Node.DataDir, cfg.Node.DrainTimeout = filepath.Join(dir, "data"), time.Second
	cfg.NATS.Listen, cfg.NATS.BallastMiB = "", -1
	cfg.HTTP.Listen, cfg.Admin.Listen, cfg.MSRP.TCP = address(), address(), address()
	both := address()
	cfg.SIP.UDP, cfg.SIP.TCP = []string{both}, []string{both}
	p := config.DefaultPSAP()
	p.ID, p.Capacity = psapID, 10000
	cfg.PSAPs = []config.PSAP{p}
	cfg.Trunks = []config.Trunk{{Name: "esrp", Addresses: []string{"127.0.0.1"}, PSAP: psapID, Answer: "claim"}}
	return cfg
}

const psapID = "psap.example"

// freeAddress finds a port below those that the system gives to outgoing connections, so that
// nobody takes it while the child is dead.
func freeAddress(t *testing.T, random *rand.Rand) string {
	t.Helper()
	for range 200 {
		a := fmt.Sprintf("127.0.0.1:%d", 12000+random.IntN(18000))
		u, err := net.ListenPacket("udp", a)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", a)
		_ = u.Close()
		if err != nil {
			continue
		}
		_ = l.Close()
		return a
	}
	t.Fatal("no free port")
	return ""
}

// start starts the child and waits for its line of addresses.
func (c *child) start(ctx context.Context) error {
	cmd := exec.Command(c.binary, "serve", "--config", c.config)
	cmd.Env = []string{"HOME=" + filepath.Dir(c.config)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing outlives a test that is killed
	cmd.Stderr = &c.errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, exited := make(chan string, 1), make(chan struct{})
	go func() { // ends with the child
		defer close(exited)
		defer func() { _ = cmd.Wait() }()
		r := bufio.NewReader(out)
		s, _ := r.ReadString('\n')
		line <- s
		for {
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
		}
	}()
	c.mu.Lock()
	c.cmd, c.exited = cmd, exited
	c.mu.Unlock()
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case s := <-line:
		var a daemon.Addresses
		if err := json.Unmarshal([]byte(s), &a); err != nil {
			_ = c.kill()
			return fmt.Errorf("the child said no addresses: %w\n%s", err, c.errors.String())
		}
		c.mu.Lock()
		c.address = a
		c.mu.Unlock()
		return nil
	case <-limit.C:
		_ = c.kill()
		return fmt.Errorf("the child was not ready within %v\n%s", startLimit, c.errors.String())
	case <-ctx.Done():
		_ = c.kill()
		return context.Cause(ctx)
	}
}

// kill ends the child as a lost machine does and waits until it is gone.
func (c *child) kill() error {
	c.mu.Lock()
	cmd, exited := c.cmd, c.exited
	c.cmd = nil
	c.mu.Unlock()
	if cmd == nil {
		return nil
	}
	err := cmd.Process.Kill()
	<-exited
	return err
}

// stop asks the child to end and returns its exit code.
func (c *child) stop() (int, error) {
	c.mu.Lock()
	cmd, exited := c.cmd, c.exited
	c.cmd = nil
	c.mu.Unlock()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case <-exited:
	case <-limit.C:
		_ = cmd.Process.Kill()
		<-exited
		return 0, fmt.Errorf("the child did not end within %v of SIGTERM", startLimit)
	}
	return cmd.ProcessState.ExitCode(), nil
}

func (c *child) addresses() daemon.Addresses {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}

// sip is the SIP URI of a transport.
func sip(a daemon.Addresses, transport string) string {
	for _, l := range a.SIP {
		if name, at, _ := strings.Cut(l, " "); strings.EqualFold(name, transport) {
			return "sip:" + at + ";transport=" + transport
		}
	}
	return ""
}

// lastLines keeps the end of what is written to it.
type lastLines struct {
	mu  sync.Mutex
	buf []byte
}

func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if over := len(l.buf) - 8000; over > 0 {
		l.buf = append(l.buf[:0], l.buf[over:]...)
	}
	return len(p), nil
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}
