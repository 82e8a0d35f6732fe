package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"text911/callmodel"
)

// Engine runs the calls of its PSAPs. Make it with New, attach adapters with Bear and observers
// with Observe, then Run it.
type Engine struct {
	cfg       Config
	ids       *ids
	psaps     map[callmodel.PSAPID]PSAP
	order     []callmodel.PSAPID
	legs      map[callmodel.Bearer]Legs
	observers []Observer
	clock     *clock
	count     counters

	state atomic.Int32  // starting, serving, stopped
	ready chan struct{} // closed when state leaves starting

	mu    sync.RWMutex
	calls map[callmodel.CallID]*actor
	down  map[callmodel.PSAPID]bool // whose log is not replayed yet

	spawning sync.Mutex // guards life, closed and adding to wg
	closed   bool
	life     context.Context // ends with Run; the engine's own
	wg       sync.WaitGroup
}

const (
	starting int32 = iota
	serving
	stopped
)

// New returns an engine that does nothing until Run. cfg should pass Validate.
func New(cfg Config) *Engine {
	e := &Engine{
		cfg:   cfg.withDefaults(),
		ids:   newIDs(cfg.Entropy),
		psaps: make(map[callmodel.PSAPID]PSAP, len(cfg.PSAPs)),
		legs:  map[callmodel.Bearer]Legs{},
		ready: make(chan struct{}),
		calls: map[callmodel.CallID]*actor{},
		down:  map[callmodel.PSAPID]bool{},
	}
	for _, p := range cfg.PSAPs {
		e.psaps[p.ID] = p
		e.order = append(e.order, p.ID)
	}
	e.clock = newClock()
	return e
}

// Bear makes l the adapter for legs of bearer b. Call it before Run.
func (e *Engine) Bear(b callmodel.Bearer, l Legs) { e.legs[b] = l }

// Observe adds an observer. Call it before Run.
func (e *Engine) Observe(o Observer) { e.observers = append(e.observers, o) }

// Ready reports whether every log that can be was replayed and calls are served.
func (e *Engine) Ready() bool { return e.state.Load() == serving }

// Run replays every PSAP's log, brings back the open calls, performs what is owed and then serves
// until ctx ends. A PSAP whose log cannot be replayed is refused new calls, as unavailable, until it
// can; it keeps no other from being served. When Run returns, everything it started has ended. An
// engine runs once.
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.spawning.Lock()
	e.life = ctx
	e.spawning.Unlock()
	defer e.stop(cancel)

	if err := e.recover(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	e.state.Store(serving)
	close(e.ready)
	e.clock.run(ctx, e.cfg.Now, e.tick)
	return nil
}

// stop refuses what comes from now on and waits for what was started.
func (e *Engine) stop(cancel context.CancelFunc) {
	was := e.state.Swap(stopped)
	e.spawning.Lock()
	e.closed = true
	e.spawning.Unlock()
	cancel()
	if was == starting {
		close(e.ready)
	}
	e.wg.Wait()
}

// spawn runs f on a goroutine that Run waits for. f must end soon after life does. It reports
// false, without running f, when the engine is stopping.
func (e *Engine) spawn(f func(life context.Context)) bool {
	e.spawning.Lock()
	defer e.spawning.Unlock()
	if e.closed || e.life == nil {
		return false
	}
	life := e.life
	e.wg.Go(func() { f(life) })
	return true
}

// await waits until the engine serves.
func (e *Engine) await(ctx context.Context) error {
	if e.state.Load() == serving {
		return nil
	}
	select {
	case <-e.ready:
	case <-ctx.Done():
		return &Unavailable{Err: context.Cause(ctx)}
	}
	if e.state.Load() != serving {
		return &Unavailable{Err: errStopped}
	}
	return nil
}

// Open starts a call with its first leg and returns its id. Errors are those of Deliver; on any
// error there is no call the caller could use.
func (e *Engine) Open(ctx context.Context, psap callmodel.PSAPID, in callmodel.LegOffered) (callmodel.CallID, callmodel.Outcome, error) {
	if err := e.await(ctx); err != nil {
		return "", callmodel.Outcome{}, err
	}
	a, err := e.admit(psap, &in)
	if err != nil {
		return "", callmodel.Outcome{}, err
	}
	out, err := a.open(ctx, in)
	if err != nil {
		return "", callmodel.Outcome{}, err
	}
	return a.call, out, nil
}

// admit makes the actor of a new call.
func (e *Engine) admit(psap callmodel.PSAPID, in *callmodel.LegOffered) (*actor, error) {
	p, ok := e.psaps[psap]
	if !ok {
		return nil, callmodel.Refuse(callmodel.CodeInvalid, "no such PSAP here")
	}
	in.Offer.PSAP = psap
	if in.Offer.Mode == "" {
		in.Offer.Mode = callmodel.FirstParty
	}
	m := p.machine(in.Offer.Mode)
	if m == nil {
		return nil, callmodel.Refuse(callmodel.CodeInvalid, "the PSAP does not serve this mode")
	}
	a := newActor(e, callmodel.CallID(e.ids.next(e.cfg.Now())))
	a.psap, a.machine = psap, m
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down[psap] {
		return nil, &Unavailable{Err: errReplaying}
	}
	if len(e.calls) >= e.cfg.MaxCalls {
		e.count.refused.Add(1)
		return nil, tooMany("as many calls as there may be")
	}
	e.calls[a.call] = a
	return a, nil
}

// Deliver gives a call an input and returns when what follows from it is durable. It waits for
// Ready. Errors:
//
//   - *callmodel.Refusal: the machine, or a bound, said no. Nothing changed.
//   - an error with Unavailable() true: not durable, or not known to be. Not to be acknowledged;
//     may be repeated.
//
// A repeat of something done before is a success with Outcome.Repeat set.
func (e *Engine) Deliver(ctx context.Context, call callmodel.CallID, in callmodel.Input) (callmodel.Outcome, error) {
	if err := e.await(ctx); err != nil {
		return callmodel.Outcome{}, err
	}
	for {
		a := e.find(call)
		out, err := a.deliver(ctx, in)
		if err != errGone {
			return out, err
		}
	}
}

// DeliverAsync is Deliver without a waiting goroutine of the caller: done is called once, on a
// goroutine of the engine, and may be called before DeliverAsync returns. Inputs given to one call
// by one goroutine are handled in that order. done must not block for long: the call waits for it.
func (e *Engine) DeliverAsync(call callmodel.CallID, in callmodel.Input, done func(callmodel.Outcome, error)) {
	if e.state.Load() != serving {
		done(callmodel.Outcome{}, &Unavailable{Err: errStopped})
		return
	}
	e.find(call).post(in, done)
}

// find returns the call's actor. For a call that is not in memory it makes one that will look into
// the logs when it first has a turn.
func (e *Engine) find(call callmodel.CallID) *actor {
	e.mu.RLock()
	a := e.calls[call]
	e.mu.RUnlock()
	if a != nil {
		return a
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if a = e.calls[call]; a == nil {
		a = newActor(e, call)
		a.unsure = true
		e.calls[call] = a
	}
	return a
}

// forget removes an actor from memory; its owner has the turn.
func (e *Engine) forget(a *actor) {
	e.clock.cancel(a)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.calls[a.call] == a {
		delete(e.calls, a.call)
	}
}

// View returns the call as it stands, if it is in memory.
func (e *Engine) View(call callmodel.CallID) (callmodel.View, bool) {
	e.mu.RLock()
	a := e.calls[call]
	e.mu.RUnlock()
	if a == nil {
		return callmodel.View{}, false
	}
	return a.view()
}

// Views returns the calls of a PSAP that are in memory, in no order: open ones and those closed
// within the grace time.
func (e *Engine) Views(psap callmodel.PSAPID) []callmodel.View {
	e.mu.RLock()
	all := make([]*actor, 0, len(e.calls))
	for _, a := range e.calls {
		all = append(all, a)
	}
	e.mu.RUnlock()
	var out []callmodel.View
	for _, a := range all {
		if v, ok := a.view(); ok && v.PSAP == psap {
			out = append(out, v)
		}
	}
	return out
}

// tick gives a call its turn because its deadline came.
func (e *Engine) tick(a *actor) {
	e.count.ticks.Add(1)
	a.postTick()
}
