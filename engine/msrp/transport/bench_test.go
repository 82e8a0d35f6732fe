package transport

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"text911/engine/msrp/msrptest"
)

// benchBody is the text of each SEND: 160 octets, one SMS.
var benchBody = strings.Repeat("0123456789abcdef", 10)

// BenchmarkEcho is the raw loopback echo of the octets that BenchmarkSession
// sends: what the machine gives with a read and a write on either side.
func BenchmarkEcho(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) { benchLoad(b, echoLoad(b, n)) })
	}
}

// BenchmarkSession is SEND to 200 through the session layer, the verdict given
// at once, one SEND outstanding per session.
func BenchmarkSession(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) { benchLoad(b, sessionLoad(b, n, accept)) })
	}
}

// BenchmarkShare alternates short runs of both and reports the session layer's
// share of the raw echo, by exchanges per second and by processor time for each
// (client and server together), which a busy machine disturbs less.
func BenchmarkShare(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) {
			echo, session := echoLoad(b, n), sessionLoad(b, n, accept)
			rounds := int64(10)
			b.ResetTimer()
			var rate, cost [2]float64
			for i := range 2 * rounds {
				l := []*msrptest.Load{echo, session}[i%2]
				l.Total = max(int64(b.N)/rounds/2, int64(n))
				before := processorTime(b)
				r, err := l.Run(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				rate[i%2] += r.PerSecond() / float64(rounds)
				cost[i%2] += float64(processorTime(b)-before) / float64(r.Exchanges) / float64(rounds)
			}
			b.ReportMetric(rate[0], "echo/s")
			b.ReportMetric(rate[1], "session/s")
			b.ReportMetric(100*rate[1]/rate[0], "%share")
			b.ReportMetric(cost[0], "echo-cpu-ns")
			b.ReportMetric(cost[1], "session-cpu-ns")
			b.ReportMetric(100*cost[0]/cost[1], "%cpu-share")
		})
	}
}

// BenchmarkLater is BenchmarkSession with verdicts that another goroutine gives
// later, as a log does.
func BenchmarkLater(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) {
			owed := make(chan Message, 4096)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for m := range owed {
					m.Accept()
				}
			}()
			b.Cleanup(func() { close(owed); <-ended })
			benchLoad(b, sessionLoad(b, n, func(_ *Session, m Message) Verdict { owed <- m; return Later }))
		})
	}
}

// BenchmarkIdle reports the memory of one idle, bound session with its
// connection, beside that of one idle connection of the echo server; each figure
// holds the client's half as well.
func BenchmarkIdle(b *testing.B) {
	const n = 2000
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	for range b.N {
		start := inUse()
		echo := echoLoad(b, n)
		middle := inUse()
		load := sessionLoad(b, n, accept)
		load.Total = 2 * n // every session has had a message
		if _, err := load.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
		end := inUse()
		b.ReportMetric(float64(middle-start)/n, "echo-B/conn")
		b.ReportMetric(float64(end-middle)/n, "session-B/conn")
		runtime.KeepAlive(echo)
	}
}

func accept(*Session, Message) Verdict { return Accepted }

// processorTime is what this process has used, in nanoseconds.
func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func benchLoad(b *testing.B, load *msrptest.Load) {
	load.Total = int64(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	r, err := load.Run(context.Background())
	b.StopTimer()
	if err != nil || r.Failed > 0 {
		b.Fatalf("%v, %d failed", err, r.Failed)
	}
	b.ReportMetric(r.PerSecond(), "exchanges/s")
	b.ReportMetric(float64(r.Latency.Quantile(0.99).Microseconds()), "p99-µs")
}

func echoLoad(b *testing.B, n int) *msrptest.Load {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); msrptest.Echo(l) }()
	b.Cleanup(func() { l.Close(); <-ended })
	load := &msrptest.Load{}
	to := "msrp://127.0.0.1:2855/Lq9Tn2Xw7Vb4Rk8Zp3HdAb12;tcp"
	for range n {
		load.Sessions = append(load.Sessions, msrptest.LoadSession{
			Conn: connect(b, l.Addr()), To: to, From: peerURI, Body: benchBody, Echo: true})
	}
	return load
}

func sessionLoad(b *testing.B, n int, received func(*Session, Message) Verdict) *msrptest.Load {
	e, l := running(b, testConfig())
	load := &msrptest.Load{}
	for range n {
		s := newSession(b, e, l, Handler{Received: received})
		setPeer(b, s, peerURI)
		load.Sessions = append(load.Sessions, msrptest.LoadSession{
			Conn: connect(b, l.Addr()), To: s.URI().Wire(), From: peerURI, Body: benchBody})
	}
	return load
}

func connect(b *testing.B, a net.Addr) net.Conn {
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}
