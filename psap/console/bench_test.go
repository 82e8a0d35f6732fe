package console_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap/floortest"
)

// Each measures, at 1,000 texts a second over 100 calls, the time from Deliver to the moment a
// console has read and decoded the frame of the text, over a real socket, with the real engine and
// the console's other end on the same CPUs. Storing is part of it.
func BenchmarkTextToFrame(b *testing.B) {
	b.Run("memory", func(b *testing.B) { measure(b, newWorld(b, nil)) })
	b.Run("disk", func(b *testing.B) {
		floor, _ := floortest.NewOnDisk(b, nil)
		w := &world{Floor: floor}
		w.serve(b, nil)
		measure(b, w)
	})
}

func measure(b *testing.B, w *world) {
	const workers, perSecond = 100, 1000
	c, _ := w.started(b, "ann")
	sent := make([]time.Time, b.N)
	stored := make([]time.Time, b.N)
	seen := make([]time.Time, b.N)
	work := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		call := w.Call(b)
		v, _ := w.Engine.View(call)
		wg.Go(func() {
			for i := range work {
				sent[i] = time.Now()
				if _, err := w.Engine.Deliver(context.Background(), call, callmodel.MessageArrived{
					Leg: v.Leg, WireID: strconv.Itoa(i), Content: callmodel.PlainText("I am at the back door, he is still inside the house"),
				}); err != nil {
					b.Error(err)
				}
				stored[i] = time.Now()
			}
		})
	}
	b.ResetTimer()
	wg.Go(func() {
		defer close(work)
		began := time.Now()
		for i := range b.N {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / perSecond)))
			work <- i
		}
	})
	for n := 0; n < b.N; {
		f, err := c.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if f.Op != "event" || f.Event.Kind() != callmodel.KindMessageReceived {
			continue
		}
		var d callmodel.MessageReceived
		if err := f.Event.Into(&d); err != nil {
			b.Fatal(err)
		}
		i, _ := strconv.Atoi(d.WireID)
		seen[i] = time.Now()
		n++
	}
	wg.Wait()
	b.StopTimer()
	report(b, "all", sent, seen)
	report(b, "after-stored", stored, seen)
}

func report(b *testing.B, name string, from, to []time.Time) {
	ms := make([]float64, len(from))
	for i := range from {
		ms[i] = float64(max(to[i].Sub(from[i]), 0)) / 1e6
	}
	slices.Sort(ms)
	b.ReportMetric(ms[len(ms)/2], name+"-p50-ms")
	b.ReportMetric(ms[len(ms)*99/100], name+"-p99-ms")
}

// How many event frames a second go out to many consoles that read as fast as they can, all ends on
// the same CPUs.
func BenchmarkFanOut(b *testing.B) {
	const consoles = 100
	w := newWorld(b, nil)
	call := w.Call(b)
	v, _ := w.Engine.View(call)
	var wg sync.WaitGroup
	for i := range consoles {
		c, _ := w.started(b, callmodel.AgentID("agent"+strconv.Itoa(i)))
		wg.Go(func() {
			for n := 0; n < b.N; {
				f, err := c.Next(b.Context())
				if err != nil {
					b.Error(err)
					return
				}
				if f.Op == "event" && f.Event.Durable() && f.Event.Call == call {
					n++
				}
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		if _, err := w.Engine.Deliver(context.Background(), call, callmodel.MessageArrived{
			Leg: v.Leg, WireID: strconv.Itoa(i), Content: callmodel.PlainText("I am at the back door, he is still inside the house"),
		}); err != nil {
			b.Fatal(err)
		}
	}
	wg.Wait()
	b.ReportMetric(float64(b.N*consoles)/b.Elapsed().Seconds(), "frames/s")
}
