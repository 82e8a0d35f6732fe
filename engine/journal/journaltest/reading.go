package journaltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"text911/engine/journal"
)

func readCall(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	mustAppend(t, j, "c2", 0, "b")
	mustAppend(t, j, "c1", 1, "c", "d")
	mustAppend(t, j, journal.PSAPLevel, 0, "p")
	for _, tt := range []struct {
		call  string
		after uint64
		limit int
		want  string
	}{
		{"c1", 0, 0, "1:a 3:c 4:d "},
		{"c1", 1, 0, "3:c 4:d "},
		{"c1", 0, 2, "1:a 3:c "},
		{"c2", 0, 0, "2:b "},
		{"c2", 2, 0, ""},
		{journal.PSAPLevel, 0, 0, "5:p "},
		{"c3", 0, 0, ""},
	} {
		got, err := j.ReadCall(ctxOf(t), PSAP, tt.call, tt.after, tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, tt.want)
	}
}

// fill appends n records "0".."n-1" of one call.
func fill(t *testing.T, j journal.Journal, n int) {
	t.Helper()
	last := uint64(0)
	for i := 0; i < n; {
		var batch []journal.Record
		for ; i < n && len(batch) < 500; i++ {
			batch = append(batch, Rec("fill", fmt.Sprint(i)))
		}
		seqs, err := j.Append(ctxOf(t), PSAP, "fill", last, batch)
		if err != nil {
			t.Fatal(err)
		}
		last = seqs[len(seqs)-1]
	}
}

func readLimit(t *testing.T, j journal.Journal) {
	fill(t, j, 1500)
	for _, tt := range []struct {
		after       uint64
		limit, want int
	}{{0, 0, journal.DefaultReadLimit}, {0, 7, 7}, {0, 5000, 1500}, {1499, 0, 1}, {1500, 0, 0}, {9999, 0, 0}} {
		got, err := j.Read(ctxOf(t), PSAP, tt.after, tt.limit)
		if err != nil || len(got) != tt.want {
			t.Fatalf("after %d limit %d: got %d records, %v", tt.after, tt.limit, len(got), err)
		}
		for i, r := range got {
			if r.Seq != tt.after+uint64(i)+1 {
				t.Fatalf("got sequence %d", r.Seq)
			}
		}
	}
}

func replay(t *testing.T, j journal.Journal) {
	if err := j.Replay(ctxOf(t), PSAP, 0, func(journal.Stored) error { return errors.New("called") }); err != nil {
		t.Fatalf("empty: %v", err)
	}
	const n = 4500 // more than a reader asks for ahead
	fill(t, j, n)
	for _, after := range []uint64{0, n - 1, n, n + 1000} {
		next := after + 1
		err := j.Replay(ctxOf(t), PSAP, after, func(r journal.Stored) error {
			if r.Seq != next || r.ID != fmt.Sprint(next-1) {
				return fmt.Errorf("got sequence %d, want %d", r.Seq, next)
			}
			next++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if next != max(n+1, after+1) {
			t.Fatalf("ended before %d", next)
		}
	}
}

func replayStops(t *testing.T, j journal.Journal) {
	fill(t, j, 10)
	enough := errors.New("enough")
	n := 0
	err := j.Replay(ctxOf(t), PSAP, 0, func(journal.Stored) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 3 {
		t.Fatalf("got %v after %d records", err, n)
	}
}

func bounds(t *testing.T, j journal.Journal) {
	b, err := j.Bounds(ctxOf(t), PSAP)
	if err != nil || b.First != 1 || b.Last != 0 || b.Epoch == "" {
		t.Fatalf("empty: %+v, %v", b, err)
	}
	fill(t, j, 3)
	if err := j.Open(ctxOf(t), PSAP); err != nil {
		t.Fatal(err)
	}
	b2, err := j.Bounds(ctxOf(t), PSAP)
	if err != nil || b2.First != 1 || b2.Last != 3 || b2.Epoch != b.Epoch {
		t.Fatalf("filled: %+v, %v", b2, err)
	}
	if err := j.Open(ctxOf(t), "second"); err != nil {
		t.Fatal(err)
	}
	if b3, err := j.Bounds(ctxOf(t), "second"); err != nil || b3.Epoch == b.Epoch {
		t.Fatalf("two streams have the epoch %q, %v", b3.Epoch, err)
	}
}

// collect takes records from c until it has seen last, and checks that none
// is missing or repeated.
func collect(t *testing.T, c journal.Cursor, after, last uint64) {
	t.Helper()
	for after < last {
		got, err := c.Next(ctxOf(t))
		if err != nil {
			t.Fatalf("next behind %d: %v", after, err)
		}
		if len(got) == 0 {
			t.Fatal("next returned nothing")
		}
		for _, r := range got {
			if r.Seq != after+1 {
				t.Fatalf("got sequence %d behind %d", r.Seq, after)
			}
			after = r.Seq
		}
		if c.Seq() != after {
			t.Fatalf("cursor says %d, delivered %d", c.Seq(), after)
		}
	}
}

func followAll(t *testing.T, j journal.Journal) {
	const n = 2*journal.DefaultReadLimit + 1
	fill(t, j, n)
	c := j.Follow(PSAP, 0)
	defer c.Close()
	collect(t, c, 0, n)
}

func followResumes(t *testing.T, j journal.Journal) {
	fill(t, j, 700)
	for _, at := range []uint64{1, 350, 699} {
		c := j.Follow(PSAP, at)
		collect(t, c, at, 700)
		c.Close()
	}
}

// followSlow: the cursor falls behind by more than the tail holds.
func followSlow(t *testing.T, j journal.Journal) {
	c := j.Follow(PSAP, 0)
	defer c.Close()
	mustAppend(t, j, "c", 0, "first")
	collect(t, c, 0, 1)
	const n = journal.DefaultReadLimit + 500
	fill(t, j, n)
	collect(t, c, 1, n+1)
}

func followLive(t *testing.T, j journal.Journal) {
	const writers, each = 16, 30
	var writing, reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			c := j.Follow(PSAP, 0)
			defer c.Close()
			next := uint64(1)
			for next <= writers*each {
				got, err := c.Next(ctxOf(t))
				if err != nil {
					t.Errorf("next: %v", err)
					return
				}
				for _, r := range got {
					if r.Seq != next {
						t.Errorf("got sequence %d, want %d", r.Seq, next)
						return
					}
					next++
				}
			}
		})
	}
	for i := range writers {
		writing.Go(func() {
			call, last := fmt.Sprintf("c%d", i), uint64(0)
			for n := range each {
				seqs, err := j.Append(ctxOf(t), PSAP, call, last, recs(call, fmt.Sprintf("%d.%d", i, n)))
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				last = seqs[0]
			}
		})
	}
	writing.Wait()
	reading.Wait()
}

func followEnds(t *testing.T, j journal.Journal) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg, last sync.WaitGroup
	byCtx, byClose, byJournal := j.Follow(PSAP, 0), j.Follow(PSAP, 0), j.Follow(PSAP, 0)
	wg.Go(func() {
		if _, err := byCtx.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("context: %v", err)
		}
	})
	wg.Go(func() {
		if _, err := byClose.Next(context.Background()); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("close: %v", err)
		}
	})
	last.Go(func() {
		if _, err := byJournal.Next(context.Background()); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("journal: %v", err)
		}
	})
	cancel()
	byClose.Close()
	wg.Wait()
	if err := j.Close(ctxOf(t)); err != nil {
		t.Error(err)
	}
	last.Wait()
}

func escaped(t *testing.T, j journal.Journal) {
	call := "a.b *>$ü="
	mustAppend(t, j, call, 0, "x")
	mustAppend(t, j, call, 1, "y", "z")
	got, err := j.ReadCall(ctxOf(t), PSAP, call, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, "1:x 2:y 3:z ")
	if got[0].Call != call {
		t.Fatal("the call's id came back changed")
	}
}

func apart(t *testing.T, j journal.Journal) {
	if err := j.Open(ctxOf(t), "other.example"); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, j, "c1", 0, "a")
	seqs, err := j.Append(ctxOf(t), "other.example", "c1", 0, recs("c1", "a"))
	if err != nil || seqs[0] != 1 {
		t.Fatalf("got %v, %v", seqs, err)
	}
	want(t, mustRead(t, j), "1:a ")
}
