package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"text911/callmodel"
)

// nullLog stores nothing: what is measured is the engine.
type nullLog struct{ seq atomic.Uint64 }

func (l *nullLog) Append(_ context.Context, _ callmodel.PSAPID, _ callmodel.CallID, _ uint64, evs []callmodel.Event) ([]uint64, error) {
	seqs := make([]uint64, len(evs))
	for i := range seqs {
		seqs[i] = l.seq.Add(1)
	}
	return seqs, nil
}

func (l *nullLog) Replay(context.Context, callmodel.PSAPID, uint64, func(callmodel.Logged) error) error {
	return nil
}

func (l *nullLog) ReadCall(context.Context, callmodel.PSAPID, callmodel.CallID, uint64, int) ([]callmodel.Logged, error) {
	return nil, nil
}

// BenchmarkDeliver is one message of 160 octets into a call: Step, append to a log that does
// nothing, Apply.
func BenchmarkDeliver(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := start(b, &nullLog{}, nil)
			ids := make([]callmodel.CallID, n)
			for i := range ids {
				ids[i] = r.up(b, "L1")
			}
			content := callmodel.PlainText(strings.Repeat("word ", 32))
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			for i := range n {
				wg.Go(func() {
					for k := 0; left.Add(-1) >= 0; k++ {
						in := callmodel.MessageArrived{Leg: "L1", WireID: fmt.Sprintf("%016x", k), Content: content}
						if _, err := r.Deliver(b.Context(), ids[i], in); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// BenchmarkDeliverAsync is the same through DeliverAsync, one outstanding message per call.
func BenchmarkDeliverAsync(b *testing.B) {
	r := start(b, &nullLog{}, nil)
	const n = 100
	content := callmodel.PlainText(strings.Repeat("word ", 32))
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ReportAllocs()
	for range n {
		call := r.up(b, "L1")
		wg.Add(1)
		k := 0
		var again func(callmodel.Outcome, error)
		again = func(callmodel.Outcome, error) {
			if left.Add(-1) < 0 {
				wg.Done()
				return
			}
			k++
			r.DeliverAsync(call, callmodel.MessageArrived{Leg: "L1", WireID: fmt.Sprintf("%016x", k), Content: content}, again)
		}
		again(callmodel.Outcome{}, nil)
	}
	wg.Wait()
}

// BenchmarkIdleCall reports what an idle call costs in memory.
func BenchmarkIdleCall(b *testing.B) {
	r := start(b, &nullLog{}, nil)
	const n = 5000
	before, goroutines := heap(), runtime.NumGoroutine()
	for range n {
		call := r.up(b, "L1")
		claim(b, r, call, "alice")
		r.must(b, call, text("L1", "w1", "help"))
	}
	size, more := float64(heap()-before)/n, float64(runtime.NumGoroutine()-goroutines)
	for b.Loop() {
		r.Stats()
	}
	b.ReportMetric(size, "B/call")
	b.ReportMetric(more, "goroutines")
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
