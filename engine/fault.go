package engine

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"text911/callmodel"
)

// decision is what a step came to.
type decision struct {
	events   []callmodel.Event
	effects  []callmodel.Effect
	err      error
	panicked bool
}

// step asks the machine; a panic ends here.
func (a *actor) step(now time.Time, in callmodel.Input) (t decision) {
	if a.machine == nil {
		return decision{err: unknownCall()}
	}
	defer func() {
		if r := recover(); r != nil {
			a.record(r)
			t = decision{panicked: true}
		}
	}()
	t.events, t.effects, t.err = a.machine.Step(now, in)
	return t
}

// apply makes stored events part of the machine's state, and reports whether it lived.
func (a *actor) apply(evs []callmodel.Event) (ok bool) {
	a.state.Lock()
	defer a.state.Unlock()
	defer func() {
		if r := recover(); r != nil {
			a.record(r)
			ok = false
		}
	}()
	for i := range evs {
		if evs[i].CallSeq == 0 { // a record nobody could read has its place all the same
			evs[i].CallSeq = a.callSeq + 1
		}
		a.callSeq = max(a.callSeq, evs[i].CallSeq)
		switch d := evs[i].Data.(type) {
		case callmodel.CallClosed:
			a.closed = evs[i].Time
		case callmodel.LegOpeningEvent:
			a.bearer = d.Bearer
		}
		a.machine.Apply(evs[i])
	}
	return true
}

// deadline asks the machine; a panic ends here and counts as none.
func (a *actor) deadline() (at time.Time, ok bool) {
	if a.machine == nil {
		return time.Time{}, false
	}
	defer func() {
		if r := recover(); r != nil {
			a.record(r)
			at, ok = time.Time{}, false
		}
	}()
	return a.machine.Deadline()
}

// guarded runs f and reports whether it lived.
func (a *actor) guarded(f func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			a.record(r)
			ok = false
		}
	}()
	f()
	return true
}

// record tells a fault to the operator. What a panic carries may quote a text, so only its kind is
// told, and the stack, which has no contents.
func (a *actor) record(r any) {
	a.e.count.faults.Add(1)
	a.e.cfg.Logger.Error("machine fault", "call", string(a.call), "fault", faultName(r), "stack", string(debug.Stack()))
}

func faultName(r any) string {
	if err, ok := r.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", r)
}

// fault follows a panic: the call is rebuilt from the log, or given up when that does not help. It
// returns what the sender of the input gets.
func (a *actor) fault(ctx context.Context) error {
	a.faults++
	err := a.rebuild(ctx)
	switch {
	case err != nil:
		return err
	case a.faults >= a.e.cfg.Faults:
		a.giveUp(ctx)
	}
	return callmodel.Refuse(callmodel.CodeUnexpected, "the engine met a fault with this input")
}

// repair is the first turn of a call whose machine must be rebuilt. The input of that turn has done
// nothing wrong and goes on to the new machine.
func (a *actor) repair(ctx context.Context) error {
	if err := a.rebuild(ctx); err != nil {
		return err
	}
	if a.faults >= a.e.cfg.Faults {
		a.giveUp(ctx)
	}
	return nil
}

// rebuild replaces the machine by a new one with the call's history. If the history itself is what
// it cannot bear, a tombstone takes its place and the call is given up.
func (a *actor) rebuild(ctx context.Context) error {
	hist, err := a.history(ctx, a.psap, 0)
	if err != nil {
		a.broken, a.unsure = true, true // the machine may have missed an event: only a new one will do
		return &Unavailable{Err: err}
	}
	a.broken = false
	if len(hist) == 0 {
		return nil // nothing was stored, and Step changes nothing
	}
	a.reset(a.newMachine(hist))
	if !a.apply(hist) {
		a.faults = a.e.cfg.Faults
		a.reset(&tombstone{})
		a.apply(hist)
	}
	a.last, a.unsure, a.doubt = hist[len(hist)-1].Seq, false, false
	return nil
}

func (a *actor) reset(m callmodel.Machine) {
	a.state.Lock()
	defer a.state.Unlock()
	a.machine, a.callSeq, a.closed = m, 0, time.Time{}
}

// newMachine is a fresh machine for a call with this history.
func (a *actor) newMachine(hist []callmodel.Event) callmodel.Machine {
	mode := callmodel.FirstParty
	for i := range hist {
		if d, ok := hist[i].Data.(callmodel.CallOffered); ok {
			mode = d.Mode
			break
		}
	}
	if m := a.e.psaps[a.psap].machine(mode); m != nil {
		return m
	}
	return &tombstone{}
}

// giveUp ends a call whose machine cannot go on: a tombstone closes it in the log and ends its leg.
func (a *actor) giveUp(ctx context.Context) {
	hist, err := a.history(ctx, a.psap, 0)
	if err != nil {
		a.unsure = true
		return
	}
	a.reset(&tombstone{})
	a.apply(hist)
	now := a.now()
	evs, effs := a.machine.(*tombstone).bury()
	if len(evs) == 0 {
		return // it was over, or never began
	}
	a.e.count.givenUp.Add(1)
	a.e.cfg.Logger.Error("call given up", "call", string(a.call), "faults", a.faults)
	a.number(now, evs)
	if err := a.store(ctx, evs); err != nil {
		a.e.cfg.Logger.Error("given-up call not closed in the log", "call", string(a.call), "err", err)
		a.e.clock.set(a, now.Add(retryTick)) // the tombstone asks for it until it is
		return
	}
	a.apply(evs)
	a.hand(effs)
	a.reschedule(now)
}

// tombstone is the machine of a call that was given up. It knows what the log says, lets the leg
// end, and refuses everything else: better an honest refusal than a text nobody will see.
type tombstone struct{ view callmodel.View }

func (t *tombstone) Step(_ time.Time, in callmodel.Input) ([]callmodel.Event, []callmodel.Effect, error) {
	switch in := in.(type) {
	case callmodel.LegEnded:
		if in.Leg == t.view.Leg && t.view.LegState != callmodel.LegStateClosed {
			return []callmodel.Event{{Data: callmodel.LegClosedEvent{Leg: in.Leg, Cause: in.Cause}}}, nil, nil
		}
		return nil, nil, nil
	case callmodel.Restarted, callmodel.TimePassed:
		evs, effs := t.bury()
		return evs, effs, nil
	}
	return nil, nil, callmodel.Refuse(callmodel.CodeCallClosed, "the call was ended after a fault of the engine")
}

// bury is what closes the call, if it is open.
func (t *tombstone) bury() ([]callmodel.Event, []callmodel.Effect) {
	if t.view.Done() || t.view.CallSeq == 0 {
		return nil, nil
	}
	cause := callmodel.Cause{Class: callmodel.ClassOurs, Reason: "fault"}
	evs := []callmodel.Event{{Data: callmodel.CallClosed{
		By: callmodel.ByEngine, Cause: cause, Agent: t.view.Holder, Abandoned: t.view.ClaimedAt.IsZero(),
	}}}
	if t.view.Leg == "" || t.view.LegState == callmodel.LegStateClosed {
		return evs, nil
	}
	return evs, []callmodel.Effect{callmodel.EndLeg{Leg: t.view.Leg, Cause: cause}}
}

// Deadline is at once while the call is not closed in the log: nobody would ever take it off a
// board.
func (t *tombstone) Deadline() (time.Time, bool) {
	return t.view.Offered, t.view.CallSeq != 0 && !t.view.Done()
}

func (t *tombstone) Apply(ev callmodel.Event)   { t.view.Apply(ev) }
func (t *tombstone) Resume() []callmodel.Effect { return nil }
func (t *tombstone) View() callmodel.View       { return t.view }
