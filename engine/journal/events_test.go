package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/engine/journal"
)

const eventsPSAP callmodel.PSAPID = "psap.example"

func newEvents(t testing.TB, cfg journal.MemoryConfig) (*journal.Events, *journal.Memory) {
	t.Helper()
	m := journal.NewMemory(cfg)
	e := journal.NewEvents(m, nil)
	if err := e.Open(t.Context(), eventsPSAP); err != nil {
		t.Fatal(err)
	}
	return e, m
}

func messages(call callmodel.CallID, from, n int) []callmodel.Event {
	evs := make([]callmodel.Event, n)
	for i := range evs {
		k := from + i
		evs[i] = callmodel.Event{ID: callmodel.EventID(fmt.Sprint(call, "-", k)), Call: call, CallSeq: uint64(k + 1),
			Time: time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC),
			Data: callmodel.MessageReceived{Message: callmodel.MessageID(fmt.Sprint("m", k)), Number: uint64(k + 1), Leg: "L1",
				From: "caller", Content: callmodel.PlainText("help")}}
	}
	return evs
}

func hasSentinel(err error, is func(error) bool) bool { return err != nil && is(err) }

func isFenced(err error) bool {
	var f interface{ Fenced() bool }
	return errors.As(err, &f) && f.Fenced()
}

func isAway(err error) bool {
	var u interface{ Unavailable() bool }
	return errors.As(err, &u) && u.Unavailable()
}

// TestEventsRoundTrip: what is appended is read, replayed and followed as the same events, whether
// it is still remembered or has to be decoded.
func TestEventsRoundTrip(t *testing.T) {
	e, m := newEvents(t, journal.MemoryConfig{})
	evs := messages("C1", 0, 3)
	seqs, err := e.Append(t.Context(), eventsPSAP, "C1", 0, evs)
	if err != nil || !reflect.DeepEqual(seqs, []uint64{1, 2, 3}) || evs[0].Seq != 0 {
		t.Fatalf("append: %v, %v", seqs, err)
	}
	if _, err := e.Append(t.Context(), eventsPSAP, "C2", 0, messages("C2", 0, 1)); err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]*journal.Events{"same": e, "fresh": journal.NewEvents(m, nil)} {
		got, err := log.ReadCall(t.Context(), eventsPSAP, "C1", 1, 10)
		if err != nil || len(got) != 2 {
			t.Fatalf("%s: %d events, %v", name, len(got), err)
		}
		for i, l := range got {
			want := evs[i+1]
			want.Seq = seqs[i+1]
			if !reflect.DeepEqual(l.Event, want) {
				t.Errorf("%s: event %d differs", name, l.Event.Seq)
			}
			if strings.Contains(string(l.Raw), `"seq"`) {
				t.Errorf("%s: the stored envelope has a seq", name)
			}
		}
		all, err := log.Read(t.Context(), eventsPSAP, 0, 0)
		if err != nil || len(all) != 4 {
			t.Errorf("%s: read %d, %v", name, len(all), err)
		}
		n := 0
		stop := errors.New("enough")
		err = log.Replay(t.Context(), eventsPSAP, 0, func(l callmodel.Logged) error {
			if n++; l.Event.Seq != uint64(n) {
				t.Errorf("%s: replayed %d as number %d", name, l.Event.Seq, n)
			}
			if n == 3 {
				return stop
			}
			return nil
		})
		if err != stop || n != 3 {
			t.Errorf("%s: replay %d, %v", name, n, err)
		}
	}
	first, last, epoch, err := e.Bounds(t.Context(), eventsPSAP)
	if err != nil || first != 1 || last != 4 || epoch == "" {
		t.Errorf("bounds %d %d, %v", first, last, err)
	}
}

// TestEventsErrors: the two errors that matter are told without this package's names.
func TestEventsErrors(t *testing.T) {
	e, m := newEvents(t, journal.MemoryConfig{})
	ctx := t.Context()
	if _, err := e.Append(ctx, eventsPSAP, "C1", 0, messages("C1", 0, 1)); err != nil {
		t.Fatal(err)
	}
	_, err := e.Append(ctx, eventsPSAP, "C1", 0, messages("C1", 1, 1))
	if !hasSentinel(err, isFenced) || isAway(err) || !errors.Is(err, journal.ErrFenced) {
		t.Errorf("fenced: %v", err)
	}
	m.Fail(errors.New("disk full"))
	_, err = e.Append(ctx, eventsPSAP, "C1", 1, messages("C1", 1, 1))
	if !hasSentinel(err, isAway) || isFenced(err) || !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("away: %v", err)
	}
	if e.Healthy() == nil {
		t.Error("healthy without a disk")
	}
	m.Fail(nil)
	if _, err = e.Append(ctx, "nowhere", "C1", 1, messages("C1", 1, 1)); err == nil || isAway(err) || isFenced(err) {
		t.Errorf("unknown PSAP: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err = e.Append(ended, eventsPSAP, "C1", 1, messages("C1", 1, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	var large interface{ TooLarge() bool }
	huge := messages("C1", 1, 1)
	huge[0].Data = callmodel.NoteAdded{Agent: "a", Text: callmodel.Private(strings.Repeat("x", journal.MaxRecordSize))}
	if _, err = e.Append(ctx, eventsPSAP, "C1", 1, huge); !errors.As(err, &large) || !large.TooLarge() || isAway(err) {
		t.Errorf("too large: %v", err)
	}
	bad := messages("C1", 1, 1)
	bad[0].Data = callmodel.CallIdleWarning{Deadline: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err = e.Append(ctx, eventsPSAP, "C1", 1, bad); !errors.Is(err, journal.ErrInvalid) {
		t.Errorf("what JSON cannot tell: %v", err)
	}
}

// TestEventsFollow: every event once, in order, from where it was asked, while others write; gaps
// are told and passed.
func TestEventsFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := journal.NewMemory(journal.MemoryConfig{TailCount: 16})
		var gaps []journal.GapError
		e := journal.NewEvents(m, func(g *journal.GapError) { gaps = append(gaps, *g) })
		if err := e.Open(t.Context(), eventsPSAP); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Append(t.Context(), eventsPSAP, "C0", 0, messages("C0", 0, 5)); err != nil {
			t.Fatal(err)
		}
		if err := m.Forget(string(eventsPSAP), 2); err != nil {
			t.Fatal(err)
		}
		const writers, each = 5, 100
		ctx, cancel := context.WithCancel(t.Context())
		next, done := uint64(3), make(chan error, 1)
		go func() {
			done <- e.Follow(ctx, eventsPSAP, 0, func(batch []callmodel.Logged) error {
				for _, l := range batch {
					if l.Event.Seq != next {
						return fmt.Errorf("seq %d, want %d", l.Event.Seq, next)
					}
					if _, ok := l.Event.Data.(callmodel.MessageReceived); !ok || len(l.Raw) == 0 {
						return fmt.Errorf("seq %d is %T", l.Event.Seq, l.Event.Data)
					}
					next++
				}
				return nil
			})
		}()
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				call, last := callmodel.CallID(fmt.Sprint("W", w)), uint64(0)
				for i := range each {
					seqs, err := e.Append(ctx, eventsPSAP, call, last, messages(call, i, 1))
					if err != nil {
						t.Error(err)
						return
					}
					last = seqs[0]
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if next != 6+writers*each {
			t.Errorf("followed up to %d", next-1)
		}
		if len(gaps) != 1 || gaps[0].From != 1 || gaps[0].To != 2 {
			t.Errorf("gaps %v", gaps)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("follow ended with %v", err)
		}
	})
}

// TestEventsUndecodable: a record that is no event keeps its place, hides nothing, and reaches readers
// as an envelope they can read: what a console cannot parse would end it again after every resume.
func TestEventsUndecodable(t *testing.T) {
	e, m := newEvents(t, journal.MemoryConfig{})
	good := messages("C1", 0, 1)[0]
	raw, err := eventjson.Encode(eventsPSAP, good)
	if err != nil {
		t.Fatal(err)
	}
	records := []string{
		"garbage", "", "{}", "[1]", `{"specversion":"1.0"}`, " " + string(raw), strings.Replace(string(raw), "help", "\xff\xfe", 1),
		string(eventjson.AppendWithSeq(nil, raw, 99)), strings.Replace(string(raw), "C1", "C7", 1),
	}
	for i, data := range records {
		if _, err := m.Append(t.Context(), string(eventsPSAP), "C1", uint64(i), []journal.Record{
			{ID: fmt.Sprint("x", i), Call: "C1", Kind: "call.sung", Time: time.Now(), Data: []byte(data)},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Append(t.Context(), eventsPSAP, "C1", uint64(len(records)), messages("C1", 0, 1)); err != nil {
		t.Fatal(err)
	}
	got, err := e.Read(t.Context(), eventsPSAP, 0, 20)
	if err != nil || len(got) != len(records)+1 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for i, l := range got {
		if l.Event.Seq != uint64(i+1) || l.Event.Call != "C1" || l.Event.Data == nil {
			t.Errorf("record %d is read as %d of %s", i+1, l.Event.Seq, l.Event.Call)
		}
		frame := eventjson.AppendWithSeq(nil, l.Raw, l.Event.Seq)
		if !json.Valid(frame) || !utf8.Valid(frame) {
			t.Errorf("record %d reaches readers as no JSON", i+1)
			continue
		}
		if _, ev, err := eventjson.Decode(frame); err != nil || ev.Seq != uint64(i+1) || ev.Call != "C1" {
			t.Errorf("record %d reaches readers as %d of %s, %v", i+1, ev.Seq, ev.Call, err)
		}
	}
	if u, ok := got[0].Event.Data.(eventjson.Unknown); !ok || u.Kind() != "call.sung" {
		t.Errorf("garbage is read as %T", got[0].Event.Data)
	}
}

// TestEventsForgotten: an event whose decoded form was pushed out by newer ones is decoded.
func TestEventsForgotten(t *testing.T) {
	e, _ := newEvents(t, journal.MemoryConfig{})
	first := messages("C1", 0, 1)
	if _, err := e.Append(t.Context(), eventsPSAP, "C1", 0, first); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := e.Append(t.Context(), eventsPSAP, "C2", uint64(i*500)+min(uint64(i), 1), messages("C2", i*500, 500)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := e.ReadCall(t.Context(), eventsPSAP, "C1", 0, 1)
	first[0].Seq = 1
	if err != nil || !reflect.DeepEqual(got[0].Event, first[0]) {
		t.Errorf("the first event differs: %v", err)
	}
}

// BenchmarkEventsAppend is one message into the memory journal: encode, remember, store.
func BenchmarkEventsAppend(b *testing.B) {
	e, _ := newEvents(b, journal.MemoryConfig{MaxRecords: 1 << 30})
	data := callmodel.MessageReceived{Message: "01J00000000000000000000002", Number: 3, Leg: "01J00000000000000000000003",
		From: "caller", Content: callmodel.PlainText(strings.Repeat("word ", 32)), WireID: "abcdef0123456789"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	last := uint64(0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		evs := []callmodel.Event{{ID: callmodel.EventID(fmt.Sprintf("%026d", i)), Call: "01J00000000000000000000001", CallSeq: uint64(i), Time: at, Data: data}}
		seqs, err := e.Append(b.Context(), eventsPSAP, "01J00000000000000000000001", last, evs)
		if err != nil {
			b.Fatal(err)
		}
		last = seqs[0]
	}
}
