package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"text911/cmd/text911/config"
	"text911/esrp/esrptest"
)

// talk is a conversation that goes on beside what the others do.
type talk struct {
	texter *esrptest.Texter
	end    chan struct{}
	ended  chan error
}

// startTalk calls, and then texts every few milliseconds until it is ended.
func startTalk(t *testing.T, r *running) *talk {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	n, err := esrptest.New(esrptest.Config{Target: sip(r.Addresses, "tcp")})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-served })
	k := &talk{texter: n.Texter(esrptest.Caller{}, esrptest.Mode{}), end: make(chan struct{}), ended: make(chan error, 1)}
	if err := k.texter.Invite(ctx); err != nil {
		t.Fatal(err)
	}
	go func() { k.ended <- k.texts(ctx) }()
	return k
}

func (k *talk) texts(ctx context.Context) error {
	for i := 0; ; i++ {
		select {
		case <-k.end:
			if _, err := k.texter.Replies(ctx, i); err != nil {
				return err
			}
			return k.texter.HangUp(ctx)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
		if err := k.texter.Send(ctx, fmt.Sprintf("calm %d", i)); err != nil {
			return err
		}
	}
}

// slow is more than any text may take beside hostile peers, on any machine.
const slow = 10 * time.Second

// finish ends the conversation and returns the slowest and the median time from a text to its 200.
func (k *talk) finish(t *testing.T) (texts int, median, worst time.Duration) {
	t.Helper()
	close(k.end)
	if err := <-k.ended; err != nil {
		t.Errorf("the conversation beside: %v", err)
	}
	a := k.texter.Account()
	var took []time.Duration
	for _, s := range a.Sent {
		took = append(took, s.Acked.Sub(s.At))
		if s.Acked.IsZero() || s.Tries != 1 {
			t.Errorf("text %s was sent %d times", s.MessageID, s.Tries)
		}
	}
	if a.Breaks > 0 || len(took) == 0 {
		t.Fatalf("the conversation beside broke %d times over %d texts", a.Breaks, len(took))
	}
	slices.Sort(took)
	return len(took), took[len(took)/2], took[len(took)-1]
}

// attack is something a peer does that nobody should.
type attack struct {
	name    string
	visible []string // metrics of which one at least goes up
	do      func(t *testing.T, r *running, n int)
}

func attacks() []attack {
	return []attack{
		{"oversize header", []string{`text911_msrp_ended_total{kind="protocol"}`}, oversizeHeader},
		{"endless body", []string{`text911_msrp_ended_total{kind="stalled"}`, `text911_msrp_ended_total{kind="protocol"}`}, endlessBody},
		{"half-open connections", []string{`text911_msrp_ended_total{kind="evicted"}`, `text911_msrp_refused_source_total`, `text911_msrp_refused_rate_total`}, halfOpen},
		{"wrong sessions", []string{`text911_msrp_ended_total{kind="guessing"}`}, wrongSessions},
		{"garbage after a frame", []string{`text911_msrp_ended_total{kind="protocol"}`}, garbageAfterFrame},
		{"garbage to SIP over UDP", []string{`text911_sip_errors_total{kind="parse"}`, `text911_sip_refused_total{kind="stranger"}`}, garbageUDP},
		{"garbage to SIP over TCP", []string{`text911_sip_errors_total{kind="parse"}`, `text911_sip_refused_total{kind="malformed"}`}, garbageTCP},
	}
}

// hostileBeside does all attacks, one after the other, beside one conversation.
func hostileBeside(t *testing.T, connections int) {
	r := run(t, io.Discard, func(cfg *config.Config) { cfg.MSRP.ProbationTimeout = time.Second })
	newTaker(t, r.Console, "calm")
	k := startTalk(t, r)
	for _, a := range attacks() {
		before := r.metrics(t)
		began := time.Now()
		a.do(t, r, connections)
		seen := raised(t, r, a.visible, before)
		t.Logf("%s took %v, seen in %s", a.name, time.Since(began).Round(time.Millisecond), seen)
		if seen == "" {
			t.Errorf("%s is not to be seen in the metrics", a.name)
		}
	}
	texts, median, worst := k.finish(t)
	t.Logf("%d texts beside hostile peers, 200 after %v (median), %v (slowest)", texts, median.Round(10*time.Microsecond), worst.Round(10*time.Microsecond))
	if worst > slow {
		t.Errorf("a text took %v", worst)
	}
	if got := r.Stats().Leg.Accepted; got != uint64(texts) {
		t.Errorf("the engine accepted %d texts, the texter sent %d", got, texts)
	}
}

// raised waits until one of the metrics is higher than before, and returns its name.
func raised(t *testing.T, r *running, names []string, before map[string]float64) string {
	t.Helper()
	for deadline := time.Now().Add(slow); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		after := r.metrics(t)
		for _, name := range names {
			if after[name] > before[name] {
				return name
			}
		}
	}
	return ""
}

// from dials as a stranger: a loopback address that no trunk has.
func from(source, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}, Timeout: 10 * time.Second}
	return d.Dial("tcp", address)
}

// pour writes until everything is written or the other side has had enough, and returns how much it
// took.
func pour(t *testing.T, c net.Conn, piece []byte, octets int) (taken int) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	for taken < octets {
		time.Sleep(time.Millisecond) // a fast line, but not all of the machine
		n, err := c.Write(piece)
		taken += n
		if err != nil {
			if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
				return taken
			}
			t.Errorf("after %d octets: %v", taken, err)
			return taken
		}
	}
	return taken
}

// cutOff waits until the other side has closed the connection.
func cutOff(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection was not ended: %v", err)
	}
}

func dial(t *testing.T, source, address string) net.Conn {
	t.Helper()
	c, err := from(source, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func oversizeHeader(t *testing.T, r *running, _ int) {
	c := dial(t, "127.0.1.1", r.MSRP)
	if _, err := io.WriteString(c, "MSRP abcd1234 SEND\r\nTo-Path: msrp://"); err != nil {
		t.Fatal(err)
	}
	pour(t, c, []byte(strings.Repeat("a", 64<<10)), 64<<20)
	cutOff(t, c)
}

func endlessBody(t *testing.T, r *running, _ int) {
	c := dial(t, "127.0.1.2", r.MSRP)
	head := "MSRP abcd1234 SEND\r\nTo-Path: msrp://" + r.MSRP + "/nosuchsession00;tcp\r\nFrom-Path: msrp://127.0.1.2:9/a;tcp\r\n" +
		"Message-ID: endless1\r\nByte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n"
	if _, err := io.WriteString(c, head); err != nil {
		t.Fatal(err)
	}
	const most = 4 << 30
	taken := pour(t, c, []byte(strings.Repeat("endless ", 8<<10)), most)
	t.Logf("a body of %d MiB was read to nowhere", taken>>20)
	if taken >= most {
		t.Error("a body without end was read for ever")
	}
}

// halfOpen opens connections that say nothing, from many sources, and keeps them open together.
func halfOpen(t *testing.T, r *running, n int) {
	n = min(n, descriptors(t))
	var mu sync.Mutex
	var open []net.Conn
	var failed int
	var dialing sync.WaitGroup
	for w := range 8 {
		dialing.Go(func() {
			for i := w; i < n; i += 8 {
				source := fmt.Sprintf("127.1.%d.%d", i%500/250, 1+i%250)
				c, err := from(source, r.MSRP)
				mu.Lock()
				if err != nil {
					failed++
				} else {
					open = append(open, c)
				}
				mu.Unlock()
			}
		})
	}
	dialing.Wait()
	s := r.Stats().MSRP
	t.Logf("%d half-open connections from 500 sources (%d failed to connect); the engine holds %d, %d of them without a session", len(open), failed, s.Connections, s.Unbound)
	for _, c := range open {
		_ = c.Close()
	}
}

// descriptors is how many connections this process can hold both ends of, with room to spare.
func descriptors(t *testing.T) int {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	l.Cur = l.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Logf("the limit of open files stays: %v", err)
	}
	// The engine keeps about a thousand of its ends.
	return max(100, int(l.Cur)-3000)
}

// wrongSessions guesses, a few times on each of several connections, as one that is told 481 too
// often on one connection loses it.
func wrongSessions(t *testing.T, r *running, _ int) {
	for i := range 40 {
		c := dial(t, "127.0.1.3", r.MSRP)
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		id := fmt.Sprintf("guess%04d", i)
		_, err := fmt.Fprintf(c, "MSRP %[1]s SEND\r\nTo-Path: msrp://%[2]s/%016[3]x;tcp\r\nFrom-Path: msrp://127.0.1.3:9/a;tcp\r\nMessage-ID: %[1]s\r\n"+
			"Byte-Range: 1-1/1\r\nContent-Type: text/plain\r\n\r\nx\r\n-------%[1]s$\r\n", id, r.MSRP, i)
		if err == nil {
			_, _ = c.Read(make([]byte, 1)) // 481, or the end
		}
		_ = c.Close()
		time.Sleep(25 * time.Millisecond) // under what one source may connect
	}
}

func garbageAfterFrame(t *testing.T, r *running, _ int) {
	c := dial(t, "127.0.1.4", r.MSRP)
	if _, err := io.WriteString(c, "MSRP fine0001 200 OK\r\nTo-Path: msrp://"+r.MSRP+"/a;tcp\r\nFrom-Path: msrp://127.0.1.4:9/a;tcp\r\n-------fine0001$\r\n"); err != nil {
		t.Fatal(err)
	}
	pour(t, c, noise(64<<10), 64<<10)
	cutOff(t, c)
}

// noise is the same octets in every run.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(9, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// garbageUDP comes from a stranger and from the trunk's own address.
func garbageUDP(t *testing.T, r *running, _ int) {
	target, _, _ := strings.Cut(strings.TrimPrefix(sip(r.Addresses, "udp"), "sip:"), ";")
	b := noise(1400)
	for _, source := range []string{"127.0.1.5", "127.0.0.1"} {
		local, err := net.ResolveUDPAddr("udp", source+":0")
		if err != nil {
			t.Fatal(err)
		}
		far, err := net.ResolveUDPAddr("udp", target)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.DialUDP("udp", local, far)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			_, _ = c.Write(b[i : i+1+i*1399/500%800])
			_, _ = io.WriteString(c, "INVITE urn:service:sos SIP/2.0\r\nVia: "+string(b[:i]))
		}
		_ = c.Close()
	}
	settle(t, r, `text911_sip_errors_total{kind="parse"}`)
}

// settle waits until a metric has stood still for a moment.
func settle(t *testing.T, r *running, name string) {
	t.Helper()
	for last := -1.0; ; {
		now := r.metrics(t)[name]
		if now == last {
			return
		}
		last = now
		time.Sleep(50 * time.Millisecond)
	}
}

func garbageTCP(t *testing.T, r *running, _ int) {
	target, _, _ := strings.Cut(strings.TrimPrefix(sip(r.Addresses, "tcp"), "sip:"), ";")
	for _, source := range []string{"127.0.1.6", "127.0.0.1"} {
		for _, start := range []string{
			"", "INVITE urn:service:sos SIP/2.0\r\n", "INVITE urn:service:sos SIP/2.0\r\nContent-Length: 999999999\r\n\r\n",
			"INVITE urn:service:sos SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.1.6;branch=z9hG4bKx\r\nContent-Length: -1\r\n\r\n",
		} {
			c := dial(t, source, target)
			if _, err := io.WriteString(c, start); err != nil {
				t.Fatal(err)
			}
			pour(t, c, noise(64<<10), 1<<20)
			_ = c.Close()
		}
	}
}

// Hostile peers beside a conversation, in every run of the tests; the tag chaos opens ten thousand
// connections (TestTenThousandHostileConnections).
func TestHostilePeersBesideAConversation(t *testing.T) {
	t.Parallel()
	hostileBeside(t, 1500)
}
