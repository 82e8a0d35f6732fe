package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"text911/engine/journal"
	"text911/engine/journal/journaltest"
)

const (
	crashRounds  = 4
	crashWriters = 40
)

// TestMain lets the test binary be its own victim: started with a directory
// as argument it appends until it is killed.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "append-until-killed" {
		if err := appendUntilKilled(os.Args[2], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendUntilKilled appends one or three records at a time from many writers
// and prints the ids of every Append that was acknowledged.
func appendUntilKilled(dir string, out io.Writer) error {
	ctx := context.Background()
	j, err := journal.Start(ctx, journal.Config{Dir: dir, MaxStore: 1 << 30, Ballast: -1, MinFree: -1})
	if err != nil {
		return err
	}
	if err := j.Open(ctx, journaltest.PSAP); err != nil {
		return err
	}
	b, err := j.Bounds(ctx, journaltest.PSAP)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	failed := make(chan error, crashWriters)
	for w := range crashWriters {
		wg.Go(func() {
			call, last := fmt.Sprintf("r%d-w%d", b.Last, w), uint64(0)
			for n := 0; ; n++ {
				recs := make([]journal.Record, 1+w%2*2)
				var ids []string
				for i := range recs {
					recs[i] = journaltest.Rec(call, fmt.Sprintf("%s-%d-%d", call, n, i))
					ids = append(ids, recs[i].ID)
				}
				seqs, err := j.Append(ctx, journaltest.PSAP, call, last, recs)
				if err != nil {
					failed <- err
					return
				}
				last = seqs[len(seqs)-1]
				mu.Lock()
				fmt.Fprintln(out, strings.Join(ids, " "))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return <-failed
}

// Every acknowledged record is there exactly once after kill -9, Appends of
// several records are there whole or not at all, and the log goes on.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var acked []string
	for range crashRounds {
		acked = append(acked, killedRun(t, dir)...)
	}
	j := start(t, journal.Config{Dir: dir})
	have := map[string]int{}
	whole := map[string]int{}
	next := uint64(1)
	err := j.Replay(context.Background(), journaltest.PSAP, 0, func(r journal.Stored) error {
		if r.Seq != next {
			return fmt.Errorf("sequence %d behind %d", r.Seq, next-1)
		}
		next++
		have[r.ID]++
		whole[r.ID[:strings.LastIndexByte(r.ID, '-')]]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range acked {
		for _, id := range strings.Fields(line) {
			if have[id] != 1 {
				t.Fatalf("acknowledged record is stored %d times", have[id])
			}
		}
	}
	for name, n := range whole {
		if n != 1 && n != 3 {
			t.Fatalf("append %s has %d records", name, n)
		}
	}
	if len(acked) == 0 {
		t.Fatal("nothing was acknowledged")
	}
	t.Logf("%d appends acknowledged, %d records stored", len(acked), len(have))
}

// killedRun starts the victim, kills it after some hundred acknowledgements
// and returns the whole lines it printed.
func killedRun(t *testing.T, dir string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "append-until-killed", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	killAt := 100 + rand.IntN(1000)
	var lines []string
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break // the last line may be cut
		}
		if lines = append(lines, line); len(lines) == killAt {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(lines) < killAt {
		t.Fatalf("the victim ended by itself after %d lines: %v", len(lines), err)
	}
	return lines
}
