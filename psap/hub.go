package psap

import (
	"context"
	"fmt"

	"text911/callmodel"
)

// Gap says that events a subscriber has not seen no longer exist.
type Gap struct{ From, To uint64 }

func (g *Gap) Error() string {
	return fmt.Sprintf("psap: events %d to %d no longer exist", g.From, g.To)
}

// Subscription is a reader's place in the PSAP's stream: a cursor, and a little room for what is
// shown and forgotten. It belongs to one goroutine; close it when done.
type Subscription struct {
	p    *PSAP
	wake chan struct{}
	live bool // wants ephemeral notices only

	// guarded by p.mu
	seq       uint64
	ephemeral []*Notice
	dropped   uint64
}

// Subscribe returns a subscription to everything with a greater seq than after. It begins with what
// holds now and is in no log, because the subscriber may have missed when it changed: whether the
// journal is away, the queue, who is connected.
func (p *PSAP) Subscribe(after uint64) *Subscription {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.subscribe(after)
	now := p.cfg.Now()
	tell := func(d callmodel.EventData) {
		if len(s.ephemeral) < p.cfg.Ephemerals {
			s.ephemeral = append(s.ephemeral, &Notice{Logged: callmodel.Logged{Event: p.event(now, 0, d)}})
		}
	}
	if a, away := p.alerts[alertKey{alert: alertJournal}]; away {
		tell(a.AlertRaised)
	} else {
		tell(callmodel.AlertCleared{Alert: alertJournal})
	}
	tell(p.queueStats(now))
	for _, a := range p.roster.known() {
		tell(callmodel.AgentPresence{Agent: a.Agent, Connected: a.Connected, CanRing: a.CanRing})
	}
	return s
}

// Listen returns a subscription to what is shown and forgotten only. Poll it with limit 0.
func (p *PSAP) Listen() *Subscription {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.subscribe(p.seq)
	s.live = true
	return s
}

// subscribe needs mu.
func (p *PSAP) subscribe(after uint64) *Subscription {
	s := &Subscription{p: p, wake: make(chan struct{}, 1), seq: after}
	p.subs[s] = struct{}{}
	s.nudge()
	return s
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	delete(s.p.subs, s)
}

// Wake yields a value when Poll may have something new.
func (s *Subscription) Wake() <-chan struct{} { return s.wake }

func (s *Subscription) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Poll returns up to limit durable notices and all ephemeral ones that wait, appended to dst, and
// does not wait for more; after a full answer there may be more at once. Every durable event comes
// once, in order. It reads the log, and may wait for it, only when the subscriber has fallen behind
// the tail. With limit 0 only ephemeral notices are returned. A *Gap means that Poll goes on behind
// events that no longer exist.
func (s *Subscription) Poll(ctx context.Context, dst []*Notice, limit int) ([]*Notice, error) {
	p := s.p
	p.mu.Lock()
	dst = append(dst, s.ephemeral...)
	s.ephemeral = s.ephemeral[:0]
	if limit <= 0 || s.seq >= p.seq {
		p.mu.Unlock()
		return dst, nil
	}
	if t := p.tail; s.seq >= t.from {
		i := t.after(s.seq)
		for ; i < t.head && limit > 0; i, limit = i+1, limit-1 {
			dst = append(dst, t.at(i))
			s.seq = t.at(i).Event.Seq
		}
		if i < t.head {
			s.nudge()
		}
		p.mu.Unlock()
		return dst, nil
	}
	seq, known := s.seq, p.seq
	p.mu.Unlock()
	return s.read(ctx, dst, seq, known, limit)
}

// read takes a page from the log, which has events up to known.
func (s *Subscription) read(ctx context.Context, dst []*Notice, seq, known uint64, limit int) ([]*Notice, error) {
	p := s.p
	page, err := p.cfg.Log.Read(ctx, p.cfg.ID, seq, limit)
	if err != nil {
		s.nudge()
		return dst, fmt.Errorf("read the log: %w", err)
	}
	p.count.caughtUp.Add(uint64(len(page)))
	if len(page) == 0 { // nothing is there of what we know of: gone, or not where it was asked for
		s.advance(known)
		return dst, &Gap{From: seq + 1, To: known}
	}
	if page[0].Event.Seq > seq+1 {
		if oldest, _, _, err := p.cfg.Log.Bounds(ctx, p.cfg.ID); err == nil && oldest > seq+1 {
			s.advance(oldest - 1)
			return dst, &Gap{From: seq + 1, To: oldest - 1}
		}
	}
	for _, l := range page {
		dst = append(dst, &Notice{Logged: l})
		seq = l.Event.Seq
	}
	s.advance(seq)
	return dst, nil
}

func (s *Subscription) advance(seq uint64) {
	s.p.mu.Lock()
	s.seq = max(s.seq, seq)
	s.p.mu.Unlock()
	s.nudge()
}

// Dropped is how many ephemeral notices this subscriber was too slow for.
func (s *Subscription) Dropped() uint64 {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return s.dropped
}

// Ephemeral shows an event to everybody who is connected and forgets it. It satisfies the engine's
// Observer: events of other PSAPs are passed over, and it never blocks.
func (p *PSAP) Ephemeral(id callmodel.PSAPID, ev callmodel.Event) {
	if id != p.cfg.ID || ev.Data == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(ev)
}

// show needs mu.
func (p *PSAP) show(ev callmodel.Event) {
	n := &Notice{Logged: callmodel.Logged{Event: ev}}
	for s := range p.subs {
		if len(s.ephemeral) >= p.cfg.Ephemerals {
			s.ephemeral = append(s.ephemeral[:0], s.ephemeral[1:]...)
			s.dropped++
			p.count.dropped.Add(1)
		}
		s.ephemeral = append(s.ephemeral, n)
		s.nudge()
	}
}
