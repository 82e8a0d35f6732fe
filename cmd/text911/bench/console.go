package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"text911/callmodel"
	"text911/engine/msrp/msrptest"
	"text911/psap/psaptest"
)

const (
	paceSessions = 100
	paceRate     = 1000 // messages a second over all sessions
)

// console measures from the SEND leaving the texter to the console having read the frame, at a
// steady rate. The body carries the number of the message, by which the two ends are matched.
func console(ctx context.Context, w io.Writer, o Options) error {
	e, err := newEngine(ctx, o.Dir, paceSessions)
	if err != nil {
		return err
	}
	defer e.close()
	s := &screen{sent: make([]time.Time, 0, 1<<16)}
	c, err := psaptest.Dial(ctx, psaptest.Config{URL: "ws://" + e.daemon.Addresses().Console + "/v1/ws", PSAP: "psap.example", Agent: "bench"}, nil)
	if err != nil {
		return err
	}
	if _, err := c.Start(ctx); err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var reader sync.WaitGroup
	reader.Go(func() { s.read(reading, c) })
	err = s.send(ctx, e.sessions, o.Time)
	s.wait(ctx)
	stop()
	reader.Wait()
	c.Close()
	if err != nil {
		return err
	}
	if s.seen < len(s.sent) {
		return fmt.Errorf("%d of %d texts reached the console", s.seen, len(s.sent))
	}
	fmt.Fprintf(w, "SEND to console frame at %d texts/s over %d sessions: p50 %s, p99 %s, worst %s (%d texts)\n",
		paceRate, paceSessions, short(s.latency.Quantile(0.5)), short(s.latency.Quantile(0.99)), short(s.worst), s.seen)
	return nil
}

// screen matches what was sent with what a console saw.
type screen struct {
	mu      sync.Mutex
	sent    []time.Time
	seen    int
	worst   time.Duration
	latency msrptest.Histogram
}

// send keeps the rate whatever the answers take; a session's next text waits for its last answer.
func (s *screen) send(ctx context.Context, sessions []msrptest.LoadSession, d time.Duration) error {
	peers := make([]*msrptest.Peer, len(sessions))
	for i := range sessions {
		peers[i] = msrptest.NewPeer(sessions[i].Conn)
	}
	failed := make(chan error, len(sessions))
	var senders sync.WaitGroup
	jobs := make([]chan int, len(sessions))
	for i := range sessions {
		jobs[i] = make(chan int, 4)
		senders.Go(func() {
			for n := range jobs[i] {
				if err := s.one(peers[i], &sessions[i], n); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	tick := time.NewTicker(time.Second / paceRate)
	defer tick.Stop()
	for n := range int(d.Seconds() * paceRate) {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		select {
		case jobs[n%len(jobs)] <- n:
		case err := <-failed:
			failed <- err
		case <-ctx.Done():
		}
	}
	for _, j := range jobs {
		close(j)
	}
	senders.Wait()
	close(failed)
	return errors.Join(ctx.Err(), <-failed)
}

func (s *screen) one(p *msrptest.Peer, to *msrptest.LoadSession, _ int) error {
	s.mu.Lock()
	n := len(s.sent)
	s.sent = append(s.sent, time.Now())
	s.mu.Unlock()
	id := fmt.Sprintf("paced%09d", n)
	body := fmt.Sprintf("%09d ", n) + text[10:]
	if err := p.Write(msrptest.Send(id, to.To, to.From, id, body)); err != nil {
		return err
	}
	f, err := p.Response(id)
	if err == nil && f.Code != 200 {
		err = fmt.Errorf("text answered %d", f.Code)
	}
	return err
}

func (s *screen) read(ctx context.Context, c *psaptest.Console) {
	for {
		f, err := c.Next(ctx)
		if err != nil {
			return
		}
		now := time.Now()
		if f.Op != "event" || f.Event.Kind() != callmodel.KindMessageReceived {
			continue
		}
		var d callmodel.MessageReceived
		if f.Event.Into(&d) != nil {
			continue
		}
		digits, _, _ := strings.Cut(d.Content.Text.Reveal(), " ")
		n, err := strconv.Atoi(digits)
		if err != nil {
			continue
		}
		s.mu.Lock()
		if n < len(s.sent) {
			took := now.Sub(s.sent[n])
			s.seen++
			s.latency.Record(took)
			s.worst = max(s.worst, took)
		}
		s.mu.Unlock()
	}
}

// wait gives the last frames two seconds.
func (s *screen) wait(ctx context.Context) {
	for range 40 {
		s.mu.Lock()
		done := s.seen >= len(s.sent)
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}
