package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testPSAP = "psap.example"

func startInner(t *testing.T, cfg Config) *JetStream {
	t.Helper()
	if cfg.Dir == "" && cfg.URL == "" {
		cfg.Dir = Scratch(t)
	}
	if cfg.MaxStore == 0 {
		cfg.MaxStore = 1 << 30
	}
	if cfg.MinFree == 0 {
		cfg.MinFree = -1
	}
	cfg.Ballast = -1
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	j, err := Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		j.Close(ctx)
	})
	if err := j.Open(ctx, testPSAP); err != nil {
		t.Fatal(err)
	}
	return j
}

func testRec(call, id string) Record {
	return Record{ID: id, Call: call, Kind: "message.received", Time: time.UnixMilli(1), Data: []byte("{}")}
}

// appendAll lets writers append each records of their own calls and returns
// when all are acknowledged.
func appendAll(t *testing.T, j *JetStream, writers, each, perAppend int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			call, last := fmt.Sprintf("c%d", w), uint64(0)
			for n := range each {
				recs := make([]Record, perAppend)
				for i := range recs {
					recs[i] = testRec(call, fmt.Sprintf("%d.%d.%d", w, n, i))
				}
				seqs, err := j.Append(ctx, testPSAP, call, last, recs)
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				last = seqs[len(seqs)-1]
			}
		})
	}
	wg.Wait()
}

// checkLog verifies that the log has want records, each once, in a row.
func checkLog(t *testing.T, j *JetStream, want int) {
	t.Helper()
	seen := map[string]bool{}
	next := uint64(1)
	err := j.Replay(context.Background(), testPSAP, 0, func(r Stored) error {
		if r.Seq != next || seen[r.ID] {
			return fmt.Errorf("sequence %d behind %d, repeated %v", r.Seq, next-1, seen[r.ID])
		}
		seen[r.ID] = true
		next++
		return nil
	})
	if err != nil || len(seen) != want {
		t.Fatalf("%d records, want %d: %v", len(seen), want, err)
	}
}

// The embedded server is opened anew again and again while many append: no
// Append fails, nothing is lost or doubled, a follower misses nothing.
func TestReopenWhileAppending(t *testing.T) {
	t.Parallel()
	// The monitor, which would open it anew as well, does not get to look.
	j := startInner(t, Config{AckWait: 20 * time.Second, CheckEvery: time.Hour})
	const writers, each, per = 20, 30, 2
	var wg sync.WaitGroup
	var over atomic.Bool
	wg.Go(func() {
		for range 3 {
			for at := j.Stats().Records; j.Stats().Records < at+200 && !over.Load(); {
				time.Sleep(time.Millisecond)
			}
			if err := j.node.open(); err != nil {
				t.Errorf("open anew: %v", err)
			}
		}
	})
	wg.Go(func() {
		c := j.Follow(testPSAP, 0)
		defer c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for next := uint64(1); next <= writers*each*per; {
			recs, err := c.Next(ctx)
			if errors.Is(err, ErrUnavailable) {
				continue
			}
			if err != nil {
				t.Errorf("follow: %v", err)
				return
			}
			for _, r := range recs {
				if r.Seq != next {
					t.Errorf("followed %d, want %d", r.Seq, next)
					return
				}
				next++
			}
		}
	})
	appendAll(t, j, writers, each, per)
	over.Store(true)
	wg.Wait()
	checkLog(t, j, writers*each*per)
}

// A repeat is recognized after a restart, by id and by place.
func TestRepeatAfterRestart(t *testing.T) {
	t.Parallel()
	dir := Scratch(t)
	ctx := context.Background()
	j := startInner(t, Config{Dir: dir})
	recs := []Record{testRec("c", "a"), testRec("c", "b")}
	first, err := j.Append(ctx, testPSAP, "c", 0, recs)
	if err != nil {
		t.Fatal(err)
	}
	before, err := j.Bounds(ctx, testPSAP)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(ctx); err != nil {
		t.Fatal(err)
	}
	j = startInner(t, Config{Dir: dir})
	again, err := j.Append(ctx, testPSAP, "c", 0, recs)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(first) {
		t.Fatalf("got %v, %v, want %v", again, err, first)
	}
	if after, err := j.Bounds(ctx, testPSAP); err != nil || after != before {
		t.Fatalf("bounds %+v became %+v, %v", before, after, err)
	}
	checkLog(t, j, 2)
}

// Beyond the server's memory of ids, the call's log itself tells a repeat.
func TestRepeatBeyondDedupe(t *testing.T) {
	t.Parallel()
	j := startInner(t, Config{Dedupe: 100 * time.Millisecond})
	ctx := context.Background()
	appends := [][]Record{{testRec("c", "a")}, {testRec("d", "b"), testRec("d", "c")}}
	var first [2][]uint64
	for i, recs := range appends {
		var err error
		if first[i], err = j.Append(ctx, testPSAP, recs[0].Call, 0, recs); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond) // the server's clock, not ours
	for i, recs := range appends {
		again, err := j.Append(ctx, testPSAP, recs[0].Call, 0, recs)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(first[i]) {
			t.Fatalf("append %d: got %v, %v, want %v", i, again, err, first[i])
		}
	}
	checkLog(t, j, 3)
}
