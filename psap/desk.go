package psap

import (
	"context"
	"fmt"
	"strings"
	"time"

	"text911/callmodel"
)

// The methods of this file are what the bindings' commands need.

// Claim gives a call to the agent and returns the claim, whose Until is when it ends without a sign
// of life. A repeat of the command gets the claim of the first time, as long as it holds.
func (p *PSAP) Claim(ctx context.Context, call callmodel.CallID, by callmodel.CommandRef, position string) (callmodel.CallClaimed, uint64, error) {
	if position == "" {
		position = p.positionOf(by.Agent)
	}
	out, err := p.Deliver(ctx, call, callmodel.ClaimRequested{By: by, Position: position, Lease: p.cfg.Lease})
	if err != nil {
		return callmodel.CallClaimed{}, 0, err
	}
	var claimed callmodel.CallClaimed
	var seq uint64
	for _, ev := range out.Events {
		if d, ok := ev.Data.(callmodel.CallClaimed); ok {
			claimed, seq = d, ev.Seq
		}
	}
	if out.Repeat != nil {
		if v, err := p.View(ctx, call); err == nil {
			seq = v.Seq
		}
		claimed = callmodel.CallClaimed{Agent: by.Agent, Position: position, Fence: out.Repeat.Fence, Until: p.cfg.Now().Add(p.cfg.Lease)}
	}
	return claimed, seq, nil
}

func (p *PSAP) positionOf(id callmodel.AgentID) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.roster.agents[id]; a != nil {
		return a.Position
	}
	return ""
}

// Deliver gives an input of a command to a call of this PSAP. It counts as a sign of life of the
// agent behind it.
func (p *PSAP) Deliver(ctx context.Context, call callmodel.CallID, in callmodel.Input) (callmodel.Outcome, error) {
	if err := p.owns(ctx, call); err != nil {
		return callmodel.Outcome{}, err
	}
	if agent := agentOf(in); agent != "" {
		p.mu.Lock()
		known := p.roster.hear(agent, p.cfg.Now())
		p.mu.Unlock()
		if !known {
			return callmodel.Outcome{}, callmodel.Refuse(callmodel.CodeTooMany, "as many agents as there may be")
		}
	}
	return p.cfg.Calls.Deliver(ctx, call, in)
}

// owns refuses calls of other PSAPs. What is not on the board may still be in the log: long closed,
// or so new that it has not been read yet.
func (p *PSAP) owns(ctx context.Context, call callmodel.CallID) error {
	if call == "" || call == callmodel.PSAPLevel {
		return noSuchCall()
	}
	p.mu.Lock()
	_, ok := p.board.calls[call]
	p.mu.Unlock()
	if ok {
		return nil
	}
	page, err := p.cfg.Log.ReadCall(ctx, p.cfg.ID, call, 0, 1)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if len(page) == 0 {
		return noSuchCall()
	}
	return nil
}

func noSuchCall() error {
	return callmodel.Refuse(callmodel.CodeUnknownCall, "there is no such call at this PSAP")
}

func agentOf(in callmodel.Input) callmodel.AgentID {
	switch in := in.(type) {
	case callmodel.ClaimRequested:
		return in.By.Agent
	case callmodel.ReleaseRequested:
		return in.By.Agent
	case callmodel.ReplyRequested:
		return in.By.Agent
	case callmodel.ShownRequested:
		return in.By.Agent
	case callmodel.TypingRequested:
		return in.By.Agent
	case callmodel.NoteRequested:
		return in.By.Agent
	case callmodel.ExtendRequested:
		return in.By.Agent
	case callmodel.CloseRequested:
		return in.By.Agent
	}
	return ""
}

// SetAgent records the state and position of an agent; position "" keeps the one there is. canRing,
// if not nil, says whether its console can make a sound. Nothing is stored when nothing changes;
// then seq is 0.
func (p *PSAP) SetAgent(ctx context.Context, by callmodel.CommandRef, state callmodel.AgentState, position string, canRing *bool) (seq uint64, err error) {
	p.mu.Lock()
	a := p.roster.get(by.Agent)
	if a == nil {
		p.mu.Unlock()
		return 0, callmodel.Refuse(callmodel.CodeTooMany, "as many agents as there may be")
	}
	now := p.cfg.Now()
	a.heard = now
	if canRing != nil && a.consoles > 0 && a.CanRing != *canRing {
		a.CanRing = *canRing
		p.present(a, now)
		p.nudgeClock()
	}
	if position == "" {
		position = a.Position
	}
	same := a.State == state && a.Position == position
	p.mu.Unlock()
	if same {
		return 0, nil
	}
	ref := &by
	if by.ID == "" {
		ref = nil
	}
	seq, err = p.record(ctx, ref, callmodel.AgentChanged{Agent: by.Agent, Position: position, State: state, Reason: "asked"})
	p.nudgeClock()
	return seq, err
}

// pageForView is how many events are read at a time when a call is put together from the log.
const pageForView = 500

// View returns a call as it stands: from the board, or put together from the log.
func (p *PSAP) View(ctx context.Context, call callmodel.CallID) (callmodel.View, error) {
	p.mu.Lock()
	v, ok := p.board.view(call)
	p.mu.Unlock()
	if ok {
		return v, nil
	}
	if call == "" || call == callmodel.PSAPLevel {
		return v, noSuchCall()
	}
	var after uint64
	for {
		page, err := p.cfg.Log.ReadCall(ctx, p.cfg.ID, call, after, pageForView)
		if err != nil {
			return v, fmt.Errorf("read the log: %w", err)
		}
		for i := range page {
			v.Apply(page[i].Event)
			after = page[i].Event.Seq
		}
		if len(page) < pageForView {
			break
		}
	}
	if v.Call == "" {
		return v, noSuchCall()
	}
	return v, nil
}

// Views returns the calls on the board: the waiting ones in the order of the queue, other open ones
// by age, closed ones newest first.
func (p *PSAP) Views() []callmodel.View {
	p.mu.Lock()
	all := p.board.all()
	p.mu.Unlock()
	return sorted(all)
}

// Read returns stored events with seq > after, oldest first, at most limit, and the newest seq.
func (p *PSAP) Read(ctx context.Context, after uint64, limit int) ([]callmodel.Logged, uint64, error) {
	page, err := p.cfg.Log.Read(ctx, p.cfg.ID, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read the log: %w", err)
	}
	last := p.Seq()
	if n := len(page); n > 0 {
		last = max(last, page[n-1].Event.Seq)
	}
	return page, last, nil
}

// ReadCall is Read for one call.
func (p *PSAP) ReadCall(ctx context.Context, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	if call == "" || call == callmodel.PSAPLevel {
		return nil, noSuchCall()
	}
	page, err := p.cfg.Log.ReadCall(ctx, p.cfg.ID, call, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	if len(page) == 0 && after == 0 {
		return nil, noSuchCall()
	}
	return page, nil
}

// Bounds tells the oldest and newest seq of the log, and its epoch.
func (p *PSAP) Bounds(ctx context.Context) (first, last uint64, epoch string, err error) {
	return p.cfg.Log.Bounds(ctx, p.cfg.ID)
}

// Now is the PSAP's clock.
func (p *PSAP) Now() time.Time { return p.cfg.Now() }

// Epoch names this incarnation of the log; "" until it is known.
func (p *PSAP) Epoch() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Clone(p.epoch)
}
