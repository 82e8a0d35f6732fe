package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/psap/api"
)

// ClientConfig says how a client reaches the bus: a URL, or a server in this process.
type ClientConfig struct {
	URL                       string
	Server                    Server
	User, Password, CredsFile string
}

// Client sends commands and follows events over NATS.
type Client struct {
	nc     *nats.Conn
	closed chan struct{}
}

// ErrNoEngine: nobody on the bus serves the PSAP.
var ErrNoEngine = errors.New("bus: no engine serves this PSAP")

// Dial connects.
func Dial(cfg ClientConfig) (*Client, error) {
	c := &Client{closed: make(chan struct{})}
	l := link{name: "text911 client", url: cfg.URL, server: cfg.Server, user: cfg.User, password: cfg.Password, creds: cfg.CredsFile}
	nc, err := l.connect(
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // a lost event shows as a hole in seq
		nats.ClosedHandler(func(*nats.Conn) { close(c.closed) }),
	)
	if err != nil {
		return nil, err
	}
	c.nc = nc
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() {
	c.nc.Close()
	<-c.closed
}

// Do sends a command of the agent and returns its answer. An error means that it is not known
// whether it was done: the same id may be sent again.
func (c *Client) Do(ctx context.Context, psap callmodel.PSAPID, agent callmodel.AgentID, cmd api.Command) (api.Reply, error) {
	m := nats.NewMsg(commandSubject(psap, cmd.Type))
	m.Header[headerAgent] = []string{string(agent)}
	var err error
	if m.Data, err = json.Marshal(cmd); err != nil {
		return api.Reply{}, fmt.Errorf("bus: command: %w", err)
	}
	answer, err := c.nc.RequestMsgWithContext(ctx, m)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return api.Reply{}, ErrNoEngine
	case err != nil:
		return api.Reply{}, fmt.Errorf("bus: request: %w", err)
	}
	var r api.Reply
	if err := json.Unmarshal(answer.Data, &r); err != nil {
		return api.Reply{}, fmt.Errorf("bus: reply: %w", err)
	}
	return r, nil
}

// flushWait bounds the wait until the server knows of a subscription.
const flushWait = 10 * time.Second

// observer is who reads the log for a client that follows events.
const observer callmodel.AgentID = "observer"

// Events gives f the envelope of every event of the PSAP from now on, durable ones with seq, in
// order and without holes: what the bus lost is read from the log. It returns f's first error, or
// ctx's.
func (c *Client) Events(ctx context.Context, psap callmodel.PSAPID, f func(envelope []byte) error) error {
	sub, err := c.nc.SubscribeSync(root + psapToken(psap) + ".evt.>")
	if err != nil {
		return fmt.Errorf("bus: subscribe: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(pendingMessages, pendingOctets); err != nil {
		return fmt.Errorf("bus: subscribe: %w", err)
	}
	flushing, cancel := context.WithTimeout(ctx, flushWait)
	defer cancel()
	if err := c.nc.FlushWithContext(flushing); err != nil {
		return fmt.Errorf("bus: subscribe: %w", err)
	}
	follow := follower{c: c, psap: psap, f: f}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		switch {
		case errors.Is(err, nats.ErrSlowConsumer):
			continue
		case err != nil:
			return err
		}
		if err := follow.take(ctx, m); err != nil {
			return err
		}
	}
}

// follower puts the published events in order.
type follower struct {
	c    *Client
	psap callmodel.PSAPID
	f    func([]byte) error
	last uint64 // newest seq given to f, 0 for none
}

func (w *follower) take(ctx context.Context, m *nats.Msg) error {
	seq, _ := strconv.ParseUint(m.Header.Get(headerSeq), 10, 64)
	switch {
	case seq == 0:
		return w.f(m.Data)
	case w.last != 0 && seq <= w.last:
		return nil
	case w.last != 0 && seq > w.last+1:
		if err := w.fill(ctx, seq); err != nil || w.last >= seq {
			return err
		}
	}
	w.last = seq
	return w.f(eventjson.AppendWithSeq(nil, m.Data, seq))
}

const (
	askWait  = time.Second            // for one answer; a break may have swallowed it
	askPause = 100 * time.Millisecond // before asking again while nobody answers
)

// ask repeats a question until it is answered or ctx ends: reading has no effect to do twice.
func (w *follower) ask(ctx context.Context, cmd api.Command) (api.Reply, error) {
	for {
		asking, cancel := context.WithTimeout(ctx, askWait)
		r, err := w.c.Do(asking, w.psap, observer, cmd)
		cancel()
		retry := err != nil || !r.OK && r.Error.Retryable
		if !retry || w.c.nc.IsClosed() {
			return r, err
		}
		select {
		case <-time.After(askPause):
		case <-ctx.Done():
			return api.Reply{}, context.Cause(ctx)
		}
	}
}

// fill reads from the log up to seq.
func (w *follower) fill(ctx context.Context, seq uint64) error {
	for n := 0; w.last < seq; n++ {
		data, err := json.Marshal(api.ReadData{After: w.last, Limit: api.MaxPage})
		if err != nil {
			return err
		}
		r, err := w.ask(ctx, api.Command{
			ID: callmodel.CommandID(fmt.Sprintf("fill-%d-%d", w.last, n)), Type: api.EventsRead, Data: data,
		})
		if err != nil {
			return err
		}
		if !r.OK {
			return r.Error
		}
		var page api.ReadResult
		if err := json.Unmarshal(r.Data, &page); err != nil {
			return fmt.Errorf("bus: events: %w", err)
		}
		if len(page.Events) == 0 {
			return nil // no longer in the log
		}
		for _, raw := range page.Events {
			_, ev, err := eventjson.Decode(raw)
			if err != nil {
				return err
			}
			w.last = ev.Seq
			if err := w.f(raw); err != nil {
				return err
			}
		}
	}
	return nil
}
