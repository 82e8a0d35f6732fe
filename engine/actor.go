package engine

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"text911/callmodel"
)

// actor is one call: its machine and the token that makes one turn at a time.
type actor struct {
	e    *Engine
	call callmodel.CallID

	mu      sync.Mutex // guards busy and waiting
	busy    bool       // somebody has the turn
	waiting []*request // in order of arrival

	// The owner of the turn reads and writes these; view reads machine and psap under state, so the
	// owner writes them under state.
	state   sync.Mutex
	psap    callmodel.PSAPID
	machine callmodel.Machine // nil until the call is known
	last    uint64            // newest sequence of the call in the log
	callSeq uint64            // newest call_seq of the call
	unsure  bool              // the log may hold events of this call that were not applied
	doubt   bool              // so may it after a log that was away; the next append would be fenced
	broken  bool              // the machine could not bear the call's history: rebuild it
	turned  bool              // the call was offered in vain: end it once the log can be read
	leg     callmodel.LegID   // the leg that was turned away
	bearer  callmodel.Bearer
	gone    bool      // no longer in memory
	faults  int       // panics in a row
	closed  time.Time // when call.closed was, zero before
	boxes   []*outbox

	due  atomic.Int64 // when the clock ticks, 0 for not at all; written under clock.mu
	slot int          // place in the clock's heap, -1 outside; guarded by clock.mu
}

// request is an input that waits for its turn. Either turn is set, for a caller that waits and then
// runs its own input, or done, for one that does not wait.
type request struct {
	in   callmodel.Input
	tick bool // something is due: in is not set
	turn chan struct{}
	done func(callmodel.Outcome, error)
}

func newActor(e *Engine, call callmodel.CallID) *actor {
	return &actor{e: e, call: call, slot: -1}
}

// deliver runs in on this goroutine when the call's turn comes.
func (a *actor) deliver(ctx context.Context, in callmodel.Input) (callmodel.Outcome, error) {
	a.mu.Lock()
	if !a.busy {
		a.busy = true
		a.mu.Unlock()
	} else if err := a.wait(ctx, in); err != nil {
		return callmodel.Outcome{}, err
	}
	defer a.pass() // also when the log panics: others must not wait for ever
	return a.run(ctx, in)
}

// open is deliver for the first input of a new call, which nobody else can know yet. A call that
// does not come about is settled before the turn ends.
func (a *actor) open(ctx context.Context, in callmodel.LegOffered) (callmodel.Outcome, error) {
	a.mu.Lock()
	a.busy = true
	a.mu.Unlock()
	defer a.pass()
	out, err := a.run(ctx, in)
	switch {
	case err != nil && (a.unsure || a.doubt):
		a.unopened(in.Leg)
	case err != nil:
		a.retire()
	}
	return out, err
}

// wait queues for the turn; it is called with mu held and returns nil with the turn.
func (a *actor) wait(ctx context.Context, in callmodel.Input) error {
	if len(a.waiting) >= a.e.cfg.Mailbox {
		a.mu.Unlock()
		a.e.count.refused.Add(1)
		return tooMany("too many inputs wait for this call")
	}
	r := &request{in: in, turn: make(chan struct{})}
	a.waiting = append(a.waiting, r)
	a.mu.Unlock()
	select {
	case <-r.turn:
		return nil
	case <-ctx.Done():
	}
	if a.withdraw(r) {
		return &Unavailable{Err: context.Cause(ctx)}
	}
	<-r.turn // it was being handed over
	a.pass()
	return &Unavailable{Err: context.Cause(ctx)}
}

// withdraw takes r out of the queue, or reports that it is not there any more.
func (a *actor) withdraw(r *request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, w := range a.waiting {
		if w == r {
			a.waiting = append(a.waiting[:i], a.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// post runs in on a goroutine of the engine when the call's turn comes.
func (a *actor) post(in callmodel.Input, done func(callmodel.Outcome, error)) {
	a.enqueue(&request{in: in, done: done})
}

// postTick has the deadline looked at. There is at most one per entry of the clock, so it needs no
// bound.
func (a *actor) postTick() {
	a.enqueue(&request{tick: true, done: func(callmodel.Outcome, error) {}})
}

func (a *actor) enqueue(r *request) {
	a.mu.Lock()
	if a.busy {
		full := !r.tick && len(a.waiting) >= a.e.cfg.Mailbox
		if !full {
			a.waiting = append(a.waiting, r)
		}
		a.mu.Unlock()
		if full {
			a.e.count.refused.Add(1)
			r.done(callmodel.Outcome{}, tooMany("too many inputs wait for this call"))
		}
		return
	}
	a.busy = true
	a.mu.Unlock()
	a.start(r)
}

// start runs r, and what waits behind it, on a goroutine of the engine. The caller has the turn and
// gives it away.
func (a *actor) start(r *request) {
	if a.e.spawn(func(life context.Context) { a.serve(life, r) }) {
		return
	}
	for r != nil { // stopping: nobody is served any more
		r.done(callmodel.Outcome{}, &Unavailable{Err: errStopped})
		r = a.next()
	}
}

func (a *actor) serve(life context.Context, r *request) {
	for r != nil {
		a.perform(life, r)
		r = a.next()
	}
}

func (a *actor) perform(life context.Context, r *request) {
	if r.tick {
		if !a.guarded(func() { a.ticked(life) }) {
			a.e.clock.set(a, a.now().Add(retryTick))
		}
		return
	}
	out, err := callmodel.Outcome{}, error(&Unavailable{Err: errFault})
	a.guarded(func() { out, err = a.run(life, r.in) })
	if err == errGone {
		a.e.find(a.call).post(r.in, r.done)
		return
	}
	a.tell(r, out, err)
}

// tell calls r's done. A panic in it ends there: the calls of others must not pay for it.
func (a *actor) tell(r *request, out callmodel.Outcome, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a.e.count.adapterFaults.Add(1)
			a.e.cfg.Logger.Error("adapter fault", "call", string(a.call), "fault", faultName(fault), "stack", string(debug.Stack()))
		}
	}()
	r.done(out, err)
}

// pass gives the turn to whoever waits next, if anybody.
func (a *actor) pass() {
	if r := a.next(); r != nil {
		a.start(r)
	}
}

// next ends this turn. It returns a request for which the turn is kept and must be used, or nil
// when the turn was given to a waiting caller or nobody waits.
func (a *actor) next() *request {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 {
		a.busy = false
		a.waiting = nil
		return nil
	}
	r := a.waiting[0]
	a.waiting[0] = nil
	a.waiting = a.waiting[1:]
	if r.turn != nil {
		close(r.turn)
		return nil
	}
	return r
}

// view copies the machine's view; false for a call that is not known (yet).
func (a *actor) view() (callmodel.View, bool) {
	a.state.Lock()
	defer a.state.Unlock()
	if a.machine == nil {
		return callmodel.View{}, false
	}
	var v callmodel.View
	ok := a.guarded(func() { v = a.machine.View() })
	return v, ok && v.CallSeq != 0
}
