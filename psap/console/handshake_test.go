package console_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/console"
	"text911/psap/floortest"
	"text911/psap/psaptest"
)

func isRefused(err error, status int, code callmodel.Code) bool {
	var r *psaptest.Refused
	return errors.As(err, &r) && r.Status == status && r.Problem.Code == code
}

// What is wrong with a handshake is answered in HTTP, in words.
func TestHandshakeRefusals(t *testing.T) {
	w := newWorld(t, func(c *console.Config) { c.Origins = []string{"https://desk.example"} })
	upgrade := http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"text911.v1"},
	}
	with := func(k, v string) http.Header {
		h := upgrade.Clone()
		h.Del(k)
		if v != "" {
			h.Set(k, v)
		}
		return h
	}
	for _, c := range []struct {
		name, method string
		header       http.Header
		status       int
		code         string
	}{
		{"POST", "POST", upgrade, 405, "method_not_allowed"},
		{"plain GET", "GET", http.Header{}, 426, "upgrade_required"},
		{"no subprotocol", "GET", with("Sec-Websocket-Protocol", ""), 400, "subprotocol_required"},
		{"other subprotocol", "GET", with("Sec-Websocket-Protocol", "text911.v9"), 400, "subprotocol_required"},
		{"foreign page", "GET", with("Origin", "https://evil.example"), 403, "origin_not_allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := http.NewRequestWithContext(within(t), c.method, w.http.URL+"/v1/ws", nil)
			r.Header = c.header
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var p api.Problem
			_ = json.NewDecoder(resp.Body).Decode(&p)
			if resp.StatusCode != c.status || string(p.Code) != c.code || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d %+v", resp.StatusCode, p)
			}
		})
	}
	for _, origin := range []string{"https://desk.example", w.http.URL, ""} {
		cfg := w.config("ann")
		cfg.Origin = origin
		if _, err := dial(t, cfg, nil).Start(within(t)); err != nil {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
}

func TestMaxConnections(t *testing.T) {
	w := newWorld(t, func(c *console.Config) { c.MaxConnections = 1 })
	w.started(t, "ann")
	if _, err := psaptest.Dial(within(t), w.config("bob"), nil); !isRefused(err, 503, api.CodeBusy) {
		t.Errorf("the second console: %v", err)
	}
}

// Tokens are for programs, tickets for pages; a ticket is good once and not for long.
func TestLogin(t *testing.T) {
	now := time.Now()
	login := console.NewLogin(map[string]console.Identity{
		"ann's":    {Agent: "ann"},
		"reader's": {Agent: "rob", Roles: []api.Role{api.RoleReader}},
		"other's":  {Agent: "olga", PSAPs: []callmodel.PSAPID{"other.example"}},
	}, func() time.Time { return now }, nil)
	w := newWorld(t, func(c *console.Config) { c.Auth = login })
	call := w.Call(t)
	desk := httptest.NewServer(login)
	t.Cleanup(desk.Close)

	if _, err := psaptest.Dial(within(t), w.config("ann"), nil); !isRefused(err, 401, api.CodeLoginFailed) {
		t.Errorf("no login: %v", err)
	}
	as := func(agent callmodel.AgentID, token string) psaptest.Config {
		cfg := w.config(agent)
		cfg.Token = token
		return cfg
	}
	if _, err := psaptest.Dial(within(t), as("ann", "wrong"), nil); !isRefused(err, 401, api.CodeLoginFailed) {
		t.Errorf("wrong token: %v", err)
	}
	if _, err := dial(t, as("ann", "ann's"), nil).Start(within(t)); err != nil {
		t.Errorf("token: %v", err)
	}
	c := dial(t, as("bob", "ann's"), nil)
	if _, err := c.Start(within(t)); err == nil {
		t.Error("ann's token let bob in")
	} else if how, _ := psaptest.CutOf(err); how.Code != console.CloseNotAllowed {
		t.Errorf("ann's token, bob's name: %v", err)
	}
	c = dial(t, as("olga", "other's"), nil)
	if _, err := c.Start(within(t)); err == nil {
		t.Error("a login for another PSAP was let in")
	}
	c = dial(t, as("rob", "reader's"), nil)
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	do[callmodel.View](t, c, api.CallGet, api.GetData{Call: call})
	refused(t, c, api.CodeNotAllowed, api.CallClaim, api.ClaimData{Call: call})

	ticket := func(token, body string) (string, int) {
		r, _ := http.NewRequestWithContext(within(t), http.MethodPost, desk.URL, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var got struct {
			Ticket string `json:"ticket"`
		}
		_ = json.NewDecoder(resp.Body).Decode(&got)
		return got.Ticket, resp.StatusCode
	}
	enter := func(name string) error {
		cfg := w.config("ann")
		cfg.URL += "?ticket=" + name
		c, err := psaptest.Dial(within(t), cfg, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Start(within(t))
		return err
	}
	name, status := ticket("ann's", `{"agent":"ann","psap":"`+string(floortest.ID)+`"}`)
	if status != 201 || enter(name) != nil {
		t.Errorf("ticket: %d", status)
	}
	if err := enter(name); !isRefused(err, 401, api.CodeLoginFailed) {
		t.Errorf("the ticket again: %v", err)
	}
	name, _ = ticket("ann's", "")
	now = now.Add(31 * time.Second)
	if err := enter(name); !isRefused(err, 401, api.CodeLoginFailed) {
		t.Errorf("an old ticket: %v", err)
	}
	if _, status := ticket("ann's", `{"agent":"bob"}`); status != 403 {
		t.Errorf("a ticket for another agent: %d", status)
	}
	if _, status := ticket("wrong", ""); status != 401 {
		t.Errorf("a ticket for a wrong token: %d", status)
	}
}
