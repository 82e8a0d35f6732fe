package eventjson_test

import (
	"strings"
	"testing"

	"text911/callmodel"
	"text911/callmodel/eventjson"
)

func message() callmodel.Event {
	return callmodel.Event{ID: "01J00000000000000000000000", Call: "01J00000000000000000000001", CallSeq: 7, Time: t0,
		Data: callmodel.MessageReceived{Message: "01J00000000000000000000002", Number: 3, Leg: "01J00000000000000000000003",
			From: "caller", Content: callmodel.PlainText(strings.Repeat("word ", 32)), WireID: "abcdef0123456789"}}
}

func BenchmarkEncodeMessage(b *testing.B) {
	ev := message()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eventjson.Encode("psap.example", ev); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeMessage(b *testing.B) {
	raw, err := eventjson.Encode("psap.example", message())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := eventjson.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSplice(b *testing.B) {
	raw, err := eventjson.Encode("psap.example", message())
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = eventjson.AppendWithSeq(buf[:0], raw, 123456)
	}
}
