package eventjson_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/callmodel/eventjson"
)

var update = flag.Bool("update", false, "rewrite the golden file")

const golden = "testdata/events.jsonl"

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

// every is one event of every kind, every member set.
func every() []callmodel.EventData {
	cause := callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "hung_up", Wire: "sip 487"}
	party := callmodel.Party{Address: "tel:+15550100", Name: "A", Asserted: true, Verstat: "TN-Validation-Passed"}
	loc := callmodel.Location{Shape: "circle", Latitude: "1.5", Longitude: "2.5", RadiusM: "30", Civic: "1 Main",
		Reference: "https://lis.example/1", Method: "Cell", Default: true, Confidence: 95, Taken: t0, Raw: "<presence/>"}
	content := callmodel.Content{ContentType: "text/plain", Text: "a \"b\" \\ \n\t\x01 é 😀 \u2028", Size: 9, Language: "en", Placeholder: true}
	body := callmodel.Content{ContentType: "image/png", Body: []byte{0, 1, 2, 255}}
	return []callmodel.EventData{
		callmodel.CallOffered{Mode: callmodel.FirstParty, PSAP: "psap.example", Trunk: "t1", Bearer: callmodel.BearerMSRP,
			Caller: party, ServiceURN: "urn:service:sos", QueueURI: "sip:q@psap.example", Priority: "esnet.1",
			IDs:       callmodel.Identifiers{EmergencyCall: "urn:emergency:uid:callid:1:x", Incident: "urn:emergency:uid:incidentid:1:x", Source: "s", SIPCallID: "c@x"},
			Languages: []string{"en", "es"}, Locations: []callmodel.Location{loc}, Test: true, Hold: true,
			Additional: []callmodel.AdditionalData{{Block: "ServiceInfo", Reference: "cid:1", Value: "<x/>"}}},
		callmodel.CallQueued{Queue: "main", Reason: "offered"},
		callmodel.CallClaimed{Agent: "alice", Position: "7", Fence: 8, Until: t0},
		callmodel.CallReleased{Agent: "alice", Fence: 8, Reason: "by_taker"},
		callmodel.CallAnswered{Leg: "L1", Resume: []byte(`{}`)},
		callmodel.CallIdleWarning{Deadline: t0},
		callmodel.CallExtended{Agent: "alice", Until: t0},
		callmodel.CallClosed{By: callmodel.ByTexter, Cause: cause, Abandoned: true, Agent: "alice"},
		callmodel.ParticipantJoined{Participant: "taker:alice", Role: callmodel.RoleTaker, Agent: "alice"},
		callmodel.ParticipantLeft{Participant: "taker:alice", Role: callmodel.RoleTaker},
		callmodel.MessageReceived{Message: "M1", Number: 1, Leg: "L1", From: "caller", Content: content, WireID: "w1", Claimed: t0, Late: true, Duplicate: true},
		callmodel.MessageReceived{Message: "M2", Number: 2, Leg: "L1", From: "caller", Content: body},
		callmodel.MessageQueued{Message: "M3", Number: 3, Leg: "L1", From: "taker:alice", Agent: "alice", Content: content},
		callmodel.MessageReceipt{Message: "M3", State: callmodel.Failed, Cause: &cause},
		callmodel.MessageReceipt{Message: "M1", State: callmodel.Displayed, Agent: "alice"},
		callmodel.MessageQuarantined{Message: "M4", Leg: "L1", WireID: "w4", Cause: cause, Content: body},
		callmodel.LocationUpdated{Location: loc},
		callmodel.LocationFailed{Cause: cause},
		callmodel.NoteAdded{Agent: "alice", Text: "note"},
		callmodel.LegOpeningEvent{Leg: "L1", Bearer: callmodel.BearerMSRP, Resume: []byte(`{}`)},
		callmodel.LegEstablishedEvent{Leg: "L1", Capability: callmodel.Capability{AcceptTypes: []string{"text/plain"}, MaxSize: 2000, Languages: []string{"en"}}, Resume: []byte(`{}`)},
		callmodel.LegBrokenEvent{Leg: "L1", Cause: cause, Until: t0},
		callmodel.LegClosedEvent{Leg: "L1", Cause: cause},
		callmodel.AgentChanged{Agent: "alice", Position: "7", State: callmodel.AgentPaused, Reason: "break"},
		callmodel.AlertRaised{Alert: "waiting", Severity: "alarm", Sentence: "A text waits.", About: "C1"},
		callmodel.AlertCleared{Alert: "waiting", About: "C1"},
		callmodel.TypingChanged{From: "caller", Role: callmodel.RoleCaller, Agent: "alice", On: true},
		callmodel.AgentPresence{Agent: "alice", Connected: true, CanRing: true},
		callmodel.QueueStats{Queue: "main", Waiting: 2, OldestMillis: 3, AgentsReady: 4},
	}
}

func eventOf(n int, d callmodel.EventData) callmodel.Event {
	ev := callmodel.Event{ID: "01J00000000000000000000000", Call: "C1", Time: t0, Data: d}
	if !d.Kind().Ephemeral() {
		ev.CallSeq = uint64(n + 1)
	}
	if n%2 == 0 {
		ev.Command = &callmodel.CommandRef{ID: "c1", Digest: "d1", Agent: "alice"}
	}
	return ev
}

// TestGolden holds the published form of every kind, and that it reads back as what it was.
func TestGolden(t *testing.T) {
	var out bytes.Buffer
	for i, d := range every() {
		ev := eventOf(i, d)
		raw, err := eventjson.Encode("psap.example", ev)
		if err != nil {
			t.Fatalf("%s: %v", d.Kind(), err)
		}
		if !json.Valid(raw) {
			t.Errorf("%s: not JSON", d.Kind())
		}
		out.Write(append(raw, '\n'))
		psap, got, err := eventjson.Decode(raw)
		if err != nil || psap != "psap.example" || !reflect.DeepEqual(got, ev) {
			t.Errorf("%s does not read back: %v", d.Kind(), err)
		}
		if !d.Kind().Ephemeral() {
			seq := eventjson.AppendWithSeq([]byte("x"), raw, 1042)
			_, got, err = eventjson.Decode(seq[1:])
			if err != nil || got.Seq != 1042 || got.ID != ev.ID {
				t.Errorf("%s with seq: seq %d, %v", d.Kind(), got.Seq, err)
			}
		}
	}
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the published form changed; see %s and -update", golden)
	}
}

// TestByHand: what is written by hand is what encoding/json makes of the struct tags.
func TestByHand(t *testing.T) {
	for i, d := range every() {
		raw, err := eventjson.Encode("psap.example", eventOf(i, d))
		if err != nil {
			t.Fatal(err)
		}
		var env struct{ Data json.RawMessage }
		if err := json.Unmarshal(raw, &env); err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(d); err != nil {
			t.Fatal(err)
		}
		if got, want := string(env.Data), strings.TrimSpace(buf.String()); got != want {
			t.Errorf("%s: %d octets, encoding/json makes %d", d.Kind(), len(got), len(want))
		}
	}
}

// TestUnknown: a newer kind or version is kept as it is, and unknown members do no harm.
func TestUnknown(t *testing.T) {
	for _, typ := range []string{"text911.call.sung.v1", "text911.message.received.v2", "example.other"} {
		raw := `{"specversion":"1.0","id":"1","source":"text911/p","type":"` + typ +
			`","subject":"C","time":"2026-01-02T03:04:05.678Z","call_seq":7,"data":{"a":[1,2]},"new":{"x":1}}`
		_, ev, err := eventjson.Decode([]byte(raw))
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		if u, ok := ev.Data.(eventjson.Unknown); !ok || string(u.JSON) != `{"a":[1,2]}` || ev.CallSeq != 7 {
			t.Errorf("%s: data is %T", typ, ev.Data)
		}
		again, err := eventjson.Encode("p", ev)
		if err != nil || string(again) != strings.Replace(raw, `,"new":{"x":1}`, "", 1) {
			t.Errorf("%s does not encode to itself: %v", typ, err)
		}
	}
	k := eventjson.Unknown{Type: "text911.call.sung.v1"}.Kind()
	if k != "call.sung" {
		t.Errorf("kind %q", k)
	}
}

// TestRefused: what is no envelope is refused, and no error quotes it.
func TestRefused(t *testing.T) {
	const secret = "5550100"
	head := `{"specversion":"1.0","id":"1","source":"text911/p","type":"text911.message.received.v1","subject":"C","time":"2026-01-02T03:04:05Z"`
	for name, raw := range map[string]string{
		"empty":       "",
		"no object":   `"` + secret + `"`,
		"cut":         head,
		"source":      strings.Replace(head, "text911/", secret+"/", 1) + `}`,
		"version":     strings.Replace(head, `"1.0"`, `"2.0"`, 1) + `}`,
		"no type":     `{"specversion":"1.0","source":"text911/p"}`,
		"time":        strings.Replace(head, "2026-01-02T", secret, 1) + `}`,
		"data type":   head + `,"data":{"number":"` + secret + `"}}`,
		"data number": head + `,"data":{"leg":` + secret + `}}`,
		"too large":   head + `,"data":{"wire_id":"` + strings.Repeat("x", eventjson.MaxEnvelope) + `"}}`,
	} {
		_, _, err := eventjson.Decode([]byte(raw))
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error quotes what it failed on", name)
		}
	}
	if _, err := eventjson.Encode("p", callmodel.Event{}); err == nil {
		t.Error("an event without data was encoded")
	}
	bad := callmodel.Event{Data: callmodel.CallIdleWarning{Deadline: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}}
	if b, err := eventjson.Append([]byte("x"), "p", bad); err == nil || string(b) != "x" {
		t.Error("a time beyond RFC 3339 was encoded, or what was there was harmed")
	}
}

// TestStrings: any octets of a text come out as valid JSON that reads back as UTF-8.
func TestStrings(t *testing.T) {
	for _, s := range []string{"", "plain", "\x00\x1f\x7f", "\"\\/", "\b\f\n\r\t", "é€😀", "\xff\xfe", "a\xc3", "\u2028\u2029", "<&>"} {
		raw, err := eventjson.Encode("p", callmodel.Event{Data: callmodel.MessageReceived{Content: callmodel.PlainText(s)}})
		if err != nil {
			t.Fatal(err)
		}
		_, ev, err := eventjson.Decode(raw)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if got := ev.Data.(callmodel.MessageReceived).Content.Text.Reveal(); got != strings.ToValidUTF8(s, "\ufffd") {
			if s != "\xff\xfe" || got != "\ufffd\ufffd" {
				t.Errorf("%q came back as %q", s, got)
			}
		}
	}
}
