package config

import (
	"strings"
	"testing"
	"time"
)

// A bare number has no unit: taken as nanoseconds, "drain_timeout: 60" would cut every conversation
// at once. Zero needs none.
func TestTimesNeedAUnit(t *testing.T) {
	for _, file := range []string{minimal + "node: {drain_timeout: 60}\n", "psaps: [{id: a.example, idle_warning: 600}]\n", minimal + "node: {drain_timeout: soon}\n"} {
		if _, err := Load(Source{File: write(t, file)}); err == nil || !strings.Contains(err.Error(), "unit") || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%q: %v", file, err)
		}
	}
	if _, err := Load(Source{File: write(t, minimal), Set: map[string]string{"node.drain_timeout": "60"}}); err == nil {
		t.Error("a flag without a unit was accepted")
	}
	c, err := Load(Source{File: write(t, minimal+"node: {drain_timeout: 90s}\nnats: {max_age: 0}\n")})
	if err != nil || c.Node.DrainTimeout != 90*time.Second || c.NATS.MaxAge != 0 {
		t.Errorf("%v, %v", c.Node.DrainTimeout, err)
	}
}

// A password in nats.url would be printed by check and stand in faults: it is refused, and the
// fault does not repeat it.
func TestNoPasswordInAnAddress(t *testing.T) {
	_, err := Load(Source{File: write(t, minimal+"nats: {url: \"nats://engine:hunter2@a.example:4222\"}\n")})
	if err == nil || !strings.Contains(err.Error(), "nats.password_file") || strings.Contains(err.Error(), "hunter2") {
		t.Error("accepted, or repeated in the fault")
	}
}

// The variables of the operator's commands may stand in the daemon's environment too.
func TestClientVariablesAreNoKeys(t *testing.T) {
	environ := []string{"TEXT911_CLIENT_NATS=nats://127.0.0.1:4333", "TEXT911_LOGGING_LEVEL=warn"}
	c, err := Load(Source{File: write(t, minimal), Environ: environ})
	if err != nil || c.Logging.Level != "warn" {
		t.Errorf("%q, %v", c.Logging.Level, err)
	}
	if _, err := Load(Source{File: write(t, minimal), Environ: []string{"TEXT911_NODE_DATADIR=x"}}); err == nil {
		t.Error("an unknown variable was accepted")
	}
}
