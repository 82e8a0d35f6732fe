package msrptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// LoadSession is one connection of a Load with its requests.
type LoadSession struct {
	// Conn is the connection, open and, for MSRP, bound.
	Conn net.Conn
	// To and From are the path headers' values.
	To, From string
	// Body is the text of each SEND.
	Body string
	// Echo tells that the other side returns the octets it gets (see Echo)
	// instead of a response.
	Echo bool
}

// Load sends whole messages with one request outstanding per session, each
// under a new transaction id and Message-ID, and waits for each response. It
// costs one write and one read per exchange and no allocation, like a raw echo
// client, so that what it measures is the other side.
type Load struct {
	Sessions []LoadSession
	// Total ends the run after that many exchanges; 0 runs until the context
	// ends.
	Total int64
}

// LoadResult is what a run saw.
type LoadResult struct {
	// Exchanges were completed, Failed got another response than 200.
	Exchanges, Failed int64
	// Elapsed is the time of the whole run.
	Elapsed time.Duration
	// Latency holds the time from write to response of every exchange.
	Latency Histogram
}

// PerSecond is the rate of completed exchanges.
func (r *LoadResult) PerSecond() float64 { return float64(r.Exchanges) / r.Elapsed.Seconds() }

// Run drives all sessions until Total exchanges are done or ctx ends, and waits
// for all of them. The first error of a connection ends the run; an end of ctx
// is none.
func (l *Load) Run(ctx context.Context) (*LoadResult, error) {
	runs := make([]*loadRun, len(l.Sessions))
	for i := range l.Sessions {
		r, err := newLoadRun(&l.Sessions[i], i)
		if err != nil {
			return nil, err
		}
		runs[i] = r
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var left atomic.Int64
	left.Store(l.Total)
	var stop atomic.Bool
	unhook := context.AfterFunc(ctx, func() { stop.Store(true) })
	defer unhook()
	var all sync.WaitGroup
	start := time.Now()
	for _, r := range runs {
		all.Go(func() {
			if err := r.loop(&left, l.Total > 0, &stop); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	result := &LoadResult{Elapsed: time.Since(start)}
	for _, r := range runs {
		result.Exchanges += r.done
		result.Failed += r.failed
		result.Latency.Add(&r.latency)
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return result, err
	}
	return result, nil
}

// idDigits is the length of the counted part of ids.
const idDigits = 10

// loadRun is one session at work.
type loadRun struct {
	conn         net.Conn
	request      []byte
	counters     [][]byte // the places in request that count up
	response     int      // length of a response, learned from the first
	echo         bool
	buf          []byte
	done, failed int64
	latency      Histogram
}

func newLoadRun(s *LoadSession, index int) (*loadRun, error) {
	zero := strings.Repeat("0", idDigits)
	prefix := fmt.Sprintf("t%05d", index)
	text := Send(prefix+zero, s.To, s.From, "m"+prefix+zero, s.Body)
	if strings.Contains(s.To+s.From+s.Body, prefix+zero) {
		return nil, errors.New("msrptest: body or path looks like a transaction id")
	}
	r := &loadRun{conn: s.Conn, request: []byte(text), echo: s.Echo, buf: make([]byte, max(4096, len(text)))}
	for at := 0; ; {
		i := bytes.Index(r.request[at:], []byte(prefix+zero))
		if i < 0 {
			break
		}
		at += i + len(prefix)
		r.counters = append(r.counters, r.request[at:at+idDigits])
	}
	if s.Echo {
		r.response = len(r.request)
	}
	return r, nil
}

// next counts all ids of the request up by one, in place.
func (r *loadRun) next() {
	for _, c := range r.counters {
		for i := idDigits - 1; i >= 0; i-- {
			if c[i] != '9' {
				c[i]++
				break
			}
			c[i] = '0'
		}
	}
}

func (r *loadRun) loop(left *atomic.Int64, limited bool, stop *atomic.Bool) error {
	if r.response == 0 {
		if err := r.learn(); err != nil {
			return err
		}
	}
	last := time.Now()
	for !stop.Load() && !(limited && left.Add(-1) < 0) {
		r.next()
		if _, err := r.conn.Write(r.request); err != nil {
			return err
		}
		n, err := io.ReadAtLeast(r.conn, r.buf, r.response)
		if err != nil {
			return err
		}
		now := time.Now()
		r.latency.Record(now.Sub(last))
		last = now
		r.done++
		if !r.echo && (n != r.response || !r.accepted()) {
			r.failed++
			if n > r.response {
				return fmt.Errorf("msrptest: %d octets more than a response", n-r.response)
			}
		}
	}
	return nil
}

// accepted checks id and code where they stand in a response: "MSRP id 200 ".
func (r *loadRun) accepted() bool {
	id := len("MSRP ") + len("t00000") + idDigits
	return bytes.Equal(r.buf[:id], r.request[:id]) && string(r.buf[id:id+5]) == " 200 "
}

// learn makes one exchange to see how long a response is; all have equal ids.
func (r *loadRun) learn() error {
	p := NewPeer(r.conn)
	r.next()
	if err := p.Write(string(r.request)); err != nil {
		return err
	}
	f, err := p.Next()
	if err != nil {
		return err
	}
	if f.Code != 200 {
		return fmt.Errorf("msrptest: first SEND answered %d", f.Code)
	}
	r.response = len(f.Raw)
	return r.conn.SetReadDeadline(time.Time{})
}

// Histogram counts durations in buckets of about 6 % width.
type Histogram struct {
	buckets [64 * 16]uint64
	count   uint64
}

func bucketOf(d time.Duration) int {
	v := uint64(max(d, 1))
	e := bits.Len64(v) - 1
	if e < 4 {
		return int(v)
	}
	return e<<4 | int(v>>(e-4)&15)
}

// Record counts one duration.
func (h *Histogram) Record(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.count++
}

// Add adds another histogram's counts.
func (h *Histogram) Add(other *Histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.count += other.count
}

// Quantile is the duration that the share q (0 to 1) of all does not exceed, to
// the width of a bucket; 0 when nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.count))
	var seen uint64
	for i, n := range h.buckets {
		if seen += n; seen > rank || (n > 0 && seen == h.count) {
			if i < 64 {
				return time.Duration(i)
			}
			e := i >> 4
			return time.Duration(1)<<e + time.Duration(i&15)<<(e-4)
		}
	}
	return 0
}

// Echo returns every octet it gets on every connection of the listener, until
// the listener is closed; it then closes its connections and returns.
func Echo(l net.Listener) {
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var all sync.WaitGroup
	for {
		c, err := l.Accept()
		if err != nil {
			break
		}
		mu.Lock()
		open[c] = true
		mu.Unlock()
		all.Go(func() {
			buf := make([]byte, 4096)
			for {
				n, err := c.Read(buf)
				if err != nil {
					break
				}
				if _, err := c.Write(buf[:n]); err != nil {
					break
				}
			}
			c.Close()
			mu.Lock()
			delete(open, c)
			mu.Unlock()
		})
	}
	mu.Lock()
	for c := range open {
		c.Close()
	}
	mu.Unlock()
	all.Wait()
}
