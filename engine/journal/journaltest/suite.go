// Package journaltest holds the tests every journal.Journal passes: the
// in-memory one, the embedded JetStream store and external servers. It is
// imported by tests only.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"text911/engine/journal"
)

// PSAP is the PSAP the tests write to; it is open when a test starts.
const PSAP = "psap.example"

// patience is far more than anything takes: a loaded machine fails no test.
const patience = time.Minute

type test struct {
	name string
	f    func(t *testing.T, j journal.Journal)
}

// Run runs the suite. open returns a fresh journal with PSAP open; the test
// closes it through t.Cleanup of open's own. The tests run in parallel, each
// on a journal of its own.
func Run(t *testing.T, open func(t *testing.T) journal.Journal) {
	RunFollow(t, open)
	run(t, open, []test{
		{"append and read back", readBack},
		{"sequences ascend", ascend},
		{"fence", fence},
		{"fence per call", fencePerCall},
		{"no fence", noFence},
		{"same id once", sameID},
		{"same append repeated", sameAppend},
		{"mixed ids", mixed},
		{"several records together", together},
		{"fenced append stores nothing", fencedNothing},
		{"fenced does not poison neighbours", neighbours},
		{"concurrent appends", concurrent},
		{"invalid records", invalid},
		{"unknown psap", unknownPSAP},
		{"cancelled context", cancelled},
		{"read call", readCall},
		{"read limit", readLimit},
		{"replay", replay},
		{"replay stops", replayStops},
		{"bounds", bounds},
		{"escaped names", escaped},
		{"psaps are apart", apart},
		{"closed", closed},
	})
}

// RunFollow runs the part of the suite that is about cursors.
func RunFollow(t *testing.T, open func(t *testing.T) journal.Journal) {
	run(t, open, []test{
		{"follow from the start", followAll},
		{"follow resumes", followResumes},
		{"follow slow reader", followSlow},
		{"follow while appending", followLive},
		{"follow ends", followEnds},
	})
}

func run(t *testing.T, open func(t *testing.T) journal.Journal, tests []test) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // they wait for syncs most of the time
			tt.f(t, open(t))
		})
	}
}

func ctxOf(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Rec makes a record.
func Rec(call, id string) journal.Record {
	return journal.Record{ID: id, Call: call, Kind: "message.received",
		Time: time.UnixMilli(1767326645678).UTC(), Data: []byte(`{"id":"` + id + `"}`)}
}

func recs(call string, ids ...string) []journal.Record {
	var out []journal.Record
	for _, id := range ids {
		out = append(out, Rec(call, id))
	}
	return out
}

func mustAppend(t *testing.T, j journal.Journal, call string, last uint64, ids ...string) []uint64 {
	t.Helper()
	seqs, err := j.Append(ctxOf(t), PSAP, call, last, recs(call, ids...))
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if len(seqs) != len(ids) {
		t.Fatalf("got %d sequences for %d records", len(seqs), len(ids))
	}
	return seqs
}

func mustRead(t *testing.T, j journal.Journal) []journal.Stored {
	t.Helper()
	got, err := j.Read(ctxOf(t), PSAP, 0, 100000)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return got
}

func ids(got []journal.Stored) string {
	s := ""
	for _, r := range got {
		s += fmt.Sprintf("%d:%s ", r.Seq, r.ID)
	}
	return s
}

func want(t *testing.T, got []journal.Stored, text string) {
	t.Helper()
	if g := ids(got); g != text {
		t.Fatalf("got %q, want %q", g, text)
	}
}

func readBack(t *testing.T, j journal.Journal) {
	in := journal.Record{ID: "01J", Call: "c1", Kind: "call.idle_warning",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("x", 3600)), Data: []byte("{}\r\n\x00é")}
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 0, []journal.Record{in}); err != nil {
		t.Fatal(err)
	}
	got := mustRead(t, j)
	if len(got) != 1 {
		t.Fatalf("got %d records", len(got))
	}
	g := got[0]
	if g.Seq != 1 || g.ID != in.ID || g.Call != in.Call || g.Kind != in.Kind || string(g.Data) != string(in.Data) {
		t.Fatal("the record came back changed")
	}
	if !g.Time.Equal(in.Time.Truncate(time.Millisecond)) {
		t.Fatalf("time came back as %v", g.Time)
	}
}

func ascend(t *testing.T, j journal.Journal) {
	last := map[string]uint64{}
	for i := range 20 {
		call := fmt.Sprintf("c%d", i%3)
		seqs := mustAppend(t, j, call, last[call], fmt.Sprintf("id%d", i))
		if seqs[0] != uint64(i+1) {
			t.Fatalf("append %d got sequence %d", i+1, seqs[0])
		}
		last[call] = seqs[0]
	}
}

func fence(t *testing.T, j journal.Journal) {
	a := mustAppend(t, j, "c1", 0, "a")
	b := mustAppend(t, j, "c1", a[0], "b")
	for _, last := range []uint64{0, a[0], b[0] + 1, 999} {
		if _, err := j.Append(ctxOf(t), PSAP, "c1", last, recs("c1", fmt.Sprintf("x%d", last))); !errors.Is(err, journal.ErrFenced) {
			t.Fatalf("last %d: got %v, want ErrFenced", last, err)
		}
	}
	want(t, mustRead(t, j), "1:a 2:b ")
	mustAppend(t, j, "c1", b[0], "c")
	want(t, mustRead(t, j), "1:a 2:b 3:c ")
}

func fencePerCall(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	mustAppend(t, j, "c2", 0, "b")
	mustAppend(t, j, journal.PSAPLevel, 0, "p")
	mustAppend(t, j, "c1", 1, "c")
	mustAppend(t, j, "c2", 2, "d")
	mustAppend(t, j, journal.PSAPLevel, 3, "q")
	want(t, mustRead(t, j), "1:a 2:b 3:p 4:c 5:d 6:q ")
}

func noFence(t *testing.T, j journal.Journal) {
	mustAppend(t, j, journal.PSAPLevel, journal.NoFence, "a")
	mustAppend(t, j, journal.PSAPLevel, journal.NoFence, "b", "c")
	mustAppend(t, j, journal.PSAPLevel, 3, "d")
	want(t, mustRead(t, j), "1:a 2:b 3:c 4:d ")
}

func sameID(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	mustAppend(t, j, "c1", 1, "b")
	for _, last := range []uint64{0, 1, 2, journal.NoFence} {
		if seqs := mustAppend(t, j, "c1", last, "a"); seqs[0] != 1 {
			t.Fatalf("last %d: the repeat got sequence %d", last, seqs[0])
		}
	}
	mustAppend(t, j, "c1", 2, "c")
	want(t, mustRead(t, j), "1:a 2:b 3:c ")
}

func sameAppend(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a", "b", "c")
	for _, last := range []uint64{0, 3, journal.NoFence} {
		seqs := mustAppend(t, j, "c1", last, "a", "b", "c")
		if fmt.Sprint(seqs) != "[1 2 3]" {
			t.Fatalf("the repeat got sequences %v", seqs)
		}
	}
	want(t, mustRead(t, j), "1:a 2:b 3:c ")
}

func mixed(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 1, recs("c1", "a", "b")); !errors.Is(err, journal.ErrMixed) {
		t.Fatalf("got %v, want ErrMixed", err)
	}
	want(t, mustRead(t, j), "1:a ")
}

func together(t *testing.T, j journal.Journal) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			call := fmt.Sprintf("c%d", i)
			last := uint64(0)
			for n := range 5 {
				var batch []journal.Record
				for k := range 3 {
					batch = append(batch, Rec(call, fmt.Sprintf("%s-%d-%d", call, n, k)))
				}
				seqs, err := j.Append(ctxOf(t), PSAP, call, last, batch)
				if err != nil || len(seqs) != 3 || seqs[1] != seqs[0]+1 || seqs[2] != seqs[0]+2 {
					t.Errorf("got %v, %v", seqs, err)
					return
				}
				last = seqs[2]
			}
		})
	}
	wg.Wait()
	got := mustRead(t, j)
	if len(got) != 8*5*3 {
		t.Fatalf("got %d records", len(got))
	}
	for i := 0; i < len(got); i += 3 {
		if got[i].Call != got[i+2].Call || got[i].ID[:len(got[i].ID)-1] != got[i+2].ID[:len(got[i].ID)-1] {
			t.Fatalf("append torn at %d", got[i].Seq)
		}
	}
}

func fencedNothing(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 0, recs("c1", "x", "y", "z")); !errors.Is(err, journal.ErrFenced) {
		t.Fatalf("got %v, want ErrFenced", err)
	}
	want(t, mustRead(t, j), "1:a ")
}

func neighbours(t *testing.T, j journal.Journal) {
	const calls, rounds = 40, 4
	for i := range calls {
		mustAppend(t, j, fmt.Sprintf("c%d", i), 0, fmt.Sprintf("first-%d", i))
	}
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			call := fmt.Sprintf("c%d", i)
			last := uint64(i + 1)
			for n := range rounds {
				if i%4 == 0 { // a writer that lost its call
					batch := recs(call, fmt.Sprintf("bad-%d-%d", i, n), fmt.Sprintf("worse-%d-%d", i, n))
					if _, err := j.Append(ctxOf(t), PSAP, call, 999999, batch[:1+i/4%2]); !errors.Is(err, journal.ErrFenced) {
						t.Errorf("got %v, want ErrFenced", err)
					}
					continue
				}
				seqs, err := j.Append(ctxOf(t), PSAP, call, last, recs(call, fmt.Sprintf("good-%d-%d", i, n)))
				if err != nil {
					t.Errorf("neighbour: %v", err)
					return
				}
				last = seqs[0]
			}
		})
	}
	wg.Wait()
	got := mustRead(t, j)
	if wantN := calls + calls*3/4*rounds; len(got) != wantN {
		t.Fatalf("got %d records, want %d", len(got), wantN)
	}
	for i, r := range got {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has sequence %d", i+1, r.Seq)
		}
		if r.ID[0] == 'b' || r.ID[0] == 'w' {
			t.Fatal("a fenced record is stored")
		}
	}
}

func concurrent(t *testing.T, j journal.Journal) {
	const writers, each = 32, 20
	acked := make([][]uint64, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			call, last := fmt.Sprintf("c%d", i), uint64(0)
			for n := range each {
				seqs, err := j.Append(ctxOf(t), PSAP, call, last, recs(call, fmt.Sprintf("%d.%d", i, n)))
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				last = seqs[0]
				acked[i] = append(acked[i], last)
			}
		})
	}
	wg.Wait()
	got := mustRead(t, j)
	if len(got) != writers*each {
		t.Fatalf("got %d records, want %d", len(got), writers*each)
	}
	for i := range acked {
		for n, seq := range acked[i] {
			if id := fmt.Sprintf("%d.%d", i, n); got[seq-1].ID != id {
				t.Fatalf("sequence %d is not the record it was told for", seq)
			}
		}
	}
}

func invalid(t *testing.T, j journal.Journal) {
	good := Rec("c1", "a")
	edit := func(f func(*journal.Record)) []journal.Record {
		r := good
		f(&r)
		return []journal.Record{r}
	}
	tests := []struct {
		name string
		call string
		recs []journal.Record
		want error
	}{
		{"none", "c1", nil, journal.ErrInvalid},
		{"no id", "c1", edit(func(r *journal.Record) { r.ID = "" }), journal.ErrInvalid},
		{"header in id", "c1", edit(func(r *journal.Record) { r.ID = "a\r\nX: y" }), journal.ErrInvalid},
		{"no call", "", edit(func(r *journal.Record) { r.Call = "" }), journal.ErrInvalid},
		{"other call", "c2", edit(func(*journal.Record) {}), journal.ErrInvalid},
		{"kind", "c1", edit(func(r *journal.Record) { r.Kind = "message" }), journal.ErrInvalid},
		{"kind wildcard", "c1", edit(func(r *journal.Record) { r.Kind = "message.>" }), journal.ErrInvalid},
		{"id twice", "c1", recs("c1", "a", "a"), journal.ErrInvalid},
		{"too large", "c1", edit(func(r *journal.Record) { r.Data = make([]byte, journal.MaxRecordSize+1) }), journal.ErrTooLarge},
		{"too many", "c1", make([]journal.Record, journal.MaxAppend+1), journal.ErrTooLarge},
	}
	for _, tt := range tests {
		if _, err := j.Append(ctxOf(t), PSAP, tt.call, 0, tt.recs); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	big := good
	big.Data = make([]byte, journal.MaxRecordSize)
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 0, []journal.Record{big}); err != nil {
		t.Errorf("largest record: %v", err)
	}
	want(t, mustRead(t, j), "1:a ")
}

func unknownPSAP(t *testing.T, j journal.Journal) {
	ctx := ctxOf(t)
	if _, err := j.Append(ctx, "other", "c", 0, recs("c", "a")); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("append: %v", err)
	}
	if _, err := j.Read(ctx, "other", 0, 1); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("read: %v", err)
	}
	if _, err := j.Bounds(ctx, "other"); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("bounds: %v", err)
	}
	c := j.Follow("other", 0)
	defer c.Close()
	if _, err := c.Next(ctx); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("follow: %v", err)
	}
}

func cancelled(t *testing.T, j journal.Journal) {
	why := errors.New("given up")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := j.Append(ctx, PSAP, "c1", 0, recs("c1", "a")); !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
	mustAppend(t, j, "c1", 0, "b")
	c := j.Follow(PSAP, 1)
	defer c.Close()
	if _, err := c.Next(ctx); !errors.Is(err, why) {
		t.Fatalf("cursor: got %v", err)
	}
}

func closed(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	if err := j.Healthy(); err != nil {
		t.Fatalf("healthy: %v", err)
	}
	if s := j.Stats(); s.Appends != 1 || s.Records != 1 {
		t.Errorf("stats: %d appends, %d records", s.Appends, s.Records)
	}
	if err := j.Close(ctxOf(t)); err != nil {
		t.Fatalf("close: %v", err)
	}
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 1, recs("c1", "b")); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := j.Healthy(); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("healthy: %v", err)
	}
	if err := j.Close(ctxOf(t)); err != nil {
		t.Errorf("close again: %v", err)
	}
}
