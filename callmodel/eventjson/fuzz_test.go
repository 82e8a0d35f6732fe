package eventjson_test

import (
	"bytes"
	"reflect"
	"testing"

	"text911/callmodel"
	"text911/callmodel/eventjson"
)

// FuzzDecode: no input panics, and what is accepted encodes to something that decodes to the same.
func FuzzDecode(f *testing.F) {
	for i, d := range every() {
		raw, err := eventjson.Encode("psap.example", eventOf(i, d))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(eventjson.AppendWithSeq(nil, raw, 7))
	}
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		psap, ev, err := eventjson.Decode(raw)
		if err != nil {
			return
		}
		once, err := eventjson.Encode(psap, ev)
		if err != nil {
			return // a time RFC 3339 has no form for
		}
		psap2, ev2, err := eventjson.Decode(once)
		if err != nil || psap2 != psap {
			t.Fatalf("our own envelope is refused: %v", err)
		}
		twice, err := eventjson.Encode(psap2, ev2)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("encoding is not stable: %v", err)
		}
	})
}

// FuzzText: a text of any octets survives as UTF-8.
func FuzzText(f *testing.F) {
	f.Add("help", "text/plain")
	f.Fuzz(func(t *testing.T, text, typ string) {
		ev := callmodel.Event{Time: t0, Data: callmodel.MessageQueued{Content: callmodel.Content{ContentType: typ, Text: callmodel.Private(text)}}}
		raw, err := eventjson.Encode("p", ev)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := eventjson.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		again, err := eventjson.Encode("p", got)
		if err != nil || !bytes.Equal(raw, again) && reflect.DeepEqual(ev, got) {
			t.Fatalf("unstable: %v", err)
		}
	})
}
