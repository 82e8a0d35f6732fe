package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// output is a writer a test may read while a command writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// command runs one command line to its end.
func command(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e output
	code = run(args, streams{in: strings.NewReader(""), out: &o, err: &e, signals: make(chan os.Signal)})
	return code, o.String(), e.String()
}

// background runs one until the test ends it with SIGTERM.
func background(t *testing.T, args ...string) (out *output) {
	t.Helper()
	var o, e output
	signals := make(chan os.Signal, 2)
	ended := make(chan int, 1)
	go func() { ended <- run(args, streams{in: strings.NewReader(""), out: &o, err: &e, signals: signals}) }()
	t.Cleanup(func() {
		signals <- syscall.SIGTERM
		signals <- syscall.SIGTERM
		if code := <-ended; code != 0 {
			t.Errorf("%v ended with %d: %s", args, code, e.String())
		}
	})
	return &o
}

// eventually polls real processes and sockets; nothing is timed by it.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s did not happen in 30 s", what)
}

func TestVersion(t *testing.T) {
	if code, out, _ := command(t, "version"); code != 0 || !strings.Contains(out, "text911.v1") {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestCheckPrintsWhatIsInForce(t *testing.T) {
	code, out, errs := command(t, "check", "--config", "../../deploy/text911.yaml", "--http", "127.0.0.1:1234")
	if code != 0 || !strings.Contains(out, "listen: 127.0.0.1:1234") || !strings.Contains(errs, "valid, sha256") {
		t.Errorf("exit %d, out %q, err %q", code, out, errs)
	}
	if code, _, errs := command(t, "check"); code != 1 || !strings.Contains(errs, "psaps is empty") {
		t.Errorf("without a file: exit %d, %q", code, errs)
	}
}

func TestUsageFaults(t *testing.T) {
	for _, args := range [][]string{{"nonsense"}, {"serve", "--config", "/nowhere"}, {"say", "only-one"}, {}} {
		if code, _, _ := command(t, args...); code == 0 {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestHealthcheckOfNobody(t *testing.T) {
	if code, _, errs := command(t, "healthcheck", "--admin", "127.0.0.1:1", "--timeout", "1s"); code != 1 || errs == "" {
		t.Errorf("exit %d, %q", code, errs)
	}
}

// The demo's scripts against an automatic call taker, over real sockets.
func TestDemoScript(t *testing.T) {
	code, out, errs := command(t, "demo", "--script", "--json", "--calls", "8", "--messages", "6")
	var sum summary
	if err := json.Unmarshal([]byte(out), &sum); err != nil {
		t.Fatalf("exit %d, %v, %s", code, err, errs)
	}
	if code != 0 || !sum.clean() || sum.Calls != 13 || sum.MessagesIn < 48 || sum.MessagesOut < 48 || sum.P99 <= 0 {
		t.Errorf("exit %d, %+v", code, sum)
	}
}

// A summary that is not clean must end the demo with 1.
func TestSummaryKnowsWhatIsNotClean(t *testing.T) {
	for name, s := range map[string]summary{
		"lost": {Calls: 1, Lost: 1}, "duplicated": {Calls: 1, Duplicated: 1}, "misordered": {Calls: 1, Misordered: 1},
		"unfinished": {Calls: 1, Unfinished: 1}, "events missing": {Calls: 1, EventsMissing: 1}, "nothing": {},
	} {
		if s.clean() {
			t.Errorf("%s counts as clean", name)
		}
	}
}

// An operator's way through a running engine: calls, say, show, tail, healthcheck, sim esrp and
// sim console, over NATS, SIP, MSRP and WebSocket.
func TestOperatorCommands(t *testing.T) {
	out := background(t, "serve", "--dev", "--data-dir", t.TempDir(), "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--set", "sip.udp=127.0.0.1:0", "--set", "sip.tcp=127.0.0.1:0", "--set", "msrp.tcp=127.0.0.1:0", "--set", "nats.listen=127.0.0.1:0",
		"--set", "nats.ballast_mib=-1", "--set", "node.drain_timeout=1s")
	eventually(t, "the line with the addresses", func() bool { return strings.Contains(out.String(), "\n") })
	var a struct {
		Console, Admin, NATS string
		SIP                  []string
	}
	if err := json.Unmarshal([]byte(out.String()), &a); err != nil {
		t.Fatal(err)
	}
	_, sip, _ := strings.Cut(a.SIP[len(a.SIP)-1], " ")
	nats := "--nats=nats://" + a.NATS
	if code, out, errs := command(t, "healthcheck", "--admin", a.Admin); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: exit %d, %q %q", code, out, errs)
	}
	tail := background(t, "tail", nats)
	texters := background(t, "sim", "esrp", "--target", "sip:"+sip+";transport=tcp", "--calls", "1", "--messages", "2", "--think", "10ms", "--replies", "1")
	var call string
	eventually(t, "a call with two texts", func() bool {
		_, out, _ := command(t, "calls", nats)
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); len(f) > 5 && f[1] == "queued" && strings.Contains(line, "  2  ") {
				call = f[0]
			}
		}
		return call != ""
	})
	if code, out, errs := command(t, "say", nats, call, "where are you?"); code != 0 || !strings.Contains(out, "stored as message") {
		t.Fatalf("say: exit %d, %q %q", code, out, errs)
	}
	eventually(t, "the texter's end", func() bool { return strings.Contains(texters.String(), "replies 1, ended by texter") })
	_, shown, _ := command(t, "show", nats, call)
	for _, want := range []string{"call.offered", "#1 texter: load call 0 text 0", "#3 operator: where are you?", "call.closed"} {
		if !strings.Contains(shown, want) {
			t.Errorf("show lacks %q", want)
		}
	}
	eventually(t, "the tail", func() bool { return strings.Contains(tail.String(), "call.closed") })
	if strings.Contains(tail.String(), "load call 0") {
		t.Error("tail shows what people wrote without being asked to")
	}
	background(t, "sim", "console", "--url", "ws://"+a.Console+"/v1/ws", "--close", "1")
	if code, out, errs := command(t, "sim", "esrp", "--target", "sip:"+sip+";transport=tcp", "--calls", "3", "--messages", "1", "--replies", "1"); code != 0 {
		t.Errorf("sim esrp: exit %d %q %q", code, out, errs)
	}
}
