package console_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/console"
	"text911/psap/psaptest"
)

// A frame that breaks the protocol is answered with an error frame that says what is wrong, and a
// close code; the console beside it goes on.
func TestBadFrames(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	good, _ := w.started(t, "good")
	for _, c := range []struct {
		name  string
		kind  int
		frame string
		code  int
		word  callmodel.Code
	}{
		{"no JSON", 1, "hello", 4001, "bad_frame"},
		{"array", 1, "[]", 4001, "bad_frame"},
		{"no op", 1, "{}", 4001, "bad_frame"},
		{"unknown op", 1, `{"op":"sing"}`, 4001, "bad_frame"},
		{"wrong type", 1, `{"op":"start","psap":7}`, 4001, "bad_frame"},
		{"not UTF-8", 1, "{\"op\":\"ping\",\"x\":\"\xff\xfe\"}", 4001, "bad_frame"},
		{"binary", 2, `{"op":"ping"}`, 4001, "binary_frame"},
		{"ack before start", 1, `{"op":"ack","seq":1}`, 4001, "bad_frame"},
		{"ack without seq", 1, `{"op":"ack"}`, 4001, "bad_frame"},
		{"start without psap", 1, `{"op":"start","agent":"ann"}`, 4001, "bad_frame"},
		{"start without agent", 1, `{"op":"start","psap":"psap.example"}`, 4001, "bad_frame"},
		{"bad filter", 1, `{"op":"start","psap":"psap.example","agent":"ann","filter":{"kinds":["message"]}}`, 4001, "bad_frame"},
		{"other psap", 1, `{"op":"start","psap":"elsewhere","agent":"ann"}`, 4003, "unknown_psap"},
		{"resume without seq", 1, `{"op":"resume","psap":"psap.example","agent":"ann","epoch":"e"}`, 4007, "bad_cursor"},
		{"long name", 1, `{"op":"start","psap":"psap.example","agent":"` + strings.Repeat("a", 129) + `"}`, 4001, "bad_frame"},
		{"too large", 1, `{"op":"ping","x":"` + strings.Repeat("x", 70_000) + `"}`, 1009, "frame_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			con := dial(t, w.config("ann"), nil)
			if err := con.WriteRaw(c.kind, []byte(c.frame)); err != nil {
				t.Fatal(err)
			}
			cutWith(t, con, c.code, c.word)
		})
	}
	t.Run("beyond the hard limit", func(t *testing.T) {
		con := dial(t, w.config("ann"), nil)
		_ = con.WriteRaw(1, make([]byte, 2<<20))
		if how := cut(t, con); how.Code != 1009 && how.Code != 1006 {
			t.Errorf("closed with %d", how.Code)
		}
	})
	w.Line(t, call, "still here")
	next(t, good, callmodel.KindMessageReceived)
}

// After the start: what is wrong with a command is a reply, the connection stays (4002 is not used).
func TestBadCommands(t *testing.T) {
	w := newWorld(t, nil)
	call := w.Call(t)
	c := dial(t, w.config("ann"), nil)
	refused(t, c, callmodel.CodeUnexpected, api.CallGet, api.GetData{Call: call}) // before start
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	refused(t, c, api.CodeUnknownCommand, "call.sing", struct{}{})
	for _, data := range []string{`{"fence":"7"}`, `7`, `{}`, `{"call":"","fence":1,"text":"x"}`, `{"call":"c","fence":1}`, `{"call":"c","text":"x"}`} {
		refused(t, c, callmodel.CodeInvalid, api.MessageSend, json.RawMessage(data))
	}
	refused(t, c, callmodel.CodeTooLarge, api.MessageSend, api.SendData{Call: call, Fence: 1, Text: callmodel.Private(strings.Repeat("x", api.MaxText+1))})
	refused(t, c, callmodel.CodeUnknownCall, api.CallClaim, api.ClaimData{Call: "01JUNKNOWN"})
	refused(t, c, callmodel.CodeUnknownCall, api.CallClose, api.CloseData{Call: callmodel.PSAPLevel, Fence: 1})
	refused(t, c, callmodel.CodeNotClaimed, api.MessageSend, api.SendData{Call: call, Fence: 1, Text: "x"})
	refused(t, c, callmodel.CodeInvalid, api.AgentState, map[string]string{"state": "asleep"})
	refused(t, c, callmodel.CodeInvalid, api.CallList, map[string]any{"phase": "lost"})
	r, err := c.DoID(within(t), callmodel.CommandID(strings.Repeat("i", api.MaxCommandID+1)), api.CallGet, api.GetData{Call: call})
	if err != nil || r.OK || r.Error.Code != callmodel.CodeTooLarge {
		t.Errorf("long id: %+v, %v", r, err)
	}
	do[callmodel.View](t, c, api.CallGet, api.GetData{Call: call}) // still here
}

func TestBadAfterStart(t *testing.T) {
	w := newWorld(t, nil)
	c, _ := w.started(t, "ann")
	if err := c.WriteRaw(1, []byte(`{"op":"start","psap":"psap.example","agent":"ann"}`)); err != nil {
		t.Fatal(err)
	}
	cutWith(t, c, 4001, "bad_frame")
	c, _ = w.started(t, "ann")
	if err := c.WriteRaw(1, []byte(`{"op":"ack","seq":999999}`)); err != nil {
		t.Fatal(err)
	}
	cutWith(t, c, 4007, "bad_cursor")
}

// A newer connection of the same client takes the place of the older one; other clients stay.
func TestReplaced(t *testing.T) {
	w := newWorld(t, nil)
	cfg := w.config("ann")
	cfg.Client = "desk-7"
	old := dial(t, cfg, nil)
	if _, err := old.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	other, _ := w.started(t, "ann") // names no client
	newer := dial(t, cfg, nil)
	if _, err := newer.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	cutWith(t, old, console.CloseReplaced, "replaced")
	do[api.ListResult](t, other, api.CallList, api.ListData{})
	do[api.ListResult](t, newer, api.CallList, api.ListData{})
}

// Draining tells consoles how long they have, takes no new ones, and ends with 4011.
func TestDrain(t *testing.T) {
	w := newWorld(t, nil)
	c, _ := w.started(t, "ann")
	w.server.Drain("maintenance", 30*time.Second)
	f, err := c.Next(within(t))
	if err != nil || f.Op != "goaway" || f.Reason != "maintenance" || !strings.Contains(string(f.Raw), `"left_ms":30000`) {
		t.Fatalf("%s, %v", f.Raw, err)
	}
	if _, err := psaptest.Dial(within(t), w.config("bob"), nil); !isRefused(err, 503, "draining") {
		t.Errorf("a new console: %v", err)
	}
	do[api.ListResult](t, c, api.CallList, api.ListData{}) // goes on until then
	done := make(chan error, 1)
	go func() { done <- w.server.Close(within(t)) }() // ends below
	cutWith(t, c, console.CloseDraining, "draining")
	if err := <-done; err != nil {
		t.Errorf("close: %v", err)
	}
	if n := w.server.Stats().Connections; n != 0 {
		t.Errorf("%d connections left", n)
	}
}

func TestHello(t *testing.T) {
	w := newWorld(t, nil)
	c := dial(t, w.config("ann"), nil)
	for _, want := range []string{`"server":"node.example"`, `"version":"test"`, `"heartbeat_ms":10000`, `"heartbeat_cut_ms":25000`,
		`"unacked_events":1000`, `"frame_in_octets":65536`, `"psaps":["psap.example"]`, `"epoch":"` + w.PSAP.Epoch() + `"`, `"lease_ms":30000`} {
		if !strings.Contains(string(c.Hello.Raw), want) {
			t.Errorf("hello has no %s: %s", want, c.Hello.Raw)
		}
	}
	if err := c.WriteRaw(1, []byte(`{"op":"ping","t":12345}`)); err != nil {
		t.Fatal(err)
	}
	// The pong gives back t; the client of this test hides pongs, so ask for something after it.
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
}

// A snapshot stays within what a frame may have; call.list goes on where it ended.
func TestLargeSnapshot(t *testing.T) {
	w := newWorld(t, nil)
	const calls = 60
	for i := range calls {
		call := callmodel.CallID(fmt.Sprintf("01LARGE%02d", i))
		ev := callmodel.Event{
			ID: callmodel.EventID(fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ69G5F%02d", i)), Call: call, CallSeq: 1, Time: time.Now(),
			Data: callmodel.CallOffered{PSAP: "psap.example", Caller: callmodel.Party{Name: callmodel.Private(strings.Repeat("n", 20<<10))}},
		}
		if _, err := w.Log.Append(t.Context(), "psap.example", call, 0, []callmodel.Event{ev}); err != nil {
			t.Fatal(err)
		}
	}
	for w.PSAP.Seq() < calls {
		time.Sleep(time.Millisecond)
	}
	c, ready := w.started(t, "ann")
	if len(ready.Raw) > 1<<20 || ready.Snapshot.Next == "" {
		t.Fatalf("ready has %d octets, next %q", len(ready.Raw), ready.Snapshot.Next)
	}
	seen := len(ready.Snapshot.Calls)
	for cursor := ready.Snapshot.Next; cursor != ""; {
		page, r := do[api.ListResult](t, c, api.CallList, api.ListData{Cursor: cursor, Limit: 500})
		if len(r.Data) > 1<<20 {
			t.Errorf("a page has %d octets", len(r.Data))
		}
		seen += len(page.Calls)
		cursor = page.Next
	}
	if seen != calls {
		t.Errorf("%d calls of %d", seen, calls)
	}
}
