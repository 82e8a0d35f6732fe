package journal_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"text911/engine/journal"
	"text911/engine/journal/journaltest"
)

// body is a record of the usual size, about 600 bytes.
var benchBody = func() []byte {
	b := make([]byte, 600)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	return b
}()

// benchAppend lets writers, each with its own call, append perAppend records
// at a time.
func benchAppend(b *testing.B, j journal.Journal, writers, perAppend int) {
	ctx := context.Background()
	var n atomic.Int64
	now := time.Now()
	run := strconv.FormatInt(now.UnixNano(), 36)
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuTime()
	for w := range writers {
		wg.Go(func() {
			call := fmt.Sprintf("%s%s%04d", "01J0000000", run, w)
			last := uint64(0)
			for n.Add(int64(perAppend)) <= int64(b.N) || last == 0 && w == 0 {
				recs := make([]journal.Record, perAppend)
				for i := range recs {
					recs[i] = journal.Record{ID: call + strconv.FormatUint(last+uint64(i), 10), Call: call,
						Kind: "message.received", Time: now, Data: benchBody}
				}
				seqs, err := j.Append(ctx, journaltest.PSAP, call, last, recs)
				if err != nil {
					b.Errorf("append: %v", err)
					return
				}
				last = seqs[len(seqs)-1]
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	st := j.Stats()
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/1000/float64(st.Records), "cpu-us/record")
	b.ReportMetric(float64(st.Records)/b.Elapsed().Seconds(), "records/s")
	if st.Batches > 0 {
		b.ReportMetric(float64(st.Records-st.Singles)/float64(st.Batches), "records/batch")
	}
	if st.Fallbacks > 0 || st.Retries > 0 {
		b.Errorf("%d fallbacks, %d retries", st.Fallbacks, st.Retries)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 10, 100, 1000} {
		b.Run(strconv.Itoa(writers), func(b *testing.B) {
			benchAppend(b, start(b, journal.Config{Dir: b.TempDir()}), writers, 1)
		})
	}
}

// BenchmarkAppendThree appends three records at a time.
func BenchmarkAppendThree(b *testing.B) {
	for _, writers := range []int{1, 100, 1000} {
		b.Run(strconv.Itoa(writers), func(b *testing.B) {
			benchAppend(b, start(b, journal.Config{Dir: b.TempDir()}), writers, 3)
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	j := start(b, journal.Config{Dir: b.TempDir()})
	ctx := context.Background()
	for i := 0; i < b.N; {
		var recs []journal.Record
		for ; i < b.N && len(recs) < 1000; i++ {
			recs = append(recs, journal.Record{ID: "id" + strconv.Itoa(i), Call: "c" + strconv.Itoa(i/1000), Kind: "message.received", Time: time.Now(), Data: benchBody})
		}
		for i := range recs {
			recs[i].Call = recs[0].Call
		}
		if _, err := j.Append(ctx, journaltest.PSAP, recs[0].Call, journal.NoFence, recs); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	if err := j.Replay(ctx, journaltest.PSAP, 0, func(journal.Stored) error { n++; return nil }); err != nil || n != b.N {
		b.Fatalf("%d of %d records: %v", n, b.N, err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// cpuTime is what the process has used of all processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAppendPaced lets 100 calls append 1,000 records a second together
// and reports how long an Append takes: at this rate groups are small and the
// latency counts.
func BenchmarkAppendPaced(b *testing.B) {
	const calls, rate = 100, 1000
	j := start(b, journal.Config{Dir: b.TempDir()})
	ctx := context.Background()
	jobs := make(chan int, b.N)
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	for c := range calls {
		wg.Go(func() {
			call, last := fmt.Sprintf("c%03d", c), uint64(0)
			for n := range jobs {
				at := time.Now()
				seqs, err := j.Append(ctx, journaltest.PSAP, call, last, []journal.Record{{ID: "id" + strconv.Itoa(n),
					Call: call, Kind: "message.received", Time: at, Data: benchBody}})
				if err != nil {
					b.Errorf("append: %v", err)
					return
				}
				last, took[n] = seqs[0], time.Since(at)
			}
		})
	}
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	b.ResetTimer()
	for n := range b.N {
		<-tick.C
		jobs <- n
	}
	close(jobs)
	wg.Wait()
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(took[(b.N-1)*p/100].Microseconds()), fmt.Sprintf("p%d-us", p))
	}
	st := j.Stats()
	b.ReportMetric(float64(st.Batches), "batches")
}
