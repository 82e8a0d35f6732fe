package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"text911/callmodel"
	"text911/psap/psaptest"
)

// simConsoleCmd is a call taker who takes every text and answers every line.
type simConsoleCmd struct {
	URL   string `default:"ws://127.0.0.1:8911/v1/ws" help:"The engine's WebSocket."`
	PSAP  string `default:"psap.example" help:"PSAP to work for."`
	Agent string `default:"robot" help:"Name of the agent."`
	Reply string `default:"911, I have your text. What is your location?" help:"What to answer to every line; empty for nothing."`
	Close int    `help:"Close a call after this many replies; 0 leaves that to the texter."`
}

func (c *simConsoleCmd) Run(ctx context.Context, s streams) error {
	ctx, cancel := stoppable(ctx, s)
	defer cancel()
	if err := reachable(ctx, c.URL); err != nil {
		return err
	}
	taker := psaptest.NewAutoTaker(psaptest.AutoTakerConfig{
		Console: psaptest.Config{URL: c.URL, PSAP: callmodel.PSAPID(c.PSAP), Agent: callmodel.AgentID(c.Agent), CanRing: true},
		Reply:   func(callmodel.CallID, callmodel.MessageReceived) string { return c.Reply },
		Done:    func(v callmodel.View) bool { return c.Close > 0 && v.MessagesOut >= c.Close },
	})
	err := taker.Run(ctx)
	t := taker.Stats()
	fmt.Fprintf(s.out, "claimed %d, lines %d, replies %d, closed %d, connections %d, events %d, repeated %d, missing %d\n",
		t.Claimed, t.Lines, t.Replies, t.Closed, t.Connections, t.Cursor.Durable, t.Cursor.Repeated, t.Cursor.Missing)
	return err
}

// reachable tells a wrong address from an engine that is away for a moment: the taker itself tries
// again for ever.
func reachable(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "ws" && u.Scheme != "wss") {
		return errors.New("url: want ws://host:port/v1/ws")
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"ws": "80", "wss": "443"}[u.Scheme])
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return fmt.Errorf("reach the engine: %w", err)
	}
	return conn.Close()
}
