package leg

import (
	"context"

	"text911/callmodel"
	"text911/engine/msrp/content"
	"text911/engine/msrp/transport"
	"text911/engine/sipua"
)

// received takes a complete message. Its verdict waits until the engine said that it is durable.
func (l *leg) received(_ *transport.Session, m transport.Message) transport.Verdict {
	r := l.gw.read(m.ContentType, m.Body)
	if r.typing {
		l.sayTyping(r.active)
		return transport.Accepted
	}
	l.gw.count.received.Add(1)
	now := l.gw.cfg.Now()
	in, code := l.inputOf(string(m.ID), r)
	it := item{in: in, message: m, verdict: true, code: code, due: now.Add(l.gw.cfg.HoldVerdict)}
	l.mu.Lock()
	if l.state == ended {
		l.mu.Unlock()
		return codeNoSession
	}
	if l.times.firstText.IsZero() {
		l.times.firstText = now
	}
	l.times.texts++
	if l.told {
		l.gw.count.late.Add(1)
	}
	l.inbox.queue = append(l.inbox.queue, it)
	l.mu.Unlock()
	l.pump()
	return transport.Later
}

// inputOf is what the engine hears of a message: a text, or something that could not be read, which
// is kept aside and acknowledged all the same, because repeating it would not make it readable. What
// no record can hold is kept aside by its size and refused with code; else code is 0.
func (l *leg) inputOf(wireID string, r reading) (in callmodel.Input, code int) {
	id := callmodel.MessageID(l.gw.cfg.NewID())
	whole := callmodel.MessageArrived{Leg: l.id, Message: id, WireID: wireID, Content: r.content, Claimed: r.claimed}
	switch {
	case !fits(r.content, l.gw.cfg.MaxRecord):
		l.gw.count.bad.Add(1)
		return setAside(whole), codeTooLarge
	case r.fault != "":
		l.gw.count.bad.Add(1)
		return callmodel.MessageBad{Leg: l.id, Message: id, WireID: wireID, Content: r.content,
			Cause: callmodel.Cause{Class: callmodel.ClassTheirs, Reason: r.fault}}, 0
	}
	return whole, 0
}

// partial keeps what arrived of a text that never became complete (ASM-09: given up by its sender,
// or cut): somebody began to write it. There is nothing to acknowledge, and it has no wire id, so
// that the whole one is still taken if it comes.
func (l *leg) partial(_ *transport.Session, p transport.Partial) {
	r := l.gw.read(p.ContentType, p.Body)
	l.mu.Lock()
	over := l.state == ended
	l.mu.Unlock()
	if over || r.typing || r.fault != "" || r.content.Text == "" {
		return
	}
	l.gw.count.received.Add(1)
	in, _ := l.inputOf("", r)
	l.sayForNow(in)
}

// page takes a text that came in a MESSAGE request; nil acknowledges it.
func (l *leg) page(ctx context.Context, p sipua.Part) error {
	typ := p.ContentType
	if charset := p.Params["charset"]; charset != "" {
		typ += "; charset=" + charset
	}
	l.gw.count.received.Add(1)
	heard := make(chan error, 1)
	l.mu.Lock()
	call, over := l.call, l.state == ended
	l.mu.Unlock()
	if over || call == "" {
		return &sipua.Refusal{Code: codeNoSession}
	}
	in, code := l.inputOf("", l.gw.read(typ, []byte(p.Body.Reveal())))
	l.gw.cfg.Calls.DeliverAsync(call, in, func(_ callmodel.Outcome, err error) { heard <- err })
	ctx, cancel := context.WithTimeout(ctx, l.gw.cfg.HoldVerdict)
	defer cancel()
	select {
	case err := <-heard:
		if away(err) {
			return &sipua.Refusal{Code: codeUnavailable, RetryAfter: l.gw.cfg.RetryAfter}
		}
		if err != nil {
			return &sipua.Refusal{Code: codeForbidden}
		}
		if code != 0 {
			l.gw.count.rejected.Add(1)
			return &sipua.Refusal{Code: code}
		}
		l.gw.count.accepted.Add(1)
		return nil
	case <-ctx.Done():
		return &sipua.Refusal{Code: codeUnavailable, RetryAfter: l.gw.cfg.RetryAfter}
	}
}

// composing tells that the far side types, or has stopped (RFC 3994).
func (l *leg) composing(_ *transport.Session, document []byte) {
	if c, err := content.ParseComposing(document); err == nil {
		l.sayTyping(c.Active)
	}
}
