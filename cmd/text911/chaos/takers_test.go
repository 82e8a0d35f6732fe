package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/psap/api"
	"text911/psap/psaptest"
)

// taker is an automatic call taker with a record of all that its console was shown and promised.
type taker struct {
	agent callmodel.AgentID
	auto  *psaptest.AutoTaker

	mu       sync.Mutex // guards the rest
	shown    []shownEvent
	promised []promise
}

// shownEvent is a durable event that reached a console.
type shownEvent struct {
	seq uint64
	id  callmodel.EventID
}

// promise is a command that was answered ok.
type promise struct {
	id  callmodel.CommandID
	typ string
	seq uint64
}

// newTaker starts a taker who works until the test ends and gives every line its own reply.
func newTaker(t *testing.T, console, agent string) *taker {
	t.Helper()
	return newTakerWho(t, console, agent, func(_ callmodel.CallID, m callmodel.MessageReceived) string {
		return "reply to " + string(m.Message)
	})
}

// newTakerWho starts a taker who replies as told.
func newTakerWho(t *testing.T, console, agent string, reply func(callmodel.CallID, callmodel.MessageReceived) string) *taker {
	t.Helper()
	k := &taker{agent: callmodel.AgentID(agent)}
	k.auto = psaptest.NewAutoTaker(psaptest.AutoTakerConfig{
		Console: psaptest.Config{URL: "ws://" + console + "/v1/ws", PSAP: psapID, Agent: k.agent, Client: agent, AckEach: 20},
		Reply:   reply,
		Seen: func(e *psaptest.Event) {
			if e.Durable() {
				k.mu.Lock()
				k.shown = append(k.shown, shownEvent{e.Seq, e.ID})
				k.mu.Unlock()
			}
		},
		Answered: func(typ string, r api.Reply) {
			if r.OK {
				k.mu.Lock()
				k.promised = append(k.promised, promise{r.ID, typ, r.Seq})
				k.mu.Unlock()
			}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- k.auto.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("taker %s may not come back: %v", agent, err)
		}
	})
	return k
}

// reached waits until the console was shown the event with a seq.
func (k *taker) reached(ctx context.Context, seq uint64) error {
	for {
		k.mu.Lock()
		n := len(k.shown)
		there := n > 0 && k.shown[n-1].seq >= seq
		k.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("console of %s has not come to seq %d", k.agent, seq)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (k *taker) record() ([]shownEvent, []promise) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown, k.promised
}

// readLog reads the whole log through the interface.
func readLog(ctx context.Context, console string) ([]callmodel.Event, error) {
	c, err := psaptest.Dial(ctx, psaptest.Config{URL: "ws://" + console + "/v1/ws", PSAP: psapID, Agent: "auditor"}, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Start(ctx); err != nil {
		return nil, err
	}
	var all []callmodel.Event
	for after := uint64(0); ; {
		r, err := c.Do(ctx, api.EventsRead, api.ReadData{After: after, Limit: api.MaxPage})
		if err != nil {
			return nil, err
		}
		if !r.OK {
			return nil, fmt.Errorf("events.read: %w", r.Error)
		}
		var page api.ReadResult
		if err := json.Unmarshal(r.Data, &page); err != nil {
			return nil, err
		}
		for _, raw := range page.Events {
			_, ev, err := eventjson.Decode(raw)
			if err != nil {
				return nil, err
			}
			all, after = append(all, ev), ev.Seq
		}
		if len(page.Events) == 0 {
			return all, nil
		}
	}
}
