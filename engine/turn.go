package engine

import (
	"context"
	"time"

	"text911/callmodel"
)

// maxFenced bounds how often one input is decided anew because another writer was met.
const maxFenced = 4

// run takes in through the one way: Step, append, Apply, effects. The caller has the turn.
func (a *actor) run(ctx context.Context, in callmodel.Input) (out callmodel.Outcome, err error) {
	a.e.count.inputs.Add(1)
	if a.gone {
		return callmodel.Outcome{}, errGone
	}
	if a.unsure {
		if err := a.reread(ctx); err != nil {
			return callmodel.Outcome{}, err
		}
	}
	in = a.named(in)
	for range maxFenced {
		now := a.now()
		t := a.step(now, in)
		switch {
		case t.panicked:
			return callmodel.Outcome{}, a.fault(ctx)
		case t.err != nil:
			return a.declined(t.err)
		}
		a.number(now, t.events)
		stored, shown := split(t.events)
		if err := a.room(in, t.effects); err != nil {
			a.e.count.refused.Add(1)
			return callmodel.Outcome{}, err
		}
		err := a.store(ctx, stored)
		if err != nil && isFenced(err) {
			a.e.count.fenced.Add(1)
			if err := a.reread(ctx); err != nil {
				return callmodel.Outcome{}, err
			}
			continue
		}
		if err != nil && isTooLarge(err) {
			a.e.count.refused.Add(1)
			return callmodel.Outcome{}, callmodel.Refuse(callmodel.CodeTooLarge, "larger than the log takes")
		}
		if err != nil {
			a.e.count.failed.Add(1)
			return callmodel.Outcome{}, &Unavailable{Err: err}
		}
		a.faults = 0
		a.accept(ctx, stored)
		a.show(shown)
		a.hand(t.effects)
		a.reschedule(now)
		return callmodel.Outcome{Call: a.call, Events: stored}, nil
	}
	a.e.count.failed.Add(1)
	return callmodel.Outcome{}, &Unavailable{Err: errMoved}
}

// now is the time an event gets: what the log keeps, so that replay decides as we did.
func (a *actor) now() time.Time { return a.e.cfg.Now().UTC().Truncate(time.Millisecond) }

// named gives messages that come without an id of ours one.
func (a *actor) named(in callmodel.Input) callmodel.Input {
	switch m := in.(type) {
	case callmodel.MessageArrived:
		if m.Message == "" {
			m.Message = callmodel.MessageID(a.e.ids.next(a.e.cfg.Now()))
			return m
		}
	case callmodel.MessageBad:
		if m.Message == "" {
			m.Message = callmodel.MessageID(a.e.ids.next(a.e.cfg.Now()))
			return m
		}
	case callmodel.ReplyRequested:
		if m.Message == "" {
			m.Message = callmodel.MessageID(a.e.ids.next(a.e.cfg.Now()))
			return m
		}
	}
	return in
}

func (a *actor) declined(err error) (callmodel.Outcome, error) {
	if r, ok := err.(*callmodel.Repeat); ok {
		a.e.count.repeats.Add(1)
		return callmodel.Outcome{Call: a.call, Repeat: r}, nil
	}
	a.e.count.refused.Add(1)
	return callmodel.Outcome{}, err
}

// number makes events of what the machine decided: id, call, place in the call, time.
func (a *actor) number(now time.Time, evs []callmodel.Event) {
	if len(evs) == 0 {
		return
	}
	seq := a.callSeq
	for i := range evs {
		ev := &evs[i]
		ev.ID = callmodel.EventID(a.e.ids.next(now))
		ev.Call, ev.Time = a.call, now
		if !ev.Data.Kind().Ephemeral() {
			seq++
			ev.CallSeq = seq
		}
	}
}

// split parts what is stored from what is only shown. Almost always there is one kind only, and
// then nothing is copied.
func split(evs []callmodel.Event) (stored, shown []callmodel.Event) {
	n := 0
	for i := range evs {
		if evs[i].Data.Kind().Ephemeral() {
			n++
		}
	}
	switch n {
	case 0:
		return evs, nil
	case len(evs):
		return nil, evs
	}
	for _, ev := range evs {
		if ev.Data.Kind().Ephemeral() {
			shown = append(shown, ev)
		} else {
			stored = append(stored, ev)
		}
	}
	return stored, shown
}

// store appends evs and fills in their sequences. Unless the log is certain that nothing was
// stored, the call is unsure after an error. A log that was away is not: an append may have reached
// it before it went. The fence keeps what follows in order then, and the clock has the log asked in
// case nothing follows.
func (a *actor) store(ctx context.Context, evs []callmodel.Event) error {
	if len(evs) == 0 {
		return nil
	}
	a.unsure = true // also if the log panics
	seqs, err := a.e.cfg.Log.Append(ctx, a.psap, a.call, a.last, evs)
	if err != nil {
		a.unsure = !isFenced(err) && !isUnavailable(err) && !isTooLarge(err)
		if a.unsure || isUnavailable(err) {
			a.doubt = true
			a.e.clock.set(a, a.now().Add(settleAfter))
		}
		return err
	}
	a.unsure, a.doubt = false, false
	for i := range evs {
		evs[i].Seq = seqs[i]
	}
	a.last = seqs[len(seqs)-1]
	a.e.count.events.Add(uint64(len(evs)))
	return nil
}

// accept applies what is stored. A machine that cannot bear its own events is rebuilt or given up;
// the events stay facts either way.
func (a *actor) accept(ctx context.Context, evs []callmodel.Event) {
	if len(evs) > 0 && !a.apply(evs) {
		_ = a.fault(ctx)
	}
}

// show tells the observers.
func (a *actor) show(evs []callmodel.Event) {
	for _, ev := range evs {
		a.e.count.ephemeral.Add(1)
		for _, o := range a.e.observers {
			o.Ephemeral(a.psap, ev)
		}
	}
}

// ticked is the turn the clock asks for.
func (a *actor) ticked(ctx context.Context) {
	if a.gone || a.machine == nil {
		return
	}
	if a.turned {
		a.settle(ctx)
		return
	}
	now := a.now()
	if a.doubt {
		// Not for long: what comes in meanwhile should hear soon that the log is away.
		within, cancel := context.WithTimeout(ctx, lookWithin)
		err := a.reread(within)
		cancel()
		if err != nil {
			a.e.clock.set(a, now.Add(settleAfter))
			return
		}
	}
	if at, ok := a.deadline(); ok && !at.After(now) {
		if _, err := a.run(ctx, callmodel.TimePassed{}); err != nil {
			a.e.clock.set(a, now.Add(retryTick))
			return
		}
		now = a.now()
	}
	if a.over(now) {
		a.retire()
		return
	}
	a.reschedule(now)
}

// retryTick is when a deadline that could not be acted upon is looked at again.
const retryTick = 2 * time.Second

// lookWithin bounds a look into the log that nobody asked for.
const lookWithin = time.Second

// reschedule tells the clock when this call wants a turn.
func (a *actor) reschedule(now time.Time) {
	at, ok := a.deadline()
	if !a.closed.IsZero() && !ok {
		at, ok = a.closed.Add(a.e.cfg.Grace), true
	}
	if !ok {
		return
	}
	if !at.After(now) {
		at = now.Add(time.Millisecond)
	}
	a.e.clock.set(a, at)
}

// over reports that the call ended, waits for nothing and has been kept long enough.
func (a *actor) over(now time.Time) bool {
	if a.closed.IsZero() || now.Before(a.closed.Add(a.e.cfg.Grace)) {
		return false
	}
	_, owed := a.deadline()
	return !owed
}

// retire takes the call out of memory. Whoever waits behind finds it again in the log.
func (a *actor) retire() {
	a.gone = true
	a.e.forget(a)
}
