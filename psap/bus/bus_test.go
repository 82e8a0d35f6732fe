package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/engine/journal"
	"text911/psap/api"
	"text911/psap/bus"
	"text911/psap/floortest"
)

// breakable yields connections to the embedded server that a test can cut.
type breakable struct {
	js    *journal.JetStream
	mu    sync.Mutex
	conns []net.Conn
}

func (b *breakable) InProcessConn() (net.Conn, error) {
	c, err := b.js.InProcessConn()
	if err == nil {
		b.mu.Lock()
		b.conns = append(b.conns, c)
		b.mu.Unlock()
	}
	return c, err
}

func (b *breakable) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		_ = c.Close()
	}
	b.conns = nil
}

type world struct {
	*floortest.Floor
	bus    *bus.Bus
	server *breakable
	client *bus.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	floor, js := floortest.NewOnDisk(t, nil)
	w := &world{Floor: floor, server: &breakable{js: js}}
	user, password := js.Credentials()
	cfg := bus.Config{
		PSAPs: []bus.Seat{{PSAP: w.PSAP, Service: w.Service}}, Server: w.server, User: user, Password: password,
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	w.bus = bus.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.bus.Run(ctx) }() // ends with ctx
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	var err error
	w.client, err = bus.Dial(bus.ClientConfig{URL: "nats://" + js.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	w.ready(t)
	return w
}

// ready waits until somebody answers.
func (w *world) ready(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := w.client.Do(ctx, floortest.ID, "op", api.Command{ID: "ready", Type: api.CallList})
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func do[T any](t *testing.T, w *world, id, typ string, data any) (T, api.Reply) {
	t.Helper()
	var out T
	raw, _ := json.Marshal(data)
	r, err := w.client.Do(within(t), floortest.ID, "ann", api.Command{ID: callmodel.CommandID(id), Type: typ, Data: raw})
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	if !r.OK {
		t.Fatalf("%s: %s: %s", typ, r.Error.Code, r.Error.Detail)
	}
	if err := json.Unmarshal(r.Data, &out); err != nil {
		t.Fatal(err)
	}
	return out, r
}

// A conversation over the bus alone: commands are answered, and every event comes once and in
// order, ephemeral ones among them.
func TestConversation(t *testing.T) {
	w := newWorld(t)
	events := make(chan []byte, 256)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { // ends with ctx
		done <- w.client.Events(ctx, floortest.ID, func(raw []byte) error {
			events <- raw
			return nil
		})
	}()
	defer func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("events: %v", err)
		}
	}()
	follow(t, w, events)

	call := w.Call(t)
	claim, _ := do[api.ClaimResult](t, w, "1", api.CallClaim, api.ClaimData{Call: call})
	sent, r := do[api.SendResult](t, w, "2", api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, Text: "on our way"})
	again, r2 := do[api.SendResult](t, w, "2", api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, Text: "on our way"})
	if sent != again || r.Seq != r2.Seq || r.Seq == 0 {
		t.Errorf("the same command again: %+v seq %d, first %+v seq %d", again, r2.Seq, sent, r.Seq)
	}
	do[struct{}](t, w, "3", api.CallTyping, api.TypingData{Call: call, Fence: claim.Fence, On: true})
	do[struct{}](t, w, "4", api.CallClose, api.CloseData{Call: call, Fence: claim.Fence})

	schemas := floortest.NewSchemas(t)
	if err := schemas.Reply(api.MessageSend, r.Data); err != nil {
		t.Error(err)
	}
	if raw, _ := json.Marshal(r); schemas.Check("Reply", raw) != nil {
		t.Errorf("the reply is not as published: %v", schemas.Check("Reply", raw))
	}
	kinds := map[callmodel.Kind]int{}
	var last uint64
	for kinds[callmodel.KindCallClosed] == 0 || kinds[callmodel.KindTypingChanged] == 0 {
		select {
		case raw := <-events:
			psap, ev, err := eventjson.Decode(raw)
			if err != nil || psap != floortest.ID {
				t.Fatalf("%v of %s", err, psap)
			}
			k := ev.Data.Kind()
			kinds[k]++
			if err := schemas.Event(raw); err != nil {
				t.Error(err)
			}
			if k.Ephemeral() != (ev.Seq == 0) || k.Ephemeral() != strings.Contains(string(raw), `"class":"ephemeral"`) {
				t.Errorf("%s has seq %d", k, ev.Seq)
			}
			if ev.Seq != 0 && last != 0 && ev.Seq != last+1 {
				t.Errorf("seq %d follows %d", ev.Seq, last)
			}
			last = max(last, ev.Seq)
		case <-time.After(10 * time.Second):
			t.Fatalf("events so far: %v", kinds)
		}
	}
	if kinds[callmodel.KindMessageQueued] != 1 {
		t.Errorf("%d messages queued", kinds[callmodel.KindMessageQueued])
	}
}

// follow waits until the subscription is there: an ephemeral event comes through.
func follow(t *testing.T, w *world, events <-chan []byte) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		w.PSAP.Ephemeral(floortest.ID, callmodel.Event{ID: "probe", Call: callmodel.PSAPLevel, Time: time.Now(), Data: callmodel.QueueStats{}})
		select {
		case <-events:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("no event came through")
}

// What is no command is answered in words.
func TestBadCommands(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name, agent string
		cmd         api.Command
		code        callmodel.Code
	}{
		{"nobody", "", api.Command{ID: "1", Type: api.CallList}, api.CodeNotAllowed},
		{"no id", "ann", api.Command{Type: api.CallList}, callmodel.CodeInvalid},
		{"unknown", "ann", api.Command{ID: "1", Type: "call.sing"}, api.CodeUnknownCommand},
		{"no call", "ann", api.Command{ID: "1", Type: api.CallClaim}, callmodel.CodeInvalid},
		{"too large", "ann", api.Command{ID: "1", Type: api.CallNote, Data: json.RawMessage(`"` + strings.Repeat("x", 70_000) + `"`)}, callmodel.CodeTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := w.client.Do(within(t), floortest.ID, callmodel.AgentID(c.agent), c.cmd)
			if err != nil || r.OK || r.Error.Code != c.code {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	if _, err := w.client.Do(within(t), "nobody.example", "ann", api.Command{ID: "1", Type: api.CallList}); !errors.Is(err, bus.ErrNoEngine) {
		t.Errorf("another PSAP: %v", err)
	}
}

// The bus comes back by itself after its connection broke, and answers again.
func TestSurvivesBrokenConnection(t *testing.T) {
	w := newWorld(t)
	call := w.Call(t)
	for i := range 3 {
		w.server.cut()
		w.ready(t)
		do[struct{}](t, w, fmt.Sprint("note", i), api.CallNote, api.NoteData{Call: call, Text: "x"})
	}
	if n := w.bus.Stats().Reconnects; n < 1 {
		t.Errorf("%d reconnects", n)
	}
}

// A client whose connection breaks while events flow has every durable event once and in order all
// the same: it reads from the log what the bus could not bring.
func TestEventsHaveNoHoles(t *testing.T) {
	w := newWorld(t)
	call := w.Call(t)
	user, password := w.server.js.Credentials()
	mine := &breakable{js: w.server.js}
	client, err := bus.Dial(bus.ClientConfig{Server: mine, User: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const lines = 300
	seqs := make(chan uint64, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		err := client.Events(ctx, floortest.ID, func(raw []byte) error {
			if _, ev, err := eventjson.Decode(raw); err == nil && ev.Seq != 0 {
				seqs <- ev.Seq
			}
			return nil
		})
		if ctx.Err() == nil {
			t.Errorf("following ended: %v", err)
		}
	})
	defer func() { cancel(); wg.Wait() }()
	var last uint64
	for i := range lines {
		w.Line(t, call, fmt.Sprint(i))
		if i == 0 { // the subscription is there once a line comes through
			select {
			case last = <-seqs:
			case <-time.After(50 * time.Millisecond):
			}
		}
		if i%60 == 59 {
			mine.cut()
		}
	}
	newest := w.PSAP.Seq()
	for end := time.After(15 * time.Second); last < newest; {
		select {
		case seq := <-seqs:
			if last != 0 && seq != last+1 {
				t.Fatalf("seq %d follows %d", seq, last)
			}
			last = seq
		case <-time.After(100 * time.Millisecond):
			w.Line(t, call, "another, in case the last ones fell into a break")
		case <-end:
			t.Fatalf("came to %d of %d", last, newest)
		}
	}
}

// Many commands at once are each done once.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	call := w.Call(t)
	const n = 100
	var wg sync.WaitGroup
	for i := range n {
		raw, _ := json.Marshal(api.NoteData{Call: call, Text: callmodel.Private(fmt.Sprint(i))})
		cmd := api.Command{ID: callmodel.CommandID(fmt.Sprint("n", i)), Type: api.CallNote, Data: raw}
		for range 2 { // each is sent twice
			wg.Go(func() {
				if r, err := w.client.Do(within(t), floortest.ID, "ann", cmd); err != nil || !r.OK {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
	wg.Wait()
	page, err := w.Log.ReadCall(t.Context(), floortest.ID, call, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	notes := 0
	for _, l := range page {
		if _, ok := l.Event.Data.(callmodel.NoteAdded); ok {
			notes++
		}
	}
	if notes != n {
		t.Errorf("%d notes of %d", notes, n)
	}
}
