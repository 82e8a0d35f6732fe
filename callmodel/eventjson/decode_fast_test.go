package eventjson

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
)

func ownMessages() []callmodel.Event {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	cause := &callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "refused", Wire: "msrp 413"}
	by := &callmodel.CommandRef{ID: "c", Digest: "d", Agent: "a"}
	var out []callmodel.Event
	for _, text := range []string{"", "help", "a \"quoted\" \\ \n line\t", "é 😀", "\x01", "\u2028", "\xff"} {
		c := callmodel.Content{ContentType: "text/plain", Text: callmodel.Private(text), Language: "en"}
		out = append(out,
			callmodel.Event{ID: "E", Call: "C", CallSeq: 1, Time: t0, Data: callmodel.MessageReceived{Message: "m", Number: 1, Content: c, WireID: "w", Claimed: t0, Late: true, Duplicate: true}},
			callmodel.Event{ID: "E", Call: "C", CallSeq: 1, Time: t0, Command: by, Data: callmodel.MessageQueued{Message: "m", Number: 1, Agent: "a", Content: c}},
			callmodel.Event{ID: "E", Call: "C", Time: t0, Command: &callmodel.CommandRef{}, Data: callmodel.MessageReceipt{Message: "m", State: callmodel.Failed, Cause: cause, Agent: "a"}})
	}
	return append(out,
		callmodel.Event{Data: callmodel.MessageReceived{Content: callmodel.Content{ContentType: "image/png", Body: []byte{1, 2}, Size: 7, Placeholder: true}}},
		callmodel.Event{Data: callmodel.MessageReceipt{}})
}

// TestOwnFormAgrees: our own form is read in one pass, and as encoding/json reads it.
func TestOwnFormAgrees(t *testing.T) {
	fast := 0
	for i, ev := range ownMessages() {
		raw, err := Encode("psap.example", ev)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range [][]byte{raw, AppendWithSeq(nil, raw, 7)} {
			psap, got, ok := decodeOwn(raw)
			wantPSAP, want, err := decodeAny(raw)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			fast++
			if psap != wantPSAP || !reflect.DeepEqual(got, want) {
				t.Errorf("event %d is read otherwise", i)
			}
		}
		for cut := range raw {
			if _, _, ok := decodeOwn(raw[:cut]); ok {
				t.Errorf("event %d: accepted after %d of %d octets", i, cut, len(raw))
			}
		}
		if _, _, ok := decodeOwn(append(raw, ' ')); ok {
			t.Errorf("event %d: accepted with something behind it", i)
		}
	}
	if fast < 34 { // all but the texts with long escapes
		t.Errorf("only %d of %d were read in one pass", fast, 2*len(ownMessages()))
	}
}

// TestOwnFormIsExact: good JSON in another form, and bad JSON, is left to encoding/json.
func TestOwnFormIsExact(t *testing.T) {
	raw, err := Encode("p", ownMessages()[3])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"number":1`, `"number":01`}, {`"number":1`, `"number":1.0`}, {`"number":1`, `"number":99999999999999999999`},
		{`"late":true`, `"late":false`}, {`"help"`, "\"he\x01lp\""}, {`"help"`, "\"he\xfflp\""}, {`"help"`, `"he\qlp"`},
		{`"help"`, `"he\u0041lp"`}, {`"help"`, "\"he\\n\xfflp\""}, {`{"specversion"`, `{ "specversion"`}, {`text911/p`, `other/p`},
		{`.v1`, `.v2`}, {`message.received`, `message.seen`}, {`2026-01-02T`, `2026-13-02T`}, {`"wire_id"`, `"new":1,"wire_id"`},
	} {
		changed := strings.Replace(string(raw), r[0], r[1], 1)
		if changed == string(raw) {
			t.Fatalf("%s is not there", r[0])
		}
		if _, _, ok := decodeOwn([]byte(changed)); ok {
			t.Errorf("%s was taken for our own form", r[1])
		}
	}
}

// FuzzOwnForm: whatever the one pass accepts, encoding/json accepts too and reads alike.
func FuzzOwnForm(f *testing.F) {
	for _, ev := range ownMessages() {
		raw, err := Encode("psap.example", ev)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(AppendWithSeq(nil, raw, 7))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		psap, got, ok := decodeOwn(raw)
		if !ok {
			return
		}
		wantPSAP, want, err := decodeAny(raw)
		if err != nil || psap != wantPSAP || !reflect.DeepEqual(got, want) {
			t.Fatalf("the one pass disagrees with encoding/json: %v", err)
		}
	})
}
