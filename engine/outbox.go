package engine

import (
	"context"
	"runtime/debug"
	"sync"

	"text911/callmodel"
)

// outboxSlack is the room above Config.Outbox for effects that are not a command's: the end of a
// leg must never fail for want of room. Machines bound how many there can be.
const outboxSlack = 1024

// outbox holds the effects of one leg that are not performed yet. The owner of the turn puts them
// in; a goroutine that lives while there is work takes them out.
type outbox struct {
	leg  callmodel.LegID
	legs Legs

	mu      sync.Mutex // guards the rest
	queue   []callmodel.Effect
	running bool
}

// room refuses a command whose effects would not fit, before it becomes a fact. Inputs that are not
// commands have happened already and are always taken.
func (a *actor) room(in callmodel.Input, effs []callmodel.Effect) error {
	if len(effs) == 0 {
		return nil
	}
	switch in.(type) {
	case callmodel.ReplyRequested, callmodel.TypingRequested:
		if box := a.find(effs[0].LegOf()); box != nil && box.len()+len(effs) > a.e.cfg.Outbox {
			return tooMany("too much waits to be sent on this leg")
		}
	}
	return nil
}

// hand puts effects into their outboxes, in order.
func (a *actor) hand(effs []callmodel.Effect) {
	for _, eff := range effs {
		box := a.box(eff.LegOf())
		if box == nil || !box.push(eff, a.e.cfg.Outbox+outboxSlack) {
			a.e.count.dropped.Add(1)
			a.e.cfg.Logger.Error("effect dropped", "call", string(a.call), "leg", string(eff.LegOf()), "adapter", box != nil)
			continue
		}
		a.e.count.effects.Add(1)
		box.wake(a)
	}
}

func (a *actor) find(leg callmodel.LegID) *outbox {
	for _, b := range a.boxes {
		if b.leg == leg {
			return b
		}
	}
	return nil
}

// box returns the leg's outbox, or nil when nobody bears its kind of leg.
func (a *actor) box(leg callmodel.LegID) *outbox {
	if b := a.find(leg); b != nil {
		return b
	}
	legs := a.e.legs[a.bearer]
	if legs == nil {
		return nil
	}
	b := &outbox{leg: leg, legs: legs}
	a.boxes = append(a.boxes, b)
	return b
}

func (b *outbox) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue)
}

func (b *outbox) push(eff callmodel.Effect, limit int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) >= limit {
		return false
	}
	b.queue = append(b.queue, eff)
	return true
}

// wake has the outbox worked through unless that is happening already.
func (b *outbox) wake(a *actor) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running || len(b.queue) == 0 {
		return
	}
	b.running = a.e.spawn(func(life context.Context) { b.drain(life, a) })
}

// drain performs until nothing is left or the engine ends. Nothing is performed before the engine
// serves, because what comes of it could not be delivered.
func (b *outbox) drain(life context.Context, a *actor) {
	select {
	case <-a.e.ready:
	case <-life.Done():
	}
	for {
		b.mu.Lock()
		if len(b.queue) == 0 || life.Err() != nil {
			b.running, b.queue = false, nil
			b.mu.Unlock()
			return
		}
		eff := b.queue[0]
		b.queue[0] = nil
		b.queue = b.queue[1:]
		b.mu.Unlock()
		b.perform(life, a, eff)
	}
}

// perform keeps an adapter's panic from reaching anything but its own effect.
func (b *outbox) perform(life context.Context, a *actor, eff callmodel.Effect) {
	defer func() {
		if r := recover(); r != nil {
			a.e.count.adapterFaults.Add(1)
			a.e.cfg.Logger.Error("adapter fault", "call", string(a.call), "leg", string(b.leg),
				"fault", faultName(r), "stack", string(debug.Stack()))
		}
	}()
	b.legs.Perform(life, a.call, eff)
}
