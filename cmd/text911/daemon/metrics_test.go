package daemon

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"text911/esrp/esrptest"
)

// After a conversation the metrics pass the linter, each has a help text of its own, and nothing in
// them names a person, a number, a call or a text.
func TestMetrics(t *testing.T) {
	d, _ := running(t, laboratory(t))
	target := "sip:" + d.net.ua.Bound()[1].Addr.String() + ";transport=tcp"
	x := texters(t, esrptest.Config{Target: target}).Texter(esrptest.Caller{Number: "+12025550187"}, esrptest.Mode{})
	if err := x.Invite(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := x.Send(within(t), "behind the curtain"); err != nil {
		t.Fatal(err)
	}
	families, err := d.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	helps := map[string]string{}
	for _, f := range families {
		if first, twice := helps[f.GetHelp()]; twice && strings.HasPrefix(f.GetName(), "text911_") {
			t.Errorf("%s and %s have the same help", f.GetName(), first)
		}
		helps[f.GetHelp()] = f.GetName()
	}
	resp, err := http.Get("http://" + d.Addresses().Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "text911_sip_requests_total{") {
		t.Errorf("status %d, %d octets, %v", resp.StatusCode, len(body), err)
	}
	for _, secret := range []string{"5550187", "curtain", x.Account().CallID, string(x.EmergencyCallID())} {
		if strings.Contains(string(body), secret) {
			t.Error("the metrics hold what is private")
		}
	}
}
