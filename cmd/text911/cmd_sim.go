package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"text911/esrp/esrptest"
)

type simCmd struct {
	ESRP    simESRPCmd    `cmd:"" name:"esrp" help:"Simulate an ESRP with texters behind it."`
	Console simConsoleCmd `cmd:"" help:"Simulate a call taker who answers everything."`
}

// simESRPCmd texts an engine over real sockets.
type simESRPCmd struct {
	Target   string        `default:"sip:127.0.0.1:5060;transport=tcp" help:"Where the engine takes SIP."`
	Queue    string        `default:"text-q" help:"User part of the queue URI in Route."`
	Story    string        `help:"Play only this story; empty: all of them, one after the other."`
	Calls    int           `help:"Instead of stories: this many texters at once."`
	Messages int           `default:"10" help:"With --calls: texts of each."`
	Think    time.Duration `default:"1s" help:"With --calls: mean pause before a text."`
	Replies  int           `help:"With --calls: replies each waits for."`
	Pace     float64       `default:"1" help:"Stretches the pauses of stories; 0 leaves them out."`
	Seed     uint64        `default:"1" help:"Of the pauses."`
}

func (c *simESRPCmd) Run(ctx context.Context, s streams) error {
	ctx, cancel := stoppable(ctx, s)
	defer cancel()
	network, err := esrptest.New(esrptest.Config{Target: c.Target, Queue: c.Queue})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() { ended <- network.Run(running) }() // waited for below
	accounts := c.play(ctx, network)
	stop()
	<-ended
	return c.report(s, accounts)
}

func (c *simESRPCmd) play(ctx context.Context, n *esrptest.Network) []esrptest.Account {
	if c.Calls > 0 {
		l := esrptest.Load{Calls: c.Calls, Messages: c.Messages, Think: c.Think, Replies: c.Replies, Seed: c.Seed,
			Ramp: time.Duration(c.Calls) * 10 * time.Millisecond}
		return l.Run(ctx, n)
	}
	var accounts []esrptest.Account
	for _, story := range esrptest.Stories() {
		if c.Story != "" && story.Name != c.Story {
			continue
		}
		accounts = append(accounts, n.Play(ctx, story, c.Pace))
	}
	return accounts
}

// report says what came of each texter and fails if one could not finish.
func (c *simESRPCmd) report(s streams, accounts []esrptest.Account) error {
	if len(accounts) == 0 {
		return fmt.Errorf("there is no story %q", c.Story)
	}
	failed := 0
	for i := range accounts {
		a := &accounts[i]
		acked, reported := 0, 0
		for _, m := range a.Sent {
			if !m.Acked.IsZero() {
				acked++
			}
			if !m.Reported.IsZero() {
				reported++
			}
		}
		outcome := "ended by " + a.EndedBy
		if a.Err != nil {
			failed++
			outcome = "failed: " + a.Err.Error()
		}
		fmt.Fprintf(s.out, "%-10s sent %d, acknowledged %d, reported %d, replies %d, %s\n", a.Story, len(a.Sent), acked, reported, len(a.Received), outcome)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d texters could not finish", failed, len(accounts))
	}
	return nil
}

// stoppable ends with the first signal. Its cancel must be called, and returns when nobody listens
// for signals any more.
func stoppable(ctx context.Context, s streams) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	listening.Go(func() {
		select {
		case <-s.signals:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(); listening.Wait() }
}
