package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"text911/cmd/text911/daemon"
	"text911/engine/msrp/msrptest"
)

// idle holds calls against an engine in a process of its own and tells what one costs it.
func idle(ctx context.Context, w io.Writer, o Options) error {
	raiseFileLimit()
	dir, err := os.MkdirTemp(o.Dir, "idle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c, err := startChild(ctx, o.Binary, dir)
	if err != nil {
		return err
	}
	defer c.stop()
	caller, err := newCallers(ctx, sipTarget(c.addresses))
	if err != nil {
		return err
	}
	defer caller.close()
	warm, err := caller.call(ctx, 50)
	defer hangUp(warm)
	if err != nil {
		return err
	}
	before, err := c.memory()
	if err != nil {
		return err
	}
	begin := time.Now()
	calls, err := caller.call(ctx, o.Idle)
	defer hangUp(calls)
	if err != nil {
		return err
	}
	took := time.Since(begin)
	after, err := c.memory()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d calls set up one after the other in %s; memory of the engine's process %.1f MiB to %.1f MiB: %.1f KiB per idle call (SIP dialog, MSRP session and connection, actor, board)\n",
		o.Idle, took.Round(time.Millisecond), mib(before), mib(after), float64(after-before)/1024/float64(o.Idle))
	var f figure
	if err := f.measure(ctx, &msrptest.Load{Sessions: calls[:100]}, o.Time); err != nil {
		return err
	}
	fmt.Fprintf(w, "with %d calls held, 100 of them texting: %.0f durable SENDs/s, %s\n", o.Idle+len(warm), f.rate(), f.spread())
	return nil
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// raiseFileLimit takes what the system allows: every call is a connection on both sides.
func raiseFileLimit() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
}

// child is an engine in its own process.
type child struct {
	cmd       *exec.Cmd
	addresses daemon.Addresses
}

func startChild(ctx context.Context, binary, dir string) (*child, error) {
	cfg := settings(dir)
	file := filepath.Join(dir, "bench.yaml")
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := cfg.Print(f); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, binary, "serve", "--config", file, "--set", "logging.level=error")}
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start engine: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &c.addresses)
	}
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("engine's addresses: %w", err)
	}
	return c, nil
}

// memory is the resident set of the child once it has settled.
func (c *child) memory() (int64, error) {
	var last int64
	for range 40 {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
		if err != nil {
			return 0, fmt.Errorf("memory of the engine: %w", err)
		}
		now, err := residentSet(string(raw))
		if err != nil {
			return 0, err
		}
		if diff := now - last; diff < 1<<20 && diff > -1<<20 {
			return now, nil
		}
		last = now
		time.Sleep(500 * time.Millisecond)
	}
	return last, nil
}

func residentSet(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS")
}

func (c *child) stop() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}
