package leg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"text911/callmodel"
	"text911/engine/msrp"
	"text911/engine/msrp/content"
	"text911/engine/msrp/session"
	"text911/engine/msrp/transport"
)

// fullPause is how long a send waits before it tries again when the session holds as much as it may.
const fullPause = 100 * time.Millisecond

// outgoing is an own message without a final state.
type outgoing struct {
	message  callmodel.MessageID
	wire     session.Outgoing
	answered bool // 200 came; a REPORT may still follow
}

// send hands a text to the MSRP session. A message that is on its way already is the same message
// (RFC 4975 §7.1.1: it keeps its Message-ID through recovery).
func (l *leg) send(ctx context.Context, eff callmodel.SendMessage) {
	o := outgoing{message: eff.Message, wire: session.Outgoing{
		MessageID: wireID(eff.Message), ContentType: eff.Content.ContentType, SuccessReport: true,
		Body: bodyOf(eff.Content),
	}}
	for {
		err := l.handOn(o)
		switch {
		case err == nil, errors.Is(err, session.ErrDuplicate), errors.Is(err, session.ErrHeld):
			return
		case errors.Is(err, session.ErrFull):
			if !wait(ctx, fullPause) {
				return
			}
		default:
			l.drop(o, err)
			return
		}
	}
}

// handOn gives the message to the session as it is now.
func (l *leg) handOn(o outgoing) error {
	l.mu.Lock()
	s := l.session
	if l.told || l.ending || s == nil {
		l.mu.Unlock()
		return transport.ErrClosed
	}
	if l.sent == nil {
		l.sent = map[msrp.MessageID]outgoing{}
	}
	l.sent[o.wire.MessageID] = o
	l.mu.Unlock()
	err := s.Send(o.wire)
	switch {
	case errors.Is(err, session.ErrHeld):
		l.mu.Lock()
		l.held = append(l.held, o)
		l.mu.Unlock()
	case err == nil && s.Bound():
		l.gw.count.sent.Add(1)
		l.mu.Lock()
		if l.times.firstReply.IsZero() {
			l.times.firstReply = l.gw.cfg.Now()
		}
		l.times.replies++
		l.mu.Unlock()
		l.sayProgress(callmodel.MessageProgress{Leg: l.id, Message: o.message, State: callmodel.Submitted})
	}
	return err
}

// drop says that a message could not be handed on.
func (l *leg) drop(o outgoing, err error) {
	l.mu.Lock()
	delete(l.sent, o.wire.MessageID)
	l.mu.Unlock()
	cause := callmodel.Cause{Class: callmodel.ClassOurs, Reason: "not_sent"}
	switch {
	case errors.Is(err, session.ErrType), errors.Is(err, session.ErrNeedsCPIM):
		cause = callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "type_not_accepted"}
	case errors.Is(err, session.ErrSize):
		cause = callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "too_large"}
	case errors.Is(err, transport.ErrClosed), errors.Is(err, session.ErrEnded):
		cause = callmodel.Cause{Class: callmodel.ClassNormal, Reason: "leg_ended"}
	}
	l.gw.count.failed.Add(1)
	l.sayProgress(callmodel.MessageProgress{Leg: l.id, Message: o.message, State: callmodel.Failed, Cause: &cause})
}

// releaseHeld hands on what waited while the far side held the stream.
func (l *leg) releaseHeld() {
	l.mu.Lock()
	waiting := l.held
	l.held = nil
	l.mu.Unlock()
	for _, o := range waiting {
		if err := l.handOn(o); err != nil && !errors.Is(err, session.ErrHeld) {
			l.drop(o, err)
		}
	}
}

// progress tells what became of an own message.
func (l *leg) progress(_ *transport.Session, u transport.Update) {
	l.mu.Lock()
	o, known := l.sent[u.ID]
	if !known {
		l.mu.Unlock()
		return
	}
	p := callmodel.MessageProgress{Leg: l.id, Message: o.message}
	switch u.State {
	case session.Sent:
		p.State = callmodel.Submitted
	case session.Accepted:
		p.State, o.answered = callmodel.Accepted, true
		l.sent[u.ID] = o
	case session.Delivered:
		p.State = callmodel.Delivered
		l.gw.count.delivered.Add(1)
	case session.Failed:
		p.State = callmodel.Failed
		p.Cause = &callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "message_refused", Wire: wire("msrp", u.Code)}
		l.gw.count.failed.Add(1)
	case session.Timeout:
		p.State = callmodel.Unknown
		p.Cause = &callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "response_timeout", Wire: wire("msrp", codeTimeout)}
		l.gw.count.unknown.Add(1)
	}
	if u.State != session.Accepted {
		delete(l.sent, u.ID)
	}
	done := l.settled
	if done != nil && !l.unanswered() {
		close(done)
		l.settled = nil
	}
	l.mu.Unlock()
	l.sayProgress(p)
}

// unanswered reports whether some own message has no answer yet. It needs mu.
func (l *leg) unanswered() bool {
	for _, o := range l.sent {
		if !o.answered {
			return true
		}
	}
	return false
}

// settle gives own messages that are on their way a moment to be answered before the BYE.
func (l *leg) settle(ctx context.Context) {
	l.mu.Lock()
	if !l.unanswered() {
		l.mu.Unlock()
		return
	}
	done := make(chan struct{})
	l.settled = done
	l.mu.Unlock()
	t := time.NewTimer(l.gw.cfg.SettleWait)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	case <-ctx.Done():
	}
}

// sendTyping tells the far side that a taker types, if it said that it takes such notes (RFC 3994).
func (l *leg) sendTyping(on bool) {
	l.mu.Lock()
	s := l.session
	var bare, wrapped bool
	if l.agreed && l.state == established {
		bare, wrapped = takesComposing(l.stream.Remote)
	}
	l.mu.Unlock()
	if !bare && !wrapped {
		return
	}
	typ := content.TypeComposing
	body := content.AppendComposing(nil, content.Composing{Active: on, Refresh: content.MinRefresh, ContentType: textPlain})
	if wrapped {
		var err error
		if body, err = l.wrap(l.gw.cfg.Now(), typ, body); err != nil {
			return // an address that cannot be written; texts go on
		}
		typ = "message/cpim"
	}
	err := s.Send(session.Outgoing{MessageID: l.gw.cfg.Endpoint.NewMessageID(), ContentType: typ, Body: body,
		FailureReport: msrp.FailureNo, Control: true})
	if err != nil {
		l.gw.cfg.Logger.Debug("typing state not sent", "leg", string(l.id), "error", err)
	}
}

// wireID is the Message-ID of an own message: the engine's name when the grammar takes it, else a
// sum of it, so that the same message always has the same one (RFC 4975 §5.4, §9).
func wireID(m callmodel.MessageID) msrp.MessageID {
	if id := msrp.MessageID(m); id.Valid() {
		return id
	}
	sum := sha256.Sum256([]byte(m))
	return msrp.MessageID(hex.EncodeToString(sum[:])[:msrp.MessageIDLength])
}

func bodyOf(c callmodel.Content) []byte {
	if len(c.Body) > 0 {
		return c.Body
	}
	return []byte(c.Text.Reveal())
}
