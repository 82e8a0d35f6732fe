package leg

import (
	"context"
	"errors"
	"time"

	"text911/callmodel"
	"text911/engine/sipua"
)

// Perform does what an effect says. The engine calls it in order per leg; the same effect may come
// again and then counts as one. What comes before Run waits for it: after a restart the engine may be
// the first to run, and a leg must not be given up because nobody was there yet to mend it.
func (g *Gateway) Perform(ctx context.Context, call callmodel.CallID, eff callmodel.Effect) {
	select {
	case <-g.begun:
	case <-ctx.Done():
		return
	}
	if g.stopped.Load() {
		return // the call is mended in the next life
	}
	l := g.find(eff.LegOf())
	if l == nil {
		g.orphan(call, eff)
		return
	}
	l.setCall(call)
	switch eff := eff.(type) {
	case callmodel.RingLeg:
		l.ring()
	case callmodel.AnswerLeg:
		l.answerInvite(ctx)
	case callmodel.EndLeg:
		l.end(ctx, eff.Cause)
	case callmodel.SendMessage:
		l.send(ctx, eff)
	case callmodel.SendTyping:
		l.sendTyping(eff.On)
	case callmodel.MendLeg:
		l.mend()
	}
}

// orphan answers for a leg that does not exist here: its process is gone, or it ended long ago.
func (g *Gateway) orphan(call callmodel.CallID, eff callmodel.Effect) {
	g.count.orphanedEffect.Add(1)
	gone := callmodel.Cause{Class: callmodel.ClassOurs, Reason: "leg_gone"}
	switch eff := eff.(type) {
	case callmodel.MendLeg:
		if !g.restore(call, eff) {
			g.orphanSays(call, callmodel.LegEnded{Leg: eff.Leg, By: callmodel.ByEngine,
				Cause: callmodel.Cause{Class: callmodel.ClassOurs, Reason: "cannot_be_mended"}})
		}
	case callmodel.SendMessage:
		g.orphanSays(call, callmodel.MessageProgress{Leg: eff.Leg, Message: eff.Message, State: callmodel.Unknown, Cause: &gone})
	case callmodel.EndLeg:
		g.orphanSays(call, callmodel.LegEnded{Leg: eff.Leg, By: callmodel.ByEngine, Cause: eff.Cause})
	case callmodel.RingLeg, callmodel.AnswerLeg:
		g.orphanSays(call, callmodel.LegEnded{Leg: eff.LegOf(), By: callmodel.ByEngine, Cause: gone})
	}
}

// orphanSays tells the engine something for a leg that has no inbox. It is not repeated: a call
// whose leg is not there asks again after the next restart, or gives the leg up by its own clock.
func (g *Gateway) orphanSays(call callmodel.CallID, in callmodel.Input) {
	g.cfg.Calls.DeliverAsync(call, in, func(_ callmodel.Outcome, err error) {
		if err != nil {
			g.cfg.Logger.Debug("orphan's news not taken", "call", string(call))
		}
	})
}

// ring says that the call waits; the user agent repeats it (NENA-STA-010.3 §3.1.1.1).
func (l *leg) ring() {
	l.mu.Lock()
	in := l.invite
	l.mu.Unlock()
	if in != nil {
		l.sipFault("ring", in.Ringing())
	}
}

// answerInvite gives the 200. What the far side does at once is told after the answer itself.
func (l *leg) answerInvite(ctx context.Context) {
	l.mu.Lock()
	in, sdp := l.invite, l.reply
	if l.state != offered || in == nil {
		l.mu.Unlock()
		return
	}
	l.invite, l.reply, l.state = nil, nil, answered
	l.times.answered = l.gw.cfg.Now()
	l.inbox.corks++
	l.mu.Unlock()
	if err := in.Answer(ctx, sdp); err != nil {
		l.uncork()
		l.sipFault("answer", err)
		if !errors.Is(err, sipua.ErrOver) {
			l.over(callmodel.ByNetwork, callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "answer_not_sent"})
		}
		return
	}
	l.mu.Lock()
	var begin func()
	if l.agreed {
		begin = l.adopt(l.stream)
	}
	l.mu.Unlock()
	l.uncork(item{in: callmodel.LegAnswered{Leg: l.id, Resume: l.resume()}})
	if begin != nil {
		begin()
	}
	l.gw.binds.add(l.gw.cfg.Now(), l.notBound)
}

// notBound: the far side has our answer and never connected. To the engine that is a broken leg, so
// that it is mended.
func (l *leg) notBound() {
	l.mu.Lock()
	if l.state != answered || l.ending {
		l.mu.Unlock()
		return
	}
	l.state = broken
	l.mu.Unlock()
	l.gw.count.broken.Add(1)
	l.say(callmodel.LegBroken{Leg: l.id, Cause: callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "msrp_not_connected"}})
}

// end refuses the INVITE or sends BYE, and says so. A last text of ours gets a moment to arrive.
func (l *leg) end(ctx context.Context, cause callmodel.Cause) {
	l.mu.Lock()
	in, d, was := l.invite, l.dialog, l.state
	if l.ending || was == ended {
		l.mu.Unlock()
		return
	}
	l.ending, l.invite = true, nil
	l.mu.Unlock()
	switch {
	case in != nil:
		l.sipFault("refuse", in.Refuse(refusalOf(cause), "", 0))
	case d != nil:
		if was == established {
			l.settle(ctx)
		}
		bye, cancel := context.WithTimeout(ctx, byeWait)
		l.sipFault("bye", d.Bye(bye, reasonsOf(cause)...))
		cancel()
	}
	l.over(callmodel.ByEngine, cause)
}

// byeWait bounds the wait for the answer to our BYE; the dialog is over in any case.
const byeWait = 8 * time.Second

// sipFault notes what the user agent could not do. That the far end was faster is no fault.
func (l *leg) sipFault(act string, err error) {
	if err == nil || errors.Is(err, sipua.ErrOver) || errors.Is(err, context.Canceled) {
		return
	}
	l.gw.cfg.Logger.Warn("sip act failed", "act", act, "leg", string(l.id), "trunk", string(l.trunk), "error", err)
}

// over tells the engine, once, that the leg has ended, and forgets the leg after the grace in which
// a text may still follow.
func (l *leg) over(by callmodel.By, cause callmodel.Cause) {
	l.mu.Lock()
	if l.told {
		l.mu.Unlock()
		return
	}
	l.told, l.ending = true, true
	l.times.ended = l.gw.cfg.Now()
	l.invite = nil
	if l.lost != nil {
		close(l.lost)
		l.lost = nil
	}
	l.mu.Unlock()
	l.gw.cfg.Trunks.Leave(l.trunk, l.psap)
	l.tell(item{in: callmodel.LegEnded{Leg: l.id, By: by, Cause: cause}, then: func() {
		l.mu.Lock()
		l.heardEnd = true
		l.mu.Unlock()
	}})
	l.gw.graces.add(l.gw.cfg.Now(), l.graceOver)
}
