package psap

import (
	"testing"
	"time"

	"text911/callmodel"
)

// An event that meets a bug of ours is passed over and shown; what comes after it is not lost.
func TestEventPassedOver(t *testing.T) {
	p := New(Config{ID: "psap.example"})
	p.roster.agents = nil // so that a new agent cannot be noted
	now := time.Now()
	sub := p.Subscribe(0)
	p.take([]callmodel.Logged{
		{Event: callmodel.Event{ID: "1", Call: callmodel.PSAPLevel, CallSeq: 1, Seq: 1, Time: now, Data: callmodel.AgentChanged{Agent: "ann"}}},
		{Event: callmodel.Event{ID: "2", Call: "c", CallSeq: 1, Seq: 2, Time: now, Data: callmodel.CallOffered{PSAP: "psap.example"}}},
	})
	if _, ok := p.board.calls["c"]; !ok || p.seq != 2 || p.Stats().Faults != 1 {
		t.Errorf("seq %d, %d faults, call on the board: %v", p.seq, p.Stats().Faults, ok)
	}
	notices, err := sub.Poll(t.Context(), nil, 10)
	durable := 0
	for _, n := range notices {
		if n.Durable() {
			durable++
		}
	}
	if err != nil || durable != 2 {
		t.Errorf("%d durable notices, %v", durable, err)
	}
}
