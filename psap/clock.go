package psap

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"text911/callmodel"
)

const (
	lookEvery   = time.Second
	callWithin  = 5 * time.Second // for one release or one alert
	expireWidth = 16              // claims released at a time
	statsEvery  = 5 * time.Second // while somebody waits
	statsMost   = 200 * time.Millisecond
)

// keepTime looks at leases, alerts and statistics about once a second until ctx ends.
func (p *PSAP) keepTime(ctx context.Context) {
	select {
	case <-p.ready:
	case <-ctx.Done():
		return
	}
	tick := time.NewTicker(min(lookEvery, max(p.cfg.Lease/4, time.Millisecond)))
	defer tick.Stop()
	for {
		p.showStats()
		p.watchJournal()
		p.expire(ctx)
		p.alarm(ctx)
		select {
		case <-tick.C:
		case <-p.ringing:
			if !sleep(ctx, statsMost) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// nudgeClock asks for a look before the next tick.
func (p *PSAP) nudgeClock() {
	select {
	case p.ringing <- struct{}{}:
	default:
	}
}

type expired struct {
	call  callmodel.CallID
	agent callmodel.AgentID
	fence callmodel.Fence
}

// expire releases the claims whose lease is over, some at a time, so that a call that hangs holds up
// no other. The machine compares the fence, so that a release that comes too late changes nothing.
// What cannot be released now is tried again.
func (p *PSAP) expire(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	var away atomic.Bool
	slots := make(chan struct{}, expireWidth)
	for _, e := range p.overdue() {
		slots <- struct{}{} // frees within callWithin
		if ctx.Err() != nil || away.Load() {
			return
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if !p.expireOne(ctx, e) {
				away.Store(true) // the others would only wait as well
			}
		})
	}
}

// expireOne reports false when the log could not take the release.
func (p *PSAP) expireOne(ctx context.Context, e expired) bool {
	within, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	_, err := p.cfg.Calls.Deliver(within, e.call, callmodel.ReleaseRequested{
		By: callmodel.CommandRef{Agent: e.agent}, Fence: e.fence, Reason: "lease_expired",
	})
	var refusal *callmodel.Refusal
	switch {
	case err == nil:
		p.count.expired.Add(1)
		p.cfg.Logger.Info("lease expired", "psap", p.cfg.ID, "call", e.call, "agent", e.agent)
	case errors.As(err, &refusal):
	default:
		p.cfg.Logger.Warn("release after lease", "psap", p.cfg.ID, "call", e.call, "error", err)
		return false
	}
	return true
}

func (p *PSAP) overdue() (out []expired) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.cfg.Now()
	for call, since := range p.board.held {
		v := p.board.calls[call]
		// The claim itself is a sign of life, and may be newer than anything heard on this node.
		alive := p.roster.heard(v.Holder)
		if since.After(alive) {
			alive = since
		}
		if now.Before(alive.Add(p.cfg.Lease)) {
			continue
		}
		out = append(out, expired{call: call, agent: v.Holder, fence: v.Fence})
	}
	return out
}

// showStats tells everybody how long the queue is, when that has changed and from time to time
// while somebody waits.
func (p *PSAP) showStats() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.cfg.Now()
	s := p.queueStats(now)
	same := s.Waiting == p.stats.Waiting && s.AgentsReady == p.stats.AgentsReady
	if same && (s.Waiting == 0 || now.Sub(p.shown) < statsEvery) {
		return
	}
	p.stats, p.shown = s, now
	p.show(p.event(now, 0, s))
}

// queueStats needs mu.
func (p *PSAP) queueStats(now time.Time) callmodel.QueueStats {
	s := callmodel.QueueStats{Queue: p.cfg.Queue, Waiting: len(p.board.waiting)}
	_, _, s.AgentsReady = p.roster.present()
	if since, ok := p.board.oldestWait(); ok {
		s.OldestMillis = max(now.Sub(since).Milliseconds(), 0)
	}
	return s
}

// event makes a PSAP-level event.
func (p *PSAP) event(now time.Time, callSeq uint64, d callmodel.EventData) callmodel.Event {
	now = now.UTC().Truncate(time.Millisecond)
	return callmodel.Event{
		ID: callmodel.EventID(p.ids.next(now)), Call: callmodel.PSAPLevel, CallSeq: callSeq, Time: now, Data: d,
	}
}
