//go:build interop

package interop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sipp plays a scenario and fails the test unless every call of it succeeded.
func sipp(t *testing.T, target, scenario, from, transport string, rate, calls int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	errors := filepath.Join(t.TempDir(), "errors")
	cmd := exec.CommandContext(ctx, "sipp", target, "-sf", filepath.Join("sipp", scenario+".xml"),
		"-i", from, "-mi", from, "-t", transport, "-r", strconv.Itoa(rate), "-m", strconv.Itoa(calls),
		"-nostdin", "-timeout", "100", "-trace_err", "-error_file", errors)
	screen, err := cmd.CombinedOutput()
	if err != nil {
		raw, _ := os.ReadFile(errors)
		t.Errorf("%s over %s: %v\n%s\n%s", scenario, transport, err, tail(string(raw)), tail(string(screen)))
	}
}

func tail(s string) string {
	if len(s) > 2000 {
		s = s[:2000]
	}
	return s
}

// SIPp's own opinion on whole calls: set-up (RFC 3261 §13), offer in the 200 (§13.2.1), 2xx
// repeated until a late ACK (§13.3.1.4), the same INVITE again (§17.2.1), CANCEL that comes too
// late (§9.1), OPTIONS, re-INVITE and UPDATE inside the call (§14, RFC 3311), and refusals of what
// is malformed or unknown followed by a good call.
func TestSIPpCalls(t *testing.T) {
	d, addr := engine(t, nil)
	for _, c := range []struct {
		scenario    string
		rate, calls int
	}{
		{"setup", 100, 500}, {"offerless", 50, 100}, {"repeat", 20, 40}, {"cancel_late", 50, 100},
		{"renegotiate", 50, 100}, {"malformed", 20, 40},
	} {
		for name, transport := range map[string]string{"udp": "u1", "tcp": "t1"} {
			if c.scenario == "repeat" && name == "tcp" {
				continue // SIPp takes a repeated 200 for a fault over TCP, where RFC 3261 §13.3.1.4 asks for it too
			}
			t.Run(c.scenario+"/"+name, func(t *testing.T) {
				sipp(t, sip(t, addr, name), c.scenario, "127.0.0.1", transport, c.rate, c.calls)
			})
		}
	}
	// The same INVITE again makes no second call: 500+100+100+100+40 over each transport, and 40.
	if got, want := d.Stats().Leg.Offered, uint64(2*840+40); got != want {
		t.Errorf("%d calls came of it, want %d", got, want)
	}
}

// CANCEL while the call rings (RFC 3261 §9.2): 200 to the CANCEL, 487 to the INVITE, and a call
// that is closed as abandoned.
func TestSIPpCancelWhileRinging(t *testing.T) {
	_, addr := engine(t, nil)
	for name, transport := range map[string]string{"udp": "u1", "tcp": "t1"} {
		t.Run(name, func(t *testing.T) {
			sipp(t, sip(t, addr, name), "cancel", "127.0.0.2", transport, 50, 200)
		})
	}
}

// A peer that no trunk names gets no answer over UDP and 403 over TCP, and no call comes of it.
func TestSIPpStranger(t *testing.T) {
	d, addr := engine(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "sipp", sip(t, addr, "tcp"), "-sf", "sipp/stranger.xml", "-i", "127.0.0.3",
		"-mi", "127.0.0.3", "-t", "t1", "-m", "1", "-nostdin", "-timeout", "20").CombinedOutput()
	if err != nil {
		t.Errorf("stranger: %v\n%s", err, tail(string(out)))
	}
	if n := d.Stats().Leg.Offered; n != 0 {
		t.Errorf("%d calls of strangers were taken", n)
	}
	if strings.Contains(string(out), "Segmentation") {
		t.Error("sipp crashed")
	}
}
