package console_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
	"text911/psap/console"
	"text911/psap/floortest"
	"text911/psap/psaptest"
)

// world is a floor with a console server on a real socket.
type world struct {
	*floortest.Floor
	server *console.Server
	http   *httptest.Server
}

func newWorld(t testing.TB, change func(*console.Config)) *world {
	return newWorldWith(t, change, nil)
}

func newWorldWith(t testing.TB, change func(*console.Config), floor func(*psap.Config)) *world {
	t.Helper()
	w := &world{Floor: floortest.New(t, floor)}
	w.serve(t, change)
	return w
}

// serve opens the console server; it is closed with the test.
func (w *world) serve(t testing.TB, change func(*console.Config)) {
	t.Helper()
	cfg := console.Config{PSAPs: []console.Seat{{PSAP: w.PSAP, Service: w.Service}}, Node: "node.example", Version: "test"}
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	w.server = console.New(cfg)
	w.http = httptest.NewServer(w.server)
	server, hs := w.server, w.http
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		hs.Close()
	})
}

func (w *world) config(agent callmodel.AgentID) psaptest.Config {
	return psaptest.Config{
		URL: "ws" + strings.TrimPrefix(w.http.URL, "http") + "/v1/ws", PSAP: floortest.ID, Agent: agent, CanRing: true,
	}
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// dial connects a console and closes it with the test.
func dial(t testing.TB, cfg psaptest.Config, cursor *psaptest.Cursor) *psaptest.Console {
	t.Helper()
	c, err := psaptest.Dial(within(t), cfg, cursor)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// started is a console that has its snapshot.
func (w *world) started(t testing.TB, agent callmodel.AgentID) (*psaptest.Console, psaptest.Frame) {
	t.Helper()
	c := dial(t, w.config(agent), nil)
	f, err := c.Start(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if f.Op != "ready" {
		t.Fatalf("start is answered with %s", f.Op)
	}
	return c, f
}

// do sends a command that must succeed, and decodes its answer.
func do[T any](t testing.TB, c *psaptest.Console, typ string, data any) (T, api.Reply) {
	t.Helper()
	var out T
	r, err := c.Do(within(t), typ, data)
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	if !r.OK {
		t.Fatalf("%s: %s: %s", typ, r.Error.Code, r.Error.Detail)
	}
	if err := json.Unmarshal(r.Data, &out); err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	return out, r
}

// refused sends a command that must be refused with code.
func refused(t testing.TB, c *psaptest.Console, code callmodel.Code, typ string, data any) {
	t.Helper()
	r, err := c.Do(within(t), typ, data)
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	if r.OK || r.Error.Code != code {
		t.Errorf("%s: got %+v, want %s", typ, r, code)
	}
}

// next returns the next event of a kind.
func next(t testing.TB, c *psaptest.Console, k callmodel.Kind) *psaptest.Event {
	t.Helper()
	for {
		f, err := c.Next(within(t))
		if err != nil {
			t.Fatalf("waiting for %s: %v", k, err)
		}
		if f.Op == "event" && f.Event.Kind() == k {
			return f.Event
		}
	}
}

// cut reads until the connection is closed and returns how.
func cut(t testing.TB, c *psaptest.Console) psaptest.Cut {
	t.Helper()
	for {
		if _, err := c.Next(within(t)); err != nil {
			how, ok := psaptest.CutOf(err)
			if !ok {
				t.Fatal(err)
			}
			return how
		}
	}
}

func cutWith(t testing.TB, c *psaptest.Console, code int, word callmodel.Code) {
	t.Helper()
	how := cut(t, c)
	if how.Code != code || how.Error == nil || how.Error.Code != word || how.Error.Close != code {
		t.Errorf("closed with %d, error frame %+v; want %d %s", how.Code, how.Error, code, word)
	}
}

// await reads until the reply to id comes.
func await(t testing.TB, c *psaptest.Console, id callmodel.CommandID) api.Reply {
	t.Helper()
	for {
		f, err := c.Next(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if f.Op == "reply" && f.ID == id {
			return f.Reply()
		}
	}
}
