package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"text911/callmodel"
)

const (
	historyPage = 1000
	// restartWidth is how many calls are told of the restart at a time, so that the log can store
	// their events together.
	restartWidth = 64
	// settleAfter is how long an append without an answer is left alone before the log is asked
	// what came of it: the log may still be storing it.
	settleAfter = 15 * time.Second
	retryMin    = 100 * time.Millisecond
	retryMax    = 5 * time.Second
)

// recover brings back what the logs say is open, and tells each call of the restart.
func (e *Engine) recover(ctx context.Context) error {
	for _, psap := range e.order {
		if err := e.replay(ctx, psap); err != nil {
			return fmt.Errorf("replay %s: %w", psap, err)
		}
	}
	e.mu.RLock()
	open := make([]*actor, 0, len(e.calls))
	for _, a := range e.calls {
		open = append(open, a)
	}
	e.mu.RUnlock()
	e.cfg.Logger.Info("logs replayed", "open_calls", len(open))
	return e.restart(ctx, open)
}

// replay runs a PSAP's log through the machines. Calls that are over leave memory on the way, so
// that a long log costs time and not space.
func (e *Engine) replay(ctx context.Context, psap callmodel.PSAPID) error {
	return e.cfg.Log.Replay(ctx, psap, 0, func(l callmodel.Logged) error {
		if l.Event.Call == callmodel.PSAPLevel {
			return nil
		}
		a := e.calls[l.Event.Call]
		if a == nil {
			if _, opens := l.Event.Data.(callmodel.CallOffered); !opens {
				return nil // late facts of a call that is over, or its beginning is gone
			}
			a = newActor(e, l.Event.Call)
			a.psap = psap
			e.mu.Lock()
			e.calls[a.call] = a
			e.mu.Unlock()
		}
		a.replayed(l.Event)
		return nil
	})
}

func (a *actor) replayed(ev callmodel.Event) {
	evs := []callmodel.Event{ev}
	if a.machine == nil {
		a.reset(a.newMachine(evs))
	}
	a.last = ev.Seq
	if !a.broken && !a.apply(evs) {
		a.broken, a.unsure = true, true // its first turn rebuilds it
	}
	if _, ends := ev.Data.(callmodel.LegClosedEvent); ends || a.closed != (time.Time{}) {
		if v, ok := a.view(); ok && v.Done() && v.LegState == callmodel.LegStateClosed {
			a.e.mu.Lock()
			delete(a.e.calls, a.call)
			a.e.mu.Unlock()
		}
	}
}

// restart gives every open call Restarted, some at a time. The journal being away is waited for.
func (e *Engine) restart(ctx context.Context, open []*actor) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, restartWidth)
	for _, a := range open {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		wg.Go(func() {
			defer func() { <-slots }()
			a.restart(ctx)
		})
	}
	wg.Wait()
	return ctx.Err()
}

func (a *actor) restart(ctx context.Context) {
	for wait := retryMin; ; wait = min(2*wait, retryMax) {
		_, err := a.deliver(ctx, callmodel.Restarted{})
		if err == nil || !isUnavailable(err) || ctx.Err() != nil {
			break
		}
		a.e.cfg.Logger.Warn("restart of a call waits for the log", "call", string(a.call), "err", err)
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
	a.reschedule(a.now())
}

// reread brings the machine up to what the log holds, after an append whose outcome is not known or
// another writer's, and performs again what is owed.
func (a *actor) reread(ctx context.Context) error {
	a.e.count.reread.Add(1)
	if a.machine == nil {
		return a.lookUp(ctx)
	}
	if a.broken {
		a.broken = false
		return a.fault(ctx)
	}
	evs, err := a.history(ctx, a.psap, a.last)
	if err != nil {
		return &Unavailable{Err: err}
	}
	if len(evs) == 0 {
		a.unsure = false
		return nil
	}
	if !a.apply(evs) {
		return a.fault(ctx)
	}
	a.last, a.unsure = evs[len(evs)-1].Seq, false
	var owed []callmodel.Effect
	a.guarded(func() { owed = a.machine.Resume() })
	a.hand(owed)
	a.reschedule(a.now())
	return nil
}

// lookUp finds a call that is not in memory in the logs. If there is none, the actor goes again.
func (a *actor) lookUp(ctx context.Context) error {
	for _, psap := range a.e.order {
		evs, err := a.history(ctx, psap, 0)
		if err != nil {
			a.retire()
			return &Unavailable{Err: err}
		}
		if len(evs) == 0 {
			continue
		}
		a.state.Lock()
		a.psap = psap
		a.state.Unlock()
		a.reset(a.newMachine(evs))
		a.last, a.unsure = evs[len(evs)-1].Seq, false
		if !a.apply(evs) {
			return a.fault(ctx)
		}
		a.reschedule(a.now())
		return nil
	}
	a.retire()
	return unknownCall()
}

// history reads a call's events behind after.
func (a *actor) history(ctx context.Context, psap callmodel.PSAPID, after uint64) ([]callmodel.Event, error) {
	var evs []callmodel.Event
	for {
		page, err := a.e.cfg.Log.ReadCall(ctx, psap, a.call, after, historyPage)
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			evs = append(evs, l.Event)
			after = l.Event.Seq
		}
		if len(page) < historyPage {
			return evs, nil
		}
	}
}

// unopened deals with a call whose first input failed. When nothing was stored it is forgotten;
// when that is not known, the call is ended as soon as the log can be read, so that nobody claims a
// call whose texter was turned away.
func (a *actor) unopened(leg callmodel.LegID) {
	a.turned, a.leg = true, leg
	a.e.clock.set(a, a.now().Add(settleAfter))
}

// settle is the turn of a call that was offered in vain.
func (a *actor) settle(ctx context.Context) {
	if a.unsure {
		if err := a.reread(ctx); err != nil {
			a.e.clock.set(a, a.now().Add(retryTick))
			return
		}
	}
	if a.callSeq == 0 {
		a.retire()
		return
	}
	_, err := a.run(ctx, callmodel.LegEnded{
		Leg: a.leg, By: callmodel.ByEngine, Cause: callmodel.Cause{Class: callmodel.ClassOurs, Reason: "log_unavailable"},
	})
	if err != nil {
		a.e.clock.set(a, a.now().Add(retryTick))
		return
	}
	a.turned = false
}
