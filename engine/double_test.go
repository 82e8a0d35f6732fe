package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/engine"
)

const psapID callmodel.PSAPID = "psap.example"

// memLog is a log in memory that keeps events as envelopes, so that replay sees what a real log
// would give, and that can be made to fail on either side of storing.
type memLog struct {
	mu     sync.Mutex
	all    []stored
	newest map[callmodel.CallID]uint64
	ids    map[callmodel.EventID]bool
	before func(evs []callmodel.Event) error // nothing is stored if it fails
	after  func(evs []callmodel.Event) error // everything is stored if it fails
	hold   chan struct{}                     // appends wait for it when it is not nil
	plain  bool                              // keep decoded events: for benchmarks
}

type stored struct {
	psap callmodel.PSAPID
	ev   callmodel.Event
	raw  []byte
}

func newMemLog() *memLog {
	return &memLog{newest: map[callmodel.CallID]uint64{}, ids: map[callmodel.EventID]bool{}}
}

type logErr struct{ fenced, away bool }

func (e logErr) Error() string     { return "log error" }
func (e logErr) Fenced() bool      { return e.fenced }
func (e logErr) Unavailable() bool { return e.away }

var (
	errAway    = logErr{away: true}
	errFenced  = logErr{fenced: true}
	errNoReply = errors.New("no reply")
)

func (l *memLog) Append(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, last uint64, evs []callmodel.Event) ([]uint64, error) {
	l.mu.Lock()
	hold, before, after := l.hold, l.before, l.after
	l.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if before != nil {
		if err := before(evs); err != nil {
			return nil, err
		}
	}
	seqs, err := l.store(psap, call, last, evs)
	if err == nil && after != nil {
		err = after(evs)
	}
	return seqs, err
}

func (l *memLog) store(psap callmodel.PSAPID, call callmodel.CallID, last uint64, evs []callmodel.Event) ([]uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest[call] != last {
		return nil, errFenced
	}
	seqs := make([]uint64, len(evs))
	for i, ev := range evs {
		s := stored{psap: psap, ev: ev}
		if !l.plain {
			raw, err := eventjson.Encode(psap, ev)
			if err != nil || l.ids[ev.ID] {
				return nil, errors.Join(err, errors.New("bad event"))
			}
			l.ids[ev.ID] = true
			s.raw, s.ev = raw, callmodel.Event{Call: call}
		}
		l.all = append(l.all, s)
		seqs[i] = uint64(len(l.all))
		l.newest[call] = seqs[i]
	}
	return seqs, nil
}

func (l *memLog) Replay(ctx context.Context, psap callmodel.PSAPID, after uint64, f func(callmodel.Logged) error) error {
	evs, err := l.read(psap, "", after, 1<<30)
	for i := range evs {
		if err == nil {
			err = f(evs[i])
		}
	}
	return err
}

func (l *memLog) ReadCall(_ context.Context, psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	return l.read(psap, call, after, limit)
}

func (l *memLog) read(psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []callmodel.Logged
	for i := int(after); i < len(l.all) && len(out) < limit; i++ {
		s := l.all[i]
		if s.psap != psap || (call != "" && s.ev.Call != call) {
			continue
		}
		ev := s.ev
		if s.raw != nil {
			var err error
			if _, ev, err = eventjson.Decode(s.raw); err != nil {
				return nil, err
			}
		}
		ev.Seq = uint64(i + 1)
		out = append(out, callmodel.Logged{Event: ev, Raw: s.raw})
	}
	return out, nil
}

// fail sets what an append does before and after storing.
func (l *memLog) fail(before, after func([]callmodel.Event) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before, l.after = before, after
}

func (l *memLog) setHold(c chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold = c
}

// of returns the events of a call as they stand in the log.
func (l *memLog) of(t testing.TB, call callmodel.CallID) []callmodel.Event {
	t.Helper()
	logged, err := l.read(psapID, call, 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	evs := make([]callmodel.Event, len(logged))
	for i := range logged {
		evs[i] = logged[i].Event
		if evs[i].CallSeq != uint64(i+1) {
			t.Errorf("event %d of the call has call_seq %d", i+1, evs[i].CallSeq)
		}
	}
	return evs
}

// arrivals counts how often each wire id is in the log.
func (l *memLog) arrivals(t testing.TB, call callmodel.CallID) map[string]int {
	n := map[string]int{}
	for _, ev := range l.of(t, call) {
		if d, ok := ev.Data.(callmodel.MessageReceived); ok {
			n[d.WireID]++
		}
	}
	return n
}

// legs is an adapter that remembers what it was told.
type legs struct {
	mu      sync.Mutex
	told    []callmodel.Effect
	perform func(ctx context.Context, call callmodel.CallID, eff callmodel.Effect)
}

func (l *legs) Perform(ctx context.Context, call callmodel.CallID, eff callmodel.Effect) {
	l.mu.Lock()
	l.told = append(l.told, eff)
	f := l.perform
	l.mu.Unlock()
	if f != nil {
		f(ctx, call, eff)
	}
}

func (l *legs) effects() []callmodel.Effect {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]callmodel.Effect(nil), l.told...)
}

// running is an engine under test.
type running struct {
	*engine.Engine
	legs *legs
	stop func() error
}

// start runs an engine over log; the test's end stops it.
func start(t testing.TB, log engine.Log, edit func(*engine.Config)) *running {
	t.Helper()
	r := newEngine(log, edit)
	r.run(t)
	return r
}

func newEngine(log engine.Log, edit func(*engine.Config)) *running {
	cfg := engine.Config{Log: log, PSAPs: []engine.PSAP{{ID: psapID}, {ID: "other.example"}}}
	if edit != nil {
		edit(&cfg)
	}
	r := &running{Engine: engine.New(cfg), legs: &legs{}}
	r.Bear(callmodel.BearerMSRP, r.legs)
	return r
}

func (r *running) run(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func offer(leg callmodel.LegID) callmodel.LegOffered {
	return callmodel.LegOffered{Leg: leg, Queue: "main", Offer: callmodel.CallOffered{Bearer: callmodel.BearerMSRP}}
}

// up opens a call and brings its leg up.
func (r *running) up(t testing.TB, leg callmodel.LegID) callmodel.CallID {
	t.Helper()
	call, _, err := r.Open(t.Context(), psapID, offer(leg))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	r.must(t, call, callmodel.LegAnswered{Leg: leg}, callmodel.LegEstablished{Leg: leg})
	return call
}

func (r *running) must(t testing.TB, call callmodel.CallID, ins ...callmodel.Input) callmodel.Outcome {
	t.Helper()
	var out callmodel.Outcome
	for _, in := range ins {
		var err error
		if out, err = r.Deliver(t.Context(), call, in); err != nil {
			t.Fatalf("deliver %T: %v", in, err)
		}
	}
	return out
}

func text(leg callmodel.LegID, wire, s string) callmodel.MessageArrived {
	return callmodel.MessageArrived{Leg: leg, WireID: wire, Content: callmodel.PlainText(s)}
}

func by(id, agent string) callmodel.CommandRef {
	return callmodel.CommandRef{ID: callmodel.CommandID(id), Digest: "d", Agent: callmodel.AgentID(agent)}
}

func code(err error) callmodel.Code {
	var r *callmodel.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func unavailable(err error) bool {
	var u interface{ Unavailable() bool }
	return errors.As(err, &u) && u.Unavailable()
}
