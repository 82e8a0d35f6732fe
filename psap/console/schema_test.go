package console_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/console"
	"text911/psap/floortest"
	"text911/psap/psaptest"
)

// Every frame that really goes over the socket is as the published document says: every op, every
// command and its reply, every kind of event, sparse and with every member set.
func TestFramesMatchAsyncAPI(t *testing.T) {
	w := newWorld(t, func(c *console.Config) { c.Heartbeat = 20 * time.Millisecond })
	schemas := floortest.NewSchemas(t)
	rec := newRecorder(schemas)
	cfg := w.config("ann")
	cfg.Record, cfg.Client, cfg.Position = rec.take, "desk-7", "7"
	cfg.AckEach = 5
	cfg.Filter = map[string]any{"kinds": []string{}}
	c := dial(t, cfg, nil)
	if _, err := c.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	converse(t, w, c)
	everyKind(t, w)
	next(t, c, callmodel.KindQueueStats)
	refused(t, c, api.CodeUnknownCommand, "call.sing", struct{}{})
	if err := c.Write(map[string]any{"op": "ping", "t": 7}); err != nil {
		t.Fatal(err)
	}
	for !rec.beaten() {
		do[api.ListResult](t, c, api.CallList, api.ListData{})
	}
	cursor := c.Cursor
	c.Break()

	again := dial(t, cfg, cursor)
	if _, err := again.Resume(within(t)); err != nil {
		t.Fatal(err)
	}
	lost := dial(t, cfg, &psaptest.Cursor{Epoch: "another", Seq: 1}) // replaces the one before
	if _, err := lost.Resume(within(t)); err != nil {
		t.Fatal(err)
	}
	cut(t, again)
	late := w.config("bob")
	late.Record = rec.take
	bob := dial(t, late, nil)
	if f, err := bob.Start(within(t)); err != nil || len(f.Snapshot.Calls) < 2 || len(f.Snapshot.Agents) == 0 {
		t.Fatalf("%s, %v", f.Op, err)
	}
	w.server.Drain("maintenance", time.Minute)
	for f, err := bob.Next(within(t)); f.Op != "goaway"; f, err = bob.Next(within(t)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	rec.report(t)
	for _, prefix := range []string{"event.", "command.", "reply.", "frame."} {
		for _, name := range schemas.Unused(prefix) {
			if name != "command.call.sing" {
				t.Errorf("no %s was seen", name)
			}
		}
	}
}

// converse sends every command with success.
func converse(t *testing.T, w *world, c *psaptest.Console) {
	t.Helper()
	call := w.Call(t)
	can := true
	do[struct{}](t, c, api.AgentState, api.AgentStateData{State: callmodel.AgentPaused, Position: "8", CanRing: &can})
	claim, _ := do[api.ClaimResult](t, c, api.CallClaim, api.ClaimData{Call: call, Position: "8"})
	do[struct{}](t, c, api.CallRelease, api.FencedData{Call: call, Fence: claim.Fence})
	claim, _ = do[api.ClaimResult](t, c, api.CallClaim, api.ClaimData{Call: call})
	do[api.SendResult](t, c, api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, Text: "text"})
	do[api.SendResult](t, c, api.MessageSend, api.SendData{Call: call, Fence: claim.Fence, ContentType: "image/png", Body: []byte{1, 2}})
	w.Line(t, call, "help")
	var line callmodel.MessageReceived
	if err := next(t, c, callmodel.KindMessageReceived).Into(&line); err != nil {
		t.Fatal(err)
	}
	do[struct{}](t, c, api.MessageShown, api.ShownData{Call: call, Message: line.Message})
	do[struct{}](t, c, api.CallTyping, api.TypingData{Call: call, Fence: claim.Fence, On: true})
	do[struct{}](t, c, api.CallNote, api.NoteData{Call: call, Text: "note"})
	do[struct{}](t, c, api.CallExtend, api.FencedData{Call: call, Fence: claim.Fence})
	do[callmodel.View](t, c, api.CallGet, api.GetData{Call: call})
	do[struct{}](t, c, api.CallClose, api.CloseData{Call: call, Fence: claim.Fence, Reason: "done"})
	do[api.ListResult](t, c, api.CallList, api.ListData{Limit: 1})
	do[api.TranscriptResult](t, c, api.CallTranscript, api.TranscriptData{Call: call, Limit: 500})
	do[api.ReadResult](t, c, api.EventsRead, api.ReadData{After: 1, Limit: 500})
}

// everyKind puts an event of every kind, with every member set, into the stream.
func everyKind(t *testing.T, w *world) {
	t.Helper()
	for i, d := range []callmodel.EventData{
		callmodel.CallOffered{}, callmodel.CallQueued{}, callmodel.CallClaimed{}, callmodel.CallReleased{}, callmodel.CallAnswered{},
		callmodel.CallIdleWarning{}, callmodel.CallExtended{}, callmodel.CallClosed{}, callmodel.ParticipantJoined{}, callmodel.ParticipantLeft{},
		callmodel.MessageReceived{}, callmodel.MessageQueued{}, callmodel.MessageReceipt{}, callmodel.MessageQuarantined{},
		callmodel.LocationUpdated{}, callmodel.LocationFailed{}, callmodel.NoteAdded{}, callmodel.LegOpeningEvent{},
		callmodel.LegEstablishedEvent{}, callmodel.LegBrokenEvent{}, callmodel.LegClosedEvent{}, callmodel.AgentChanged{},
		callmodel.AlertRaised{}, callmodel.AlertCleared{}, callmodel.TypingChanged{}, callmodel.AgentPresence{}, callmodel.QueueStats{},
	} {
		v := reflect.New(reflect.TypeOf(d)).Elem()
		fill(v)
		ev := callmodel.Event{
			ID: callmodel.EventID(fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ69G5F%02d", i)), Call: "synthetic", Time: time.Now(),
			Data: v.Interface().(callmodel.EventData),
		}
		if ev.Data.Kind().Ephemeral() {
			w.PSAP.Ephemeral(floortest.ID, ev)
			continue
		}
		ev.CallSeq, ev.Command = uint64(i+1), &callmodel.CommandRef{ID: "c", Digest: "d", Agent: "ann"}
		if _, err := w.Log.Append(t.Context(), floortest.ID, ev.Call, ^uint64(0), []callmodel.Event{ev}); err != nil {
			t.Fatal(err)
		}
	}
	// An alert that cannot be stored is shown all the same.
	w.PSAP.Ephemeral(floortest.ID, callmodel.Event{ID: "journal", Call: callmodel.PSAPLevel, Time: time.Now(),
		Data: callmodel.AlertRaised{Alert: "journal", Severity: "alarm", Sentence: "Texts cannot be stored."}})
	// Last, so that everything before it has come when it has.
	w.PSAP.Ephemeral(floortest.ID, callmodel.Event{ID: "last", Call: callmodel.PSAPLevel, Time: time.Now(), Data: callmodel.QueueStats{Queue: "text"}})
}

var valid = map[reflect.Type]string{
	reflect.TypeFor[callmodel.Mode]():          "1pcc",
	reflect.TypeFor[callmodel.Bearer]():        "msrp",
	reflect.TypeFor[callmodel.Role]():          "caller",
	reflect.TypeFor[callmodel.CauseClass]():    "normal",
	reflect.TypeFor[callmodel.AgentState]():    "ready",
	reflect.TypeFor[callmodel.DeliveryState](): "accepted",
	reflect.TypeFor[callmodel.By]():            "texter",
}

// fill sets every member to something valid that is not zero.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Now()))
		return
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte{0xff, 1})
		return
	}
	switch v.Kind() {
	case reflect.String:
		s, ok := valid[v.Type()]
		if !ok {
			s = "x"
		}
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// recorder checks frames as they come.
type recorder struct {
	schemas *floortest.Schemas
	mu      sync.Mutex
	asked   map[string]string // id of a command: its type
	pinged  bool              // by the server
	ponged  bool
	faults  []string
}

func newRecorder(s *floortest.Schemas) *recorder {
	return &recorder{schemas: s, asked: map[string]string{}}
}

// beaten reports whether a heartbeat went either way.
func (r *recorder) beaten() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pinged && r.ponged
}

func (r *recorder) take(fromServer bool, frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var f struct{ Op, ID, Type string }
	if err := json.Unmarshal(frame, &f); err != nil {
		r.faults = append(r.faults, err.Error())
		return
	}
	r.pinged = r.pinged || fromServer && f.Op == "ping"
	r.ponged = r.ponged || fromServer && f.Op == "pong"
	if f.Op == "command" {
		r.asked[f.ID] = f.Type
	}
	if f.Type == "call.sing" {
		return
	}
	if err := r.schemas.Frame(frame, r.asked[f.ID]); err != nil {
		r.faults = append(r.faults, fmt.Sprintf("%s %s: %v", f.Op, f.Type, err))
	}
}

func (r *recorder) report(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.faults {
		t.Error(f)
	}
}

func TestServesAsyncAPI(t *testing.T) {
	rec := httptest.NewRecorder()
	console.ServeAsyncAPI(rec, httptest.NewRequest("GET", "/v1/asyncapi.json", nil))
	var doc struct {
		AsyncAPI string `json:"asyncapi"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil || doc.AsyncAPI != "3.0.0" {
		t.Errorf("%q, %v", doc.AsyncAPI, err)
	}
}
