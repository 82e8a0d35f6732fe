package engine

import (
	"context"
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
	replayMax   = time.Minute // between attempts to replay a log
)

// recover brings back what the logs say is open, and tells each call of the restart. A PSAP whose
// log cannot be replayed is out of service until it can; the others do not wait for it.
func (e *Engine) recover(ctx context.Context) error {
	var open []*actor
	for _, psap := range e.order {
		calls, err := e.replay(ctx, psap)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			e.cfg.Logger.Error("log not replayed", "psap", string(psap), "err", err)
			e.setDown(psap, true)
			e.spawn(func(life context.Context) { e.recoverLate(life, psap) })
		default:
			open = append(open, e.enlist(calls)...)
		}
	}
	e.cfg.Logger.Info("logs replayed", "open_calls", len(open))
	return e.restart(ctx, open)
}

// recoverLate goes on trying for one PSAP.
func (e *Engine) recoverLate(ctx context.Context, psap callmodel.PSAPID) {
	for wait := retryMax; sleep(ctx, wait); wait = min(2*wait, replayMax) {
		calls, err := e.replay(ctx, psap)
		if err != nil {
			e.cfg.Logger.Error("log not replayed", "psap", string(psap), "err", err)
			continue
		}
		open := e.enlist(calls)
		if e.restart(ctx, open) != nil {
			return
		}
		e.setDown(psap, false)
		e.cfg.Logger.Info("log replayed late", "psap", string(psap), "open_calls", len(open))
		return
	}
}

func (e *Engine) setDown(psap callmodel.PSAPID, down bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if down {
		e.down[psap] = true
	} else {
		delete(e.down, psap)
	}
}

// enlist puts replayed calls into memory. One that was looked up meanwhile knows the log already.
func (e *Engine) enlist(calls map[callmodel.CallID]*actor) []*actor {
	e.mu.Lock()
	defer e.mu.Unlock()
	open := make([]*actor, 0, len(calls))
	for id, a := range calls {
		if there := e.calls[id]; there != nil {
			a = there
		}
		e.calls[id] = a
		open = append(open, a)
	}
	return open
}

// replay runs a PSAP's log through the machines. Calls that are over leave memory on the way, so
// that a long log costs time and not space.
func (e *Engine) replay(ctx context.Context, psap callmodel.PSAPID) (map[callmodel.CallID]*actor, error) {
	calls := map[callmodel.CallID]*actor{}
	err := e.cfg.Log.Replay(ctx, psap, 0, func(l callmodel.Logged) error {
		if l.Event.Call == callmodel.PSAPLevel {
			return nil
		}
		a := calls[l.Event.Call]
		if a == nil {
			if _, opens := l.Event.Data.(callmodel.CallOffered); !opens {
				return nil // late facts of a call that is over, or its beginning is gone
			}
			a = newActor(e, l.Event.Call)
			a.psap = psap
			calls[a.call] = a
		}
		if a.replayed(l.Event) {
			delete(calls, a.call)
		}
		return nil
	})
	return calls, err
}

// replayed takes an event of the log, and reports whether nothing more is to be expected of the
// call.
func (a *actor) replayed(ev callmodel.Event) (over bool) {
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
			return true
		}
	}
	return false
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
		if err == nil {
			return
		}
		if !isUnavailable(err) {
			a.postTick() // its clock runs all the same
			return
		}
		a.e.cfg.Logger.Warn("restart of a call waits for the log", "call", string(a.call), "err", err)
		if !sleep(ctx, wait) {
			return
		}
	}
}

// sleep waits for d; it returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reread brings the machine up to what the log holds, after an append whose outcome is not known or
// another writer's, and performs again what is owed.
func (a *actor) reread(ctx context.Context) error {
	a.e.count.reread.Add(1)
	if a.machine == nil {
		return a.lookUp(ctx)
	}
	if a.broken {
		return a.repair(ctx)
	}
	evs, err := a.history(ctx, a.psap, a.last)
	if err != nil {
		return &Unavailable{Err: err}
	}
	if len(evs) == 0 {
		a.unsure, a.doubt = false, false
		return nil
	}
	if !a.apply(evs) {
		return a.fault(ctx)
	}
	a.last, a.unsure, a.doubt = evs[len(evs)-1].Seq, false, false
	var owed []callmodel.Effect
	a.guarded(func() { owed = a.machine.Resume() })
	a.hand(owed)
	a.reschedule(a.now())
	return nil
}

// lookUp finds a call that is not in memory in the logs. If there is none, the actor goes again. A
// log that cannot be read hides its own calls, not those of the others.
func (a *actor) lookUp(ctx context.Context) error {
	var away error
	for _, psap := range a.e.order {
		evs, err := a.history(ctx, psap, 0)
		if err != nil {
			away = err
			continue
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
	if away != nil {
		return &Unavailable{Err: away}
	}
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
	if a.unsure || a.doubt {
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
