package transport

import (
	"context"
	"fmt"
	"net"
	"strings"
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
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) { benchLoad(b, sessionLoad(b, n, Accepted)) })
	}
}

// BenchmarkShare alternates short runs of both and reports the session layer's
// share of the raw echo, which says more than two figures of a busy machine.
func BenchmarkShare(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) {
			echo, session := echoLoad(b, n), sessionLoad(b, n, Accepted)
			rounds := int64(10)
			b.ResetTimer()
			var rate [2]float64
			for i := range 2 * rounds {
				l := []*msrptest.Load{echo, session}[i%2]
				l.Total = max(int64(b.N)/rounds/2, int64(n))
				r, err := l.Run(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				rate[i%2] += r.PerSecond() / float64(rounds)
			}
			b.ReportMetric(rate[0], "echo/s")
			b.ReportMetric(rate[1], "session/s")
			b.ReportMetric(100*rate[1]/rate[0], "%share")
		})
	}
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

func sessionLoad(b *testing.B, n int, v Verdict) *msrptest.Load {
	e, l := running(b, testConfig())
	load := &msrptest.Load{}
	for range n {
		s := newSession(b, e, l, Handler{Received: func(*Session, Message) Verdict { return v }})
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
