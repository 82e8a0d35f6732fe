package leg

import (
	"errors"
	"slices"
	"time"

	"text911/callmodel"
	"text911/engine/msrp/transport"
)

// maxTyping is how much may wait before typing states are not added any more.
const maxTyping = 32

// keptRoom is how much room an empty inbox keeps.
const keptRoom = 4

// Codes of verdicts on texts (RFC 4975 §10).
const (
	codeTimeout   = 408 // nobody has it: the sender repeats or says so
	codeTooLarge  = 413
	codeType      = 415
	codeNotOurs   = 403
	codeNoSession = 481
)

// item is one thing the engine must hear.
type item struct {
	in      callmodel.Input
	message transport.Message // to be answered when verdict is set
	verdict bool
	code    int       // of the verdict once the engine heard in; 0: 200
	tries   int       // refusals that looked as if the log would never take in
	due     time.Time // given up when the log is still away then; zero: never
	then    func()    // called after the engine heard it; nil: nothing
}

// inbox is what a leg has to tell the engine, in the order in which it happened, one at a time. The
// leg's mu guards it.
type inbox struct {
	queue   []item
	busy    bool // the head is with the engine
	stalled bool // the head waits for the log
	corks   int  // while above zero nothing is told: the call or its answer is not there yet
}

// tell puts something at the end of the inbox.
func (l *leg) tell(it item) {
	l.mu.Lock()
	l.inbox.queue = append(l.inbox.queue, it)
	l.mu.Unlock()
	l.pump()
}

// sayForNow is say for something that is not worth waiting for the log longer than a text.
func (l *leg) sayForNow(in callmodel.Input) {
	l.tell(item{in: in, due: l.gw.cfg.Now().Add(l.gw.cfg.HoldVerdict)})
}

// say is tell for an input without consequences here.
func (l *leg) say(in callmodel.Input) { l.tell(item{in: in}) }

// uncork takes one cork away. first comes before everything that gathered meanwhile.
func (l *leg) uncork(first ...item) {
	l.mu.Lock()
	l.inbox.corks--
	at := 0
	if l.inbox.busy {
		at = 1
	}
	l.inbox.queue = slices.Insert(l.inbox.queue, at, first...)
	l.mu.Unlock()
	l.pump()
}

// pump gives the engine the head, unless it has one.
func (l *leg) pump() {
	l.mu.Lock()
	b := &l.inbox
	if b.busy || b.stalled || b.corks > 0 || len(b.queue) == 0 || l.call == "" {
		l.mu.Unlock()
		return
	}
	b.busy = true
	in, call := b.queue[0].in, l.call
	l.mu.Unlock()
	l.gw.cfg.Calls.DeliverAsync(call, in, l.heard)
}

// delivered is what the engine made of the head.
func (l *leg) delivered(_ callmodel.Outcome, err error) {
	if err != nil && !l.gw.stopped.Load() {
		if l.replace(err) {
			l.pump()
			return
		}
		if away(err) {
			l.waitForLog()
			return
		}
	}
	l.mu.Lock()
	it := l.inbox.queue[0]
	l.inbox.queue = slices.Delete(l.inbox.queue, 0, 1)
	if len(l.inbox.queue) == 0 && cap(l.inbox.queue) > keptRoom {
		l.inbox.queue = nil
	}
	l.inbox.busy = false
	l.mu.Unlock()
	if it.verdict {
		l.answer(it.message, it.code, err)
	}
	if it.then != nil {
		it.then()
	}
	l.pump()
	l.finishIfDone()
}

// away says that the input was not stored and may come again: the log is away, or the call has too
// much to do.
func away(err error) bool {
	if err == nil {
		return false
	}
	var u interface{ Unavailable() bool }
	if errors.As(err, &u) && u.Unavailable() {
		return true
	}
	var r *callmodel.Refusal
	return !errors.As(err, &r) || r.Code == callmodel.CodeTooMany || r.Code == callmodel.CodeUnavailable
}

// answer gives the verdict on a text: a 200 only when it is durable. code is that of a text of which
// only a placeholder is.
func (l *leg) answer(m transport.Message, code int, err error) {
	if err == nil && code != 0 {
		l.gw.count.rejected.Add(1)
		m.Reject(code)
		return
	}
	if err == nil {
		l.gw.count.accepted.Add(1)
		m.Accept()
		return
	}
	l.gw.count.rejected.Add(1)
	code = codeNotOurs
	var r *callmodel.Refusal
	if errors.As(err, &r) {
		switch r.Code {
		case callmodel.CodeTooLarge:
			code = codeTooLarge
		case callmodel.CodeTypeRefused:
			code = codeType
		case callmodel.CodeUnknownCall, callmodel.CodeUnknownLeg, callmodel.CodeCallClosed:
			code = codeNoSession
		}
	} else {
		code = codeTimeout
	}
	m.Reject(code)
}

// waitForLog puts the leg on the list of those that try again, and lets go of what must not wait.
func (l *leg) waitForLog() {
	l.mu.Lock()
	l.inbox.busy, l.inbox.stalled = false, true
	l.mu.Unlock()
	l.expire()
	l.gw.stall(l)
}

// retry is called while the inbox is stalled.
func (l *leg) retry() {
	l.expire()
	l.mu.Lock()
	l.inbox.stalled = false
	l.mu.Unlock()
	l.pump()
}

// expire rejects the texts that have waited too long, so that their senders know in time that
// nobody has them, and forgets typing states.
func (l *leg) expire() {
	now := l.gw.cfg.Now()
	var over []transport.Message
	l.mu.Lock()
	l.inbox.queue = slices.DeleteFunc(l.inbox.queue, func(it item) bool {
		if _, typing := it.in.(callmodel.TypingSeen); typing {
			return true
		}
		if it.due.IsZero() || !now.After(it.due) {
			return false
		}
		if it.verdict {
			over = append(over, it.message)
		}
		return true
	})
	l.mu.Unlock()
	for _, m := range over {
		l.gw.count.rejected.Add(1)
		m.Reject(codeTimeout)
	}
}

// sayProgress tells what became of an own message. A state that waits behind others is replaced by
// a newer one of the same message. Submitted is never the newer one: it is said after the message
// was handed on, and the far side may have answered by then.
func (l *leg) sayProgress(p callmodel.MessageProgress) {
	l.mu.Lock()
	first := 0
	if l.inbox.busy {
		first = 1
	}
	for i := len(l.inbox.queue) - 1; i >= first; i-- {
		old, ok := l.inbox.queue[i].in.(callmodel.MessageProgress)
		if ok && old.Message == p.Message && l.inbox.queue[i].then == nil {
			if p.State != callmodel.Submitted {
				l.inbox.queue[i].in = p
			}
			l.mu.Unlock()
			return
		}
	}
	l.inbox.queue = append(l.inbox.queue, item{in: p})
	l.mu.Unlock()
	l.pump()
}

// sayTyping tells the far side's typing state, if there is room for something so fleeting.
func (l *leg) sayTyping(on bool) {
	l.mu.Lock()
	if l.inbox.stalled || len(l.inbox.queue) > maxTyping {
		l.mu.Unlock()
		return
	}
	l.inbox.queue = append(l.inbox.queue, item{in: callmodel.TypingSeen{Leg: l.id, On: on}})
	l.mu.Unlock()
	l.pump()
}
