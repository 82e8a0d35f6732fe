//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
	"text911/engine/msrp/msrptest"
	"text911/engine/sipua"
	"text911/psap/psaptest"
)

// caller places SIP calls; MSRP is the test's own.
func caller(t *testing.T) *sipua.UA {
	t.Helper()
	ua, err := sipua.New(sipua.Config{Policy: anybody{}, Host: "127.0.0.1",
		Listeners: []sipua.Listener{{Transport: sipua.TCP, Address: "127.0.0.1:0"}}}, nobody{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = ua.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return ua
}

type anybody struct{}

func (anybody) Identify(sipua.Evidence) (string, bool) { return "engine", true }
func (anybody) Admit(string) sipua.Admission           { return sipua.Take() }

type nobody struct{}

func (nobody) OnInvite(_ context.Context, in *sipua.Invitation) sipua.DialogHandler {
	_ = in.Refuse(486, "", 0)
	return nil
}

type quiet struct{}

func (quiet) OnOffer(context.Context, *sipua.Dialog, sipua.Offer) ([]byte, error) {
	return nil, &sipua.Refusal{Code: 488}
}
func (quiet) OnRequest(context.Context, *sipua.Dialog, sipua.Request) error { return nil }
func (quiet) OnEvent(context.Context, *sipua.Dialog, sipua.Event)           {}

var pathLine = regexp.MustCompile(`(?m)^a=path:(.*?)\r?$`)

// invite places a call for a relayed texter and returns the engine's path.
func invite(t *testing.T, a daemon.Addresses, x *relayed) (*sipua.Dialog, string) {
	t.Helper()
	ua := caller(t)
	d, answer, err := ua.Invite(withTimeout(t), sipua.Outgoing{Target: "urn:service:sos",
		Route: []string{"<sip:text-q@" + sip(t, a, "tcp") + ";transport=tcp;lr>"},
		From:  "<sip:+12025550143@carrier.example>", Offer: []byte(offerFor(x.path))}, quiet{})
	if err != nil {
		var r *sipua.Refusal
		errors.As(err, &r)
		t.Fatalf("invite: %v", err)
	}
	m := pathLine.FindStringSubmatch(string(answer))
	if m == nil {
		t.Fatal("answer without a=path")
	}
	return d, m[1]
}

// until reads frames until one satisfies ok.
func until(t *testing.T, x *relayed, what string, ok func(*msrptest.Frame) bool) *msrptest.Frame {
	t.Helper()
	for range 100 {
		f, err := x.Next()
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		if ok(f) {
			return f
		}
	}
	t.Fatalf("no %s came", what)
	return nil
}

// delivered waits for the engine's success REPORT (RFC 4975 §7.1.2) and keeps SENDs that come
// before it.
func delivered(t *testing.T, x *relayed, message string, kept *[]*msrptest.Frame) {
	t.Helper()
	until(t, x, "REPORT", func(f *msrptest.Frame) bool {
		if f.Method == "SEND" {
			*kept = append(*kept, f)
		}
		return f.Method == "REPORT" && f.Header("Message-ID") == message && strings.HasPrefix(f.Header("Status"), "000 200")
	})
}

// reply reads a whole message of the engine's, answers its chunks and confirms it.
func reply(t *testing.T, x *relayed, kept []*msrptest.Frame) string {
	t.Helper()
	var text strings.Builder
	take := func(f *msrptest.Frame) bool {
		if f.Method != "SEND" || !f.HasBody {
			return false
		}
		x.accept(t, f)
		text.WriteString(f.Body)
		if f.Flag == '$' {
			x.report(t, "rep"+f.TransactionID[:5], f, text.Len())
		}
		return f.Flag == '$'
	}
	for _, f := range kept {
		if take(f) {
			return text.String()
		}
	}
	until(t, x, "reply", take)
	return text.String()
}

// answers replies to every line with as many octets, so that long lines get long replies.
func answers(_ callmodel.CallID, m callmodel.MessageReceived) string {
	n := len(m.Content.Text)
	return strings.Repeat("reply ", n/6+1)[:n]
}

// taker works the engine's console and counts what the log says of its replies.
func taker(t *testing.T, a daemon.Addresses) (delivered func() int) {
	t.Helper()
	var seen atomic.Int64
	auto := psaptest.NewAutoTaker(psaptest.AutoTakerConfig{
		Console: psaptest.Config{URL: "ws://" + a.Console + "/v1/ws", PSAP: "psap.example", Agent: "auto"},
		Reply:   answers,
		Seen: func(e *psaptest.Event) {
			var r callmodel.MessageReceipt
			if e.Kind() == "message.receipt" && e.Into(&r) == nil && r.State == callmodel.Delivered {
				seen.Add(1)
			}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- auto.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the taker ended with %v", err)
		}
	})
	return func() int { return int(seen.Load()) }
}

// Texters behind Kamailio (RFC 4976), over TCP and over TLS on both hops: whole conversations of
// three at once, whose sessions share the relay's connection to the engine; a message in three
// chunks; replies that come through the relay and are confirmed through it.
func TestKamailioRelaysToTheEngine(t *testing.T) {
	for _, c := range []struct {
		name   string
		secure bool
	}{{"tcp", false}, {"tls", true}} {
		t.Run(c.name, func(t *testing.T) {
			d, addr := engine(t, func(cfg *config.Config) {
				if c.secure {
					cfg.SIP.CertFile, cfg.SIP.KeyFile, _ = certificate(t, t.TempDir())
					cfg.MSRP.TLS = "127.0.0.1:0"
				}
			})
			receipts := taker(t, addr)
			k := startRelay(t, c.secure)
			texters := make([]*relayed, 3)
			paths, dialogs := make([]string, 3), make([]*sipua.Dialog, 3)
			for i := range texters {
				texters[i] = k.authorise(t, fmt.Sprintf("texter%d", i))
				dialogs[i], paths[i] = invite(t, addr, texters[i])
			}
			for n := range 4 {
				for i, x := range texters {
					id, message := fmt.Sprintf("text%d00%d", i, n), fmt.Sprintf("m%d00000%d", i, n)
					text := fmt.Sprintf("texter %d says %d", i, n)
					var kept []*msrptest.Frame
					x.send(t, id, paths[i], "Message-ID: "+message+"\r\nSuccess-Report: yes\r\nContent-Type: text/plain\r\n", text, '$')
					delivered(t, x, message, &kept)
					if got, want := reply(t, x, kept), len(text); len(got) != want {
						t.Fatalf("texter %d: reply %d has %d octets, want %d", i, n, len(got), want)
					}
				}
			}
			for i, x := range texters {
				chunked(t, x, paths[i])
			}
			if got := d.Stats().Leg.Accepted; got != 15 {
				t.Errorf("the engine has %d texts, want 15", got)
			}
			for deadline := time.Now().Add(10 * time.Second); receipts() < 15 && time.Now().Before(deadline); {
				time.Sleep(20 * time.Millisecond)
			}
			if got := receipts(); got != 15 {
				t.Errorf("the log has %d replies delivered, want 15", got)
			}
			for _, dialog := range dialogs {
				if err := dialog.Bye(withTimeout(t)); err != nil {
					t.Errorf("bye: %v", err)
				}
			}
		})
	}
}

// chunked sends a message in three chunks (RFC 4975 §5.1) and reads a reply as long.
func chunked(t *testing.T, x *relayed, path string) {
	t.Helper()
	message := "chunks" + path[len(path)-6:len(path)-4]
	part := strings.Repeat("0123456789", 250)
	for n, flag := range []byte("++$") {
		x.send(t, fmt.Sprintf("part100%d", n), path, fmt.Sprintf("Message-ID: %s\r\nSuccess-Report: yes\r\nByte-Range: %d-%d/7500\r\nContent-Type: text/plain\r\n",
			message, 2500*n+1, 2500*(n+1)), part, flag)
	}
	var kept []*msrptest.Frame
	delivered(t, x, message, &kept)
	if got := len(reply(t, x, kept)); got != 7500 {
		t.Fatalf("the long reply has %d octets, want 7500", got)
	}
}
