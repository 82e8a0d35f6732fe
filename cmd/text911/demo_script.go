package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
	"text911/esrp/esrptest"
	"text911/psap/psaptest"
)

// summary is what demo --script prints. Latency is from the texter's SEND to the call taker's
// console having the event, in milliseconds.
type summary struct {
	Calls          int     `json:"calls"`
	MessagesIn     int     `json:"messages_in"`
	MessagesOut    int     `json:"messages_out"`
	Lost           int     `json:"lost"`
	Duplicated     int     `json:"duplicated"`
	Misordered     int     `json:"misordered"`
	Unacknowledged int     `json:"unacknowledged"`
	Unfinished     int     `json:"unfinished"` // texters whose script did not come to its end
	EventsMissing  uint64  `json:"events_missing"`
	EventsRepeated int     `json:"events_repeated"`
	P50            float64 `json:"p50_ms"`
	P99            float64 `json:"p99_ms"`
}

// clean reports that nothing was lost, duplicated or misordered, on the wire or on the console.
func (s *summary) clean() bool {
	return s.Lost+s.Duplicated+s.Misordered+s.Unfinished+s.EventsRepeated == 0 && s.EventsMissing == 0 && s.Calls > 0
}

// scriptRun plays load and stories over the real sockets against an automatic call taker, and
// compares what each side has.
type scriptRun struct {
	calls, messages int

	mu    sync.Mutex
	lines map[string][]line             // by the texter's SIP Call-ID: what the console saw, in its order
	said  map[callmodel.CallID][]*reply // replies that were stored, in the log's order
	state map[callmodel.MessageID]*reply
	names map[callmodel.CallID]string // SIP Call-ID of a call
}

// reply is a text of the call taker's, and whether the log has proof that it arrived.
type reply struct {
	text      string
	delivered bool
}

type line struct {
	text string
	at   time.Time
}

func (r *scriptRun) run(ctx context.Context, cfg config.Config, log *slog.Logger) (*summary, error) {
	d, err := daemon.New(ctx, cfg, version, log)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	failed := make(chan error, 3)
	launch := func(f func(context.Context) error) {
		work.Go(func() {
			if err := f(running); err != nil && running.Err() == nil {
				failed <- err
			}
		})
	}
	defer work.Wait()
	defer stop()
	launch(d.Run)
	if err := d.AwaitReady(ctx); err != nil {
		return nil, err
	}
	network, err := esrptest.New(esrptest.Config{Target: sipTarget(d.Addresses())})
	if err != nil {
		return nil, err
	}
	launch(network.Run)
	r.lines, r.said, r.names = map[string][]line{}, map[callmodel.CallID][]*reply{}, map[callmodel.CallID]string{}
	r.state = map[callmodel.MessageID]*reply{}
	taker := r.taker(d.Addresses())
	launch(taker.Run)
	for taker.Stats().Cursor.Durable == 0 { // its own agent.changed: from here on it sees everything
		if err := esrptest.Wait(ctx, 10*time.Millisecond); err != nil {
			return nil, errors.Join(errors.New("the call taker did not come"), err)
		}
	}
	accounts := r.play(ctx, network)
	if err := r.settle(ctx, taker); err != nil {
		return nil, err
	}
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	return r.sum(accounts, taker.Stats()), nil
}

func (r *scriptRun) taker(a daemon.Addresses) *psaptest.AutoTaker {
	n := 0
	return psaptest.NewAutoTaker(psaptest.AutoTakerConfig{
		Console: psaptest.Config{URL: "ws://" + a.Console + "/v1/ws", PSAP: "psap.example", Agent: "robot", CanRing: true},
		Reply: func(_ callmodel.CallID, m callmodel.MessageReceived) string {
			n++
			return fmt.Sprintf("Reply %d: I have your text number %d.", n, m.Number)
		},
		Seen: r.saw,
	})
}

// saw notes what the console was told.
func (r *scriptRun) saw(e *psaptest.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Kind() {
	case callmodel.KindCallOffered:
		var d callmodel.CallOffered
		if e.Into(&d) == nil {
			r.names[e.Call] = d.IDs.SIPCallID
		}
	case callmodel.KindMessageReceived:
		var d callmodel.MessageReceived
		if e.Into(&d) == nil {
			sip := r.names[e.Call]
			r.lines[sip] = append(r.lines[sip], line{d.Content.Text.Reveal(), time.Now()})
		}
	case callmodel.KindMessageQueued:
		var d callmodel.MessageQueued
		if e.Into(&d) == nil {
			one := &reply{text: d.Content.Text.Reveal()}
			r.said[e.Call] = append(r.said[e.Call], one)
			r.state[d.Message] = one
		}
	case callmodel.KindMessageReceipt:
		var d callmodel.MessageReceipt
		if e.Into(&d) == nil && d.State == callmodel.Delivered && r.state[d.Message] != nil {
			r.state[d.Message].delivered = true
		}
	}
}

// play runs the load and every story at the same time.
func (r *scriptRun) play(ctx context.Context, n *esrptest.Network) []esrptest.Account {
	var mu sync.Mutex
	var all []esrptest.Account
	var work sync.WaitGroup
	work.Go(func() {
		load := esrptest.Load{Calls: r.calls, Messages: r.messages, Ramp: 2 * time.Second, Think: 50 * time.Millisecond, Replies: r.messages, Seed: 911}
		got := load.Run(ctx, n)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, got...)
	})
	for _, s := range esrptest.Stories() {
		work.Go(func() {
			a := n.Play(ctx, s, 0.02)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, a)
		})
	}
	work.Wait()
	return all
}

// settle waits until the console has everything: two seconds without a new event, or ctx.
func (r *scriptRun) settle(ctx context.Context, t *psaptest.AutoTaker) error {
	last, quiet := -1, 0
	for quiet < 8 {
		if err := esrptest.Wait(ctx, 250*time.Millisecond); err != nil {
			return errors.Join(errors.New("the console did not come to rest"), err)
		}
		if now := t.Stats().Cursor.Durable; now == last {
			quiet++
		} else {
			last, quiet = now, 0
		}
	}
	return nil
}

func (r *scriptRun) sum(accounts []esrptest.Account, taker psaptest.AutoTakerStats) *summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &summary{EventsMissing: taker.Cursor.Missing, EventsRepeated: taker.Cursor.Repeated}
	calls := map[string]callmodel.CallID{}
	for call, sip := range r.names {
		calls[sip] = call
	}
	var latency []time.Duration
	for i := range accounts {
		a := &accounts[i]
		if a.Err != nil {
			s.Unfinished++
		}
		s.Calls++
		s.MessagesIn += len(a.Sent)
		s.MessagesOut += len(a.Received)
		got, took := onConsole(a, r.lines[a.CallID])
		latency = append(latency, took...)
		s.add(a.Compare(got))
		s.add(a.CompareReplies(delivered(r.said[calls[a.CallID]])))
	}
	s.P50, s.P99 = quantile(latency, 0.5), quantile(latency, 0.99)
	return s
}

func (s *summary) add(d esrptest.Difference) {
	s.Lost += d.Lost
	s.Duplicated += d.Duplicated
	s.Misordered += d.Misordered
	s.Unacknowledged += d.Unacknowledged
}

// delivered are the replies that must have reached the texter. One that was on its way when the
// texter hung up is not lost silently: the log says failed or unknown.
func delivered(all []*reply) (texts []string) {
	for _, r := range all {
		if r.delivered {
			texts = append(texts, r.text)
		}
	}
	return texts
}

// onConsole is what the console saw of a texter, and how long after each SEND.
func onConsole(a *esrptest.Account, lines []line) (texts []string, took []time.Duration) {
	sent := map[string]time.Time{}
	for _, m := range a.Sent {
		if m.Tries <= 1 {
			sent[m.Text.Reveal()] = m.At
		}
	}
	for _, l := range lines {
		texts = append(texts, l.text)
		if at, ok := sent[l.text]; ok {
			took = append(took, l.at.Sub(at))
		}
	}
	return texts, took
}

// quantile is in milliseconds; 0 without measurements.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[min(int(q*float64(len(all))), len(all)-1)].Microseconds()) / 1000
}
