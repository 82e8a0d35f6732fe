package psap

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"text911/callmodel"
)

// PSAP is one answering centre. Make it with New, then Run it.
type PSAP struct {
	cfg   Config
	ids   *ids
	count counters
	ready chan struct{} // closed when the log was replayed

	ringing chan struct{} // asks the clock for a look at alerts and statistics
	started atomic.Bool

	mu     sync.Mutex
	epoch  string
	seq    uint64 // newest event that is part of the state below
	level  uint64 // call_seq of the newest PSAP-level event
	board  *board
	roster *roster
	alerts map[alertKey]Alert
	stats  callmodel.QueueStats // as shown last
	shown  time.Time            // when
	alone  time.Time            // since when no console is connected, zero if one is
	tail   *tail
	subs   map[*Subscription]struct{}
}

// New returns a PSAP that does nothing until Run. cfg should pass Validate.
func New(cfg Config) *PSAP {
	cfg = cfg.withDefaults()
	return &PSAP{
		cfg: cfg, ids: newIDs(cfg.Entropy),
		ready:   make(chan struct{}),
		ringing: make(chan struct{}, 1),
		board:   newBoard(cfg.KeepClosed, cfg.KeepClosedFor),
		roster:  newRoster(),
		alerts:  map[alertKey]Alert{},
		tail:    newTail(cfg.Tail),
		subs:    map[*Subscription]struct{}{},
	}
}

// ID is the PSAP's name.
func (p *PSAP) ID() callmodel.PSAPID { return p.cfg.ID }

// Ready is closed when the log was replayed: from then on the board is whole.
func (p *PSAP) Ready() <-chan struct{} { return p.ready }

// Seq is the newest event the board knows of.
func (p *PSAP) Seq() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seq
}

// Lease is how long a claim lasts without a sign of life.
func (p *PSAP) Lease() time.Duration { return p.cfg.Lease }

// Run follows the log and keeps the clock of leases and alerts until ctx ends. When it returns,
// everything it started has ended. A PSAP runs once.
func (p *PSAP) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { p.keepTime(ctx) })
	p.follow(ctx)
	return nil
}

const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// follow reads the log until ctx ends, again after every failure.
func (p *PSAP) follow(ctx context.Context) {
	wait := retryFirst
	for {
		err := p.followOnce(ctx, func() { wait = retryFirst })
		if ctx.Err() != nil {
			return
		}
		p.count.refollowed.Add(1)
		p.cfg.Logger.Warn("following the log again", "psap", p.cfg.ID, "error", err)
		if !sleep(ctx, wait) {
			return
		}
		wait = min(2*wait, retryMost)
	}
}

func (p *PSAP) followOnce(ctx context.Context, progress func()) error {
	_, last, epoch, err := p.cfg.Log.Bounds(ctx, p.cfg.ID)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.epoch = epoch
	after := p.seq
	p.mu.Unlock()
	if after >= last {
		p.becomeReady()
	}
	return p.cfg.Log.Follow(ctx, p.cfg.ID, after, func(batch []callmodel.Logged) error {
		progress()
		if p.take(batch) >= last {
			p.becomeReady()
		}
		return nil
	})
}

// becomeReady gives agents from before the restart one lease to come back.
func (p *PSAP) becomeReady() {
	if !p.started.CompareAndSwap(false, true) {
		return
	}
	p.mu.Lock()
	now := p.cfg.Now()
	p.roster.began = now
	p.alone = now
	p.mu.Unlock()
	close(p.ready)
}

// take makes a batch part of the state and wakes the subscribers.
func (p *PSAP) take(batch []callmodel.Logged) uint64 {
	notices := make([]Notice, len(batch))
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.cfg.Now()
	for i := range batch {
		ev := batch[i].Event
		if ev.Seq <= p.seq {
			continue // the log was followed anew
		}
		p.seq = ev.Seq
		p.apply(ev, now)
		notices[i].Logged = batch[i]
		p.tail.add(&notices[i])
	}
	p.count.events.Add(uint64(len(batch)))
	p.board.tidy(now)
	if len(p.board.waiting) != p.stats.Waiting {
		p.nudgeClock()
	}
	for s := range p.subs {
		if !s.live {
			s.nudge()
		}
	}
	return p.seq
}

// apply makes one event part of the state. An event that cannot be borne is passed over, because the
// log would bring it again after every restart; it is still shown to the subscribers. It needs mu.
func (p *PSAP) apply(ev callmodel.Event, now time.Time) {
	defer func() {
		if r := recover(); r != nil {
			p.count.faults.Add(1)
			p.cfg.Logger.Error("event passed over", "psap", p.cfg.ID, "seq", ev.Seq, "stack", string(debug.Stack()))
		}
	}()
	if ev.Call == callmodel.PSAPLevel {
		p.level = max(p.level, ev.CallSeq)
		p.roster.apply(ev)
	} else {
		p.board.apply(ev, now)
	}
	p.applyAlert(ev)
}

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
