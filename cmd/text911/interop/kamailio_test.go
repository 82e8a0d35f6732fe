//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"text911/cmd/text911/daemon"
	"text911/engine/msrp/msrptest"
	"text911/engine/sipua"
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

// until reads frames until one of the kind comes: a method, or "200".
func until(t *testing.T, x *relayed, kind string, ok func(*msrptest.Frame) bool) *msrptest.Frame {
	t.Helper()
	for range 50 {
		f, err := x.Next()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if (f.Method == kind || fmt.Sprint(f.Code) == kind) && (ok == nil || ok(f)) {
			return f
		}
	}
	t.Fatalf("no %s came", kind)
	return nil
}

// A texter behind Kamailio (RFC 4976): texts and a message in three chunks go through the relay to
// the engine, which confirms each with a success REPORT along the whole path.
func TestKamailioRelaysToTheEngine(t *testing.T) {
	for name, secure := range map[string]bool{"tcp": false} {
		t.Run(name, func(t *testing.T) {
			d, addr := engine(t, nil)
			x := startRelay(t).authorise(t, "texter", secure)
			dialog, path := invite(t, addr, x)
			send := func(id, message, headers, body string, flag byte) {
				t.Helper()
				if err := x.Write(x.frame(id, path, "Message-ID: "+message+"\r\n"+headers+"Content-Type: text/plain\r\n", body, flag)); err != nil {
					t.Fatal(err)
				}
			}
			send("text0001", "m0000001", "Success-Report: yes\r\n", "help, someone is at the door", '$')
			until(t, x, "REPORT", func(f *msrptest.Frame) bool {
				return f.Header("Message-ID") == "m0000001" && strings.HasPrefix(f.Header("Status"), "000 200")
			})
			part := strings.Repeat("0123456789", 300)
			for i, flag := range []byte("++$") {
				send(fmt.Sprintf("text100%d", i), "m0000002", fmt.Sprintf("Success-Report: yes\r\nByte-Range: %d-%d/9000\r\n", 3000*i+1, 3000*(i+1)), part, flag)
			}
			until(t, x, "REPORT", func(f *msrptest.Frame) bool {
				return f.Header("Message-ID") == "m0000002" && strings.HasPrefix(f.Header("Status"), "000 200")
			})
			if err := dialog.Bye(withTimeout(t)); err != nil {
				t.Errorf("bye: %v", err)
			}
			if got := d.Stats().Leg.Accepted; got != 2 {
				t.Errorf("the engine has %d texts, want 2", got)
			}
		})
	}
}
