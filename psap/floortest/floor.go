// Package floortest is a whole PSAP floor for tests: a real engine on the log in memory, one PSAP
// with its service, and legs that do at once what they are told. It is imported by tests only.
package floortest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/engine"
	"text911/engine/journal"
	"text911/psap"
	"text911/psap/api"
)

// ID is the PSAP of every Floor.
const ID callmodel.PSAPID = "psap.example"

// Floor is what is running.
type Floor struct {
	Memory  *journal.Memory // nil on another journal
	Log     *journal.Events
	Engine  *engine.Engine
	PSAP    *psap.PSAP
	Service *api.Service
	Legs    *Legs

	cfg  func(*psap.Config)
	n    int
	stop func()
}

// New starts a Floor on a log in memory that ends with the test. change, if not nil, may change the
// PSAP's configuration.
func New(t testing.TB, change func(*psap.Config)) *Floor {
	t.Helper()
	memory := journal.NewMemory(journal.MemoryConfig{})
	f := on(t, memory, change)
	f.Memory = memory
	return f
}

// NewOnDisk is New on JetStream in a directory of the test, synced as in service, that also clients
// on loopback can reach.
func NewOnDisk(t testing.TB, change func(*psap.Config)) (*Floor, *journal.JetStream) {
	t.Helper()
	js, err := journal.Start(t.Context(), journal.Config{
		Dir: t.TempDir(), Ballast: -1, MinFree: -1, Listen: journal.Listen{Addr: "127.0.0.1:0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return on(t, js, change), js
}

func on(t testing.TB, j journal.Journal, change func(*psap.Config)) *Floor {
	t.Helper()
	f := &Floor{Log: journal.NewEvents(j, nil), cfg: change}
	if err := f.Log.Open(t.Context(), ID); err != nil {
		t.Fatal(err)
	}
	f.start(t)
	t.Cleanup(func() {
		f.stop()
		_ = j.Close(context.Background())
	})
	return f
}

// Restart ends everything but the log and starts it again.
func (f *Floor) Restart(t testing.TB) {
	t.Helper()
	f.stop()
	f.start(t)
}

func (f *Floor) start(t testing.TB) {
	t.Helper()
	f.Engine = engine.New(engine.Config{Log: f.Log, PSAPs: []engine.PSAP{{ID: ID}}})
	f.Legs = &Legs{engine: f.Engine}
	f.Engine.Bear(callmodel.BearerMSRP, f.Legs)
	cfg := psap.Config{ID: ID, Calls: f.Engine, Log: f.Log, ConsoleAlert: -1, WaitingAlert: -1}
	if f.cfg != nil {
		f.cfg(&cfg)
	}
	f.PSAP = psap.New(cfg)
	f.Service = api.NewService(f.PSAP, cfg.Now)
	f.Engine.Observe(f.PSAP)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = f.Engine.Run(ctx) })
	wg.Go(func() { _ = f.PSAP.Run(ctx) })
	f.stop = func() { cancel(); wg.Wait() }
	<-f.PSAP.Ready()
	for !f.Engine.Ready() {
		time.Sleep(time.Millisecond)
	}
}

// Call offers a call whose leg is answered and established at once.
func (f *Floor) Call(t testing.TB) callmodel.CallID {
	t.Helper()
	f.n++
	call, _, err := f.Engine.Open(context.Background(), ID, callmodel.LegOffered{
		Leg: callmodel.LegID(fmt.Sprintf("leg-%d", f.n)), Queue: "text",
		Offer: callmodel.CallOffered{PSAP: ID, Bearer: callmodel.BearerMSRP, Trunk: "esrp",
			Caller: callmodel.Party{Address: "sip:+15555550100@example.com"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.await(t, call, func(v callmodel.View) bool { return v.LegState == callmodel.LegStateEstablished })
	return call
}

// Line is a text of the texter's.
func (f *Floor) Line(t testing.TB, call callmodel.CallID, text string) {
	t.Helper()
	v, _ := f.Engine.View(call)
	_, err := f.Engine.Deliver(context.Background(), call, callmodel.MessageArrived{
		Leg: v.Leg, WireID: fmt.Sprintf("w%d", v.CallSeq), Content: callmodel.PlainText(text),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// HangUp ends the call from the far side.
func (f *Floor) HangUp(t testing.TB, call callmodel.CallID) {
	t.Helper()
	v, _ := f.Engine.View(call)
	if _, err := f.Engine.Deliver(context.Background(), call, callmodel.LegEnded{
		Leg: v.Leg, By: callmodel.ByTexter, Cause: callmodel.Cause{Class: callmodel.ClassNormal, Reason: "hung_up"},
	}); err != nil {
		t.Fatal(err)
	}
}

// Await waits until the PSAP's board shows the call as wanted.
func (f *Floor) Await(t testing.TB, call callmodel.CallID, want func(callmodel.View) bool) callmodel.View {
	t.Helper()
	return until(t, func() (callmodel.View, bool) {
		v, err := f.PSAP.View(context.Background(), call)
		return v, err == nil && want(v)
	})
}

func (f *Floor) await(t testing.TB, call callmodel.CallID, want func(callmodel.View) bool) {
	t.Helper()
	until(t, func() (callmodel.View, bool) {
		v, ok := f.Engine.View(call)
		return v, ok && want(v)
	})
}

func until(t testing.TB, look func() (callmodel.View, bool)) callmodel.View {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		v, ok := look()
		if ok {
			return v
		}
		if time.Now().After(end) {
			t.Fatalf("call %s is in phase %q, leg %q", v.Call, v.Phase, v.LegState)
		}
		time.Sleep(time.Millisecond)
	}
}

// Legs does at once what it is told.
type Legs struct {
	engine *engine.Engine
	mu     sync.Mutex
	sent   []callmodel.SendMessage
}

// Sent returns what was sent to the far side, in order.
func (l *Legs) Sent() []callmodel.SendMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]callmodel.SendMessage(nil), l.sent...)
}

// Perform satisfies the engine's Legs.
func (l *Legs) Perform(ctx context.Context, call callmodel.CallID, eff callmodel.Effect) {
	deliver := func(in callmodel.Input) { _, _ = l.engine.Deliver(ctx, call, in) }
	switch e := eff.(type) {
	case callmodel.AnswerLeg:
		deliver(callmodel.LegAnswered{Leg: e.Leg})
		deliver(callmodel.LegEstablished{Leg: e.Leg})
	case callmodel.MendLeg:
		deliver(callmodel.LegEstablished{Leg: e.Leg})
	case callmodel.EndLeg:
		deliver(callmodel.LegEnded{Leg: e.Leg, Cause: e.Cause})
	case callmodel.SendMessage:
		l.mu.Lock()
		l.sent = append(l.sent, e)
		l.mu.Unlock()
		deliver(callmodel.MessageProgress{Leg: e.Leg, Message: e.Message, State: callmodel.Accepted})
	}
}
