package leg_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"text911/engine/leg"
	"text911/esrp"
	"text911/esrp/esrptest"
)

// BenchmarkTexts is the whole way of a text over loopback sockets with the log in memory: SEND,
// wrapper, engine, log, 200, success REPORT; one outstanding per session.
func BenchmarkTexts(b *testing.B) {
	for _, m := range []struct {
		name     string
		sessions int
		mode     esrptest.Mode
	}{{"plain/1", 1, esrptest.Mode{Plain: true}}, {"plain/100", 100, esrptest.Mode{Plain: true}}, {"cpim/100", 100, esrptest.Mode{}}} {
		b.Run(m.name, func(b *testing.B) {
			r := newRig(b, options{answer: esrp.AnswerAtOnce, quiet: true})
			n := r.network(nil)
			texters := make([]*esrptest.Texter, m.sessions)
			for i := range texters {
				texters[i] = n.Texter(esrptest.Caller{}, m.mode)
				r.ok(texters[i].Invite(r.ctx()))
			}
			each := b.N/m.sessions + 1
			text := esrptest.Load{}.Text(1, 1)
			done := make(chan error, len(texters))
			b.ReportAllocs()
			b.ResetTimer()
			for _, x := range texters {
				go func() {
					for range each {
						if err := x.Send(context.Background(), text); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range texters {
				r.ok(<-done)
			}
			b.StopTimer()
			b.ReportMetric(float64(each*m.sessions)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}

// BenchmarkIdleCalls is what an idle call costs in memory: SIP dialog, MSRP session and connection,
// leg and actor, beside the log's own copy; the texters' own side is measured apart and left out.
func BenchmarkIdleCalls(b *testing.B) {
	for range b.N {
		const calls = 5000
		r := newRig(b, options{answer: esrp.AnswerAtOnce, quiet: true, change: func(c *leg.Config) { c.MaxLegs = 2 * calls }})
		n := r.network(nil)
		before := heap()
		started := time.Now()
		accounts := make(chan error, calls)
		gate := make(chan struct{}, 64)
		for range calls {
			gate <- struct{}{}
			go func() {
				defer func() { <-gate }()
				x := n.Texter(esrptest.Caller{}, esrptest.Mode{})
				if err := x.Invite(context.Background()); err != nil {
					accounts <- err
					return
				}
				accounts <- x.Send(context.Background(), "hello")
			}()
		}
		for range calls {
			r.ok(<-accounts)
		}
		b.ReportMetric(float64(calls)/time.Since(started).Seconds(), "calls/s")
		both := heap() - before
		b.ReportMetric(float64(both)/calls, "B/call-both-sides")
		b.ReportMetric(float64(runtime.NumGoroutine())/calls, "goroutines/call")
		if legs := r.gateway.Legs(); legs != calls {
			b.Errorf("%d legs", legs)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
