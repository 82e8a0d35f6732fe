package daemon

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"text911/callmodel"
	"text911/esrp/esrptest"
	"text911/psap/psaptest"
)

const token = "correct-horse-battery-staple"

// Everything over TLS: a trunk known by nothing but its certificate, SIP and MSRP in TLS only, and
// consoles over wss that log in with a token or a ticket made from one.
func TestTLSEverywhere(t *testing.T) {
	cfg, lab := laboratory(t), esrptest.TLS("127.0.0.1", "esrp.example.net")
	cert, key := files(t, lab)
	cfg.SIP.UDP, cfg.SIP.TCP, cfg.SIP.TLS = nil, nil, []string{"127.0.0.1:0"}
	cfg.SIP.CertFile, cfg.SIP.KeyFile, cfg.SIP.CAFile = cert, key, cert
	cfg.MSRP.TCP, cfg.MSRP.TLS = "", "127.0.0.1:0"
	cfg.HTTP.CertFile, cfg.HTTP.KeyFile = cert, key
	cfg.Auth.Mode, cfg.Auth.TokensFile = "token", filepath.Join(t.TempDir(), "tokens")
	cfg.Trunks[0].Addresses, cfg.Trunks[0].Certificates, cfg.Trunks[0].RequireTLS = nil, []string{"esrp.example.net"}, true
	if err := os.WriteFile(cfg.Auth.TokensFile, []byte("# agents\nmaria "+token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ := running(t, cfg)
	target := "sip:" + d.net.ua.Bound()[0].Addr.String() + ";transport=tls"

	x := texters(t, esrptest.Config{Target: target, SIPTLS: lab, MSRPTLS: lab}).Texter(esrptest.Caller{}, esrptest.Mode{})
	if err := x.Invite(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := x.Send(within(t), "help"); err != nil {
		t.Fatal(err)
	}
	c := secureConsole(t, d, lab, "", token)
	answer(t, c, x)

	if _, err := psaptest.Dial(within(t), secure(d, lab, "", "not-the-token"), nil); err == nil {
		t.Error("a wrong token was accepted")
	}
	ticket := ticketFor(t, d, lab)
	secureConsole(t, d, lab, "?ticket="+ticket, "").Close()
	if _, err := psaptest.Dial(within(t), secure(d, lab, "?ticket="+ticket, ""), nil); err == nil {
		t.Error("a ticket was accepted twice")
	}

	stranger := &tls.Config{RootCAs: lab.RootCAs, MinVersion: tls.VersionTLS12}
	y := texters(t, esrptest.Config{Target: target, SIPTLS: stranger}).Texter(esrptest.Caller{}, esrptest.Mode{})
	if err := y.Invite(within(t)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("without a certificate: %v", err)
	}
}

func secure(d *Daemon, lab *tls.Config, query, token string) psaptest.Config {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: lab.RootCAs, NextProtos: []string{"http/1.1"}}}
		return dialer.DialContext(ctx, network, addr)
	}
	return psaptest.Config{URL: "ws://" + d.Addresses().Console + "/v1/ws" + query, PSAP: "psap.example", Agent: "maria", Token: token, Dial: dial, CanRing: true}
}

func secureConsole(t *testing.T, d *Daemon, lab *tls.Config, query, token string) *psaptest.Console {
	t.Helper()
	c, err := psaptest.Dial(within(t), secure(d, lab, query, token), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	return c
}

func ticketFor(t *testing.T, d *Daemon, lab *tls.Config) string {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, "https://"+d.Addresses().Console+"/v1/tickets", bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: lab.RootCAs}}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Ticket string }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.Ticket == "" {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return got.Ticket
}

// answer claims the only call and sends a reply, which must arrive at the texter.
func answer(t *testing.T, c *psaptest.Console, x *esrptest.Texter) {
	t.Helper()
	var list struct{ Calls []callmodel.View }
	reply, err := c.Do(within(t), "call.list", map[string]any{})
	if err != nil || json.Unmarshal(reply.Data, &list) != nil || len(list.Calls) != 1 {
		t.Fatalf("%d calls, %v", len(list.Calls), err)
	}
	call := list.Calls[0].Call
	var claim struct{ Fence callmodel.Fence }
	reply, err = c.Do(within(t), "call.claim", map[string]any{"call": call})
	if err != nil || !reply.OK || json.Unmarshal(reply.Data, &claim) != nil {
		t.Fatalf("claim: %v", err)
	}
	reply, err = c.Do(within(t), "message.send", map[string]any{"call": call, "fence": claim.Fence, "text": "where are you?"})
	if err != nil || !reply.OK {
		t.Fatalf("send: %v", err)
	}
	if _, err := x.Replies(within(t), 1); err != nil {
		t.Fatal(err)
	}
}
