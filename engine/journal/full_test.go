package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"text911/engine/journal"
	"text911/engine/journal/journaltest"
)

// fillUp appends until the journal refuses and returns the ids acknowledged.
func fillUp(t *testing.T, j journal.Journal, limit int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var acked []string
	last := uint64(0)
	for len(acked) < limit {
		r := journaltest.Rec("c", fmt.Sprint(len(acked)))
		r.Data = make([]byte, 100_000)
		seqs, err := j.Append(ctx, journaltest.PSAP, "c", last, []journal.Record{r})
		if errors.Is(err, journal.ErrUnavailable) {
			return acked
		}
		if err != nil {
			t.Fatalf("append %d: %v", len(acked), err)
		}
		last = seqs[0]
		acked = append(acked, r.ID)
	}
	t.Fatal("the store never became full")
	return nil
}

func allThere(t *testing.T, j journal.Journal, acked []string) uint64 {
	t.Helper()
	n, last := 0, uint64(0)
	err := j.Replay(context.Background(), journaltest.PSAP, 0, func(r journal.Stored) error {
		if n < len(acked) && r.ID != acked[n] {
			return fmt.Errorf("record %d is another", n)
		}
		n, last = n+1, r.Seq
		return nil
	})
	if err != nil || n < len(acked) {
		t.Fatalf("%d of %d acknowledged records are there: %v", n, len(acked), err)
	}
	return last
}

// The store's own limit is reached: the journal refuses, keeps what it has
// acknowledged, and goes on when it is opened with more room.
func TestStoreLimit(t *testing.T) {
	t.Parallel()
	storeLimit(t, t.TempDir(), 2<<20)
}

func storeLimit(t *testing.T, dir string, limit int64) {
	t.Helper()
	j := start(t, journal.Config{Dir: dir, MaxStore: limit})
	acked := fillUp(t, j, 1000)
	if len(acked) == 0 {
		t.Fatal("nothing fitted")
	}
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	j = start(t, journal.Config{Dir: dir, MaxStore: 4 * limit})
	last := allThere(t, j, acked)
	if _, err := j.Append(context.Background(), journaltest.PSAP, "c", last, []journal.Record{journaltest.Rec("c", "more")}); err != nil {
		t.Fatalf("with more room: %v", err)
	}
}

// smallDisk mounts a file system of its own. real is false without the right to
// do so.
func smallDisk(t *testing.T, size string) (dir string, real bool) {
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Logf("no small disk here: %v", err)
		return dir, false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir, true
}

// The disk runs full under the journal: it refuses, nothing acknowledged is
// lost, and when there is space again it stores by itself. The first round
// lets the write fail, the second refuses in time. Where no small disk can be
// mounted, the store's own limit takes its place: what is acknowledged then
// survives, though storing goes on only after a new start.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		minFree int64
	}{{"write fails", -1}, {"refused in time", 4 << 20}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, real := smallDisk(t, "24m")
			if !real {
				storeLimit(t, dir, 14<<20)
				return
			}
			hog := filepath.Join(dir, "hog")
			if err := os.WriteFile(hog, make([]byte, 10<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			j, err := journal.Start(ctx, journal.Config{Dir: filepath.Join(dir, "store"), MaxStore: 1 << 30,
				Ballast: 1 << 20, MinFree: tt.minFree, AckWait: 300 * time.Millisecond, CheckEvery: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close(ctx)
			if err := j.Open(ctx, journaltest.PSAP); err != nil {
				t.Fatal(err)
			}
			acked := fillUp(t, j, 1000)
			if err := j.Healthy(); !errors.Is(err, journal.ErrUnavailable) {
				t.Fatalf("healthy on a full disk: %v", err)
			}
			if err := os.Remove(hog); err != nil {
				t.Fatal(err)
			}
			for j.Healthy() != nil && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond) // a real disk: no fake clock here
			}
			last := allThere(t, j, acked)
			if _, err := j.Append(ctx, journaltest.PSAP, "c", last, []journal.Record{journaltest.Rec("c", "more")}); err != nil {
				t.Fatalf("with space again: %v", err)
			}
			t.Logf("%d appends of 100 kB before the disk was full, %d reopens", len(acked), j.Stats().Reopens)
		})
	}
}
