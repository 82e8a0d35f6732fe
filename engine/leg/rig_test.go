package leg_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"text911/callmodel"
	"text911/callmodel/firstparty"
	"text911/engine"
	"text911/engine/journal"
	"text911/engine/leg"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
	"text911/esrp"
	"text911/esrp/esrptest"
)

const (
	psapID = callmodel.PSAPID("psap.example")
	agent  = callmodel.AgentID("taker-1")
)

// longEnough bounds every wait of these tests; nothing waits that long when all is well.
const longEnough = 10 * time.Second

// flakyLog is the log that can be away.
type flakyLog struct {
	*journal.Events
	away atomic.Bool
}

type unavailable struct{}

func (unavailable) Error() string     { return "log away" }
func (unavailable) Unavailable() bool { return true }

func (f *flakyLog) Append(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, last uint64, evs []callmodel.Event) ([]uint64, error) {
	if f.away.Load() {
		return nil, unavailable{}
	}
	return f.Events.Append(ctx, psap, call, last, evs)
}

// options are what differs between tests.
type options struct {
	answer    esrp.AnswerPolicy
	capacity  int
	peer      string // address of the trunk; empty: where the simulated network is
	noDefault bool
	quiet     bool // no log lines
	sipTLS    *tls.Config
	msrpTLS   *tls.Config
	require   bool
	change    func(*leg.Config)
	psap      firstparty.Config
}

// rig is an engine with its log and its legs, and an ESRP beside it.
type rig struct {
	t   testing.TB
	opt options
	mem *journal.Memory
	log *flakyLog
	out *syncBuffer

	watch atomic.Pointer[func(callmodel.Event)] // of ephemeral events

	life
}

// Ephemeral makes the rig an observer.
func (r *rig) Ephemeral(_ callmodel.PSAPID, ev callmodel.Event) {
	if f := r.watch.Load(); f != nil {
		(*f)(ev)
	}
}

func (r *rig) observe(f func(callmodel.Event)) { r.watch.Store(&f) }

// life is what a restart replaces.
type life struct {
	engine  *engine.Engine
	gateway *leg.Gateway
	ua      *sipua.UA
	msrp    *transport.Endpoint
	place   *transport.Listener
	trunks  *esrp.Trunks
	stop    func()
}

func newRig(t testing.TB, opt options) *rig {
	t.Helper()
	r := &rig{t: t, opt: opt, mem: journal.NewMemory(journal.MemoryConfig{}), out: &syncBuffer{}}
	r.log = &flakyLog{Events: journal.NewEvents(r.mem, nil)}
	if err := r.log.Open(t.Context(), psapID); err != nil {
		t.Fatal(err)
	}
	r.start()
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Log("log lines:\n" + r.out.String())
		}
	})
	return r
}

// start begins a life of the engine over the log.
func (r *rig) start() {
	r.t.Helper()
	logger := slog.New(slog.NewTextHandler(r.out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if r.opt.quiet {
		logger = slog.New(slog.DiscardHandler)
	}
	l := life{}
	r.log = &flakyLog{Events: journal.NewEvents(r.mem, nil)}
	l.engine = engine.New(engine.Config{Log: r.log, Logger: logger, PSAPs: []engine.PSAP{{ID: psapID, FirstParty: r.opt.psap}}})
	trunk := esrp.Trunk{ID: "esrp", Addresses: []string{"127.0.0.1"}, Answer: r.opt.answer, RequireTLS: r.opt.require, PSAP: psapID}
	if r.opt.noDefault {
		trunk.PSAP, trunk.Queues = "", map[string]callmodel.PSAPID{"sip:other@psap.example": psapID}
	}
	if r.opt.peer != "" {
		trunk.Addresses = []string{r.opt.peer}
	}
	l.trunks = r.must(esrp.New(esrp.Config{
		PSAPs:  []esrp.PSAP{{ID: psapID, Queue: "text", Capacity: r.opt.capacity}},
		Trunks: []esrp.Trunk{trunk},
	})).(*esrp.Trunks)
	l.msrp = transport.New(transport.Config{Log: logger, MayConnect: transport.AnyAddress, PerSource: 100_000, PerSourceRate: 100_000})
	l.place = r.must(l.msrp.Listen(transport.ListenConfig{Address: "127.0.0.1:0"})).(*transport.Listener)
	cfg := leg.Config{Calls: l.engine, Trunks: l.trunks, Router: l.trunks.Router(), Endpoint: l.msrp, Plain: l.place,
		Element: "eng1.psap.example", Logger: logger, MendPauses: []time.Duration{100 * time.Millisecond, time.Second},
		LateGrace: 300 * time.Millisecond, SettleWait: 300 * time.Millisecond}
	if r.opt.msrpTLS != nil {
		secure := r.must(l.msrp.Listen(transport.ListenConfig{Address: "127.0.0.1:0", TLS: r.opt.msrpTLS})).(*transport.Listener)
		cfg.Secure = secure
		cfg.Fingerprints = sdpmsrp.Fingerprints{sdpmsrp.FingerprintOf(r.opt.msrpTLS.Certificates[0].Certificate[0])}
	}
	if r.opt.change != nil {
		r.opt.change(&cfg)
	}
	l.gateway = r.must(leg.New(cfg)).(*leg.Gateway)
	listeners := []sipua.Listener{{Transport: sipua.TCP, Address: "127.0.0.1:0"}, {Transport: sipua.UDP, Address: "127.0.0.1:0"}}
	if r.opt.sipTLS != nil {
		listeners = append(listeners, sipua.Listener{Transport: sipua.TLS, Address: "127.0.0.1:0", TLS: r.opt.sipTLS})
	}
	l.ua = r.must(sipua.New(sipua.Config{Listeners: listeners, Policy: l.gateway, Logger: logger, ClientTLS: r.opt.sipTLS}, l.gateway)).(*sipua.UA)
	l.gateway.Attach(l.ua)
	l.engine.Observe(r)
	l.engine.Bear(callmodel.BearerMSRP, l.gateway)

	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, run := range []func(context.Context) error{l.msrp.Run, l.gateway.Run, l.ua.Run, l.engine.Run} {
		work.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				r.t.Errorf("run: %v", err)
			}
		})
	}
	l.stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	r.life = l
}

func (r *rig) must(v any, err error) any {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// network starts an ESRP that calls this engine.
func (r *rig) network(change func(*esrptest.Config)) *esrptest.Network {
	r.t.Helper()
	cfg := esrptest.Config{Target: "sip:" + r.sip(sipua.TCP) + ";transport=tcp"}
	if change != nil {
		change(&cfg)
	}
	n, err := esrptest.New(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	r.t.Cleanup(func() { cancel(); <-done })
	return n
}

func (r *rig) sip(t sipua.Transport) string {
	for _, b := range r.ua.Bound() {
		if b.Transport == t {
			return b.Addr.String()
		}
	}
	r.t.Fatal("no such socket")
	return ""
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), longEnough)
	r.t.Cleanup(cancel)
	return ctx
}

// short is for what must not succeed.
func (r *rig) short() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), 300*time.Millisecond)
	r.t.Cleanup(cancel)
	return ctx
}

// events are those of the log, oldest first.
func (r *rig) events() []callmodel.Event {
	r.t.Helper()
	all, err := r.log.Read(r.t.Context(), psapID, 0, 1_000_000)
	if err != nil {
		r.t.Fatal(err)
	}
	out := make([]callmodel.Event, len(all))
	for i, l := range all {
		out[i] = l.Event
	}
	return out
}

// await waits until the log holds an event that fits.
func (r *rig) await(what string, fits func(callmodel.Event) bool) callmodel.Event {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), longEnough)
	defer cancel()
	var found callmodel.Event
	err := r.log.Follow(ctx, psapID, 0, func(batch []callmodel.Logged) error {
		for _, l := range batch {
			if fits(l.Event) {
				found = l.Event
				return errFound
			}
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		r.t.Fatalf("no event: %s (log: %v)", what, kinds(r.events()))
	}
	return found
}

var errFound = errors.New("found")

func (r *rig) awaitKind(k callmodel.Kind) callmodel.Event {
	r.t.Helper()
	return r.await(string(k), func(e callmodel.Event) bool { return e.Data.Kind() == k })
}

func (r *rig) awaitCount(k callmodel.Kind, n int) {
	r.t.Helper()
	r.await(string(k), func(e callmodel.Event) bool {
		if e.Data.Kind() == k {
			n--
		}
		return n == 0
	})
}

func kinds(evs []callmodel.Event) (out []string) {
	for _, e := range evs {
		out = append(out, string(e.Data.Kind()))
	}
	return out
}

// texts are what the log has received from texters, in order.
func (r *rig) texts(call callmodel.CallID) (out []string) {
	for _, e := range r.events() {
		if m, ok := e.Data.(callmodel.MessageReceived); ok && (call == "" || e.Call == call) {
			out = append(out, m.Content.Text.Reveal())
		}
	}
	return out
}

// deliver gives a command to a call.
func (r *rig) deliver(call callmodel.CallID, in callmodel.Input) callmodel.Outcome {
	r.t.Helper()
	out, err := r.engine.Deliver(r.ctx(), call, in)
	if err != nil {
		r.t.Fatalf("%T: %v", in, err)
	}
	return out
}

var commands atomic.Int64

func command() callmodel.CommandRef {
	return callmodel.CommandRef{ID: callmodel.CommandID("c" + time.Now().Format("150405.000000000") + string(rune('a'+commands.Add(1)%26))), Agent: agent}
}

// claim takes a call and returns its fence.
func (r *rig) claim(call callmodel.CallID) callmodel.Fence {
	r.t.Helper()
	r.deliver(call, callmodel.ClaimRequested{By: command(), Lease: time.Hour})
	v, _ := r.engine.View(call)
	return v.Fence
}

func (r *rig) reply(call callmodel.CallID, fence callmodel.Fence, id callmodel.MessageID, text string) {
	r.t.Helper()
	r.deliver(call, callmodel.ReplyRequested{By: command(), Fence: fence, Message: id, Content: callmodel.PlainText(text)})
}

// awaitReceipt waits for a state of an outgoing message.
func (r *rig) awaitReceipt(id callmodel.MessageID, state callmodel.DeliveryState) {
	r.t.Helper()
	r.await("receipt "+string(state), func(e callmodel.Event) bool {
		m, ok := e.Data.(callmodel.MessageReceipt)
		return ok && m.Message == id && m.State == state
	})
}

// call places a call that a taker claims, up to texts being able to pass.
func (r *rig) call(n *esrptest.Network, c esrptest.Caller, m esrptest.Mode) (*esrptest.Texter, callmodel.CallID, callmodel.Fence) {
	r.t.Helper()
	x := n.Texter(c, m)
	invited := make(chan error, 1)
	go func() { invited <- x.Invite(r.ctx()) }()
	offered := r.await("call.offered", func(e callmodel.Event) bool {
		o, ok := e.Data.(callmodel.CallOffered)
		return ok && o.IDs.EmergencyCall == x.EmergencyCallID()
	})
	fence := r.claim(offered.Call)
	if err := <-invited; err != nil {
		r.t.Fatalf("invite: %v", err)
	}
	return x, offered.Call, fence
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// wantTexts holds the log's texts against what was sent.
func (r *rig) wantTexts(call callmodel.CallID, want ...string) {
	r.t.Helper()
	if got := r.texts(call); !slices.Equal(got, want) {
		r.t.Errorf("log has %d texts, want %d, or in another order", len(got), len(want))
	}
}

// syncBuffer collects log lines.
type syncBuffer struct {
	mu sync.Mutex // guards b
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
