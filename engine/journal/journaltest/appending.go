package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"text911/engine/journal"
)

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
