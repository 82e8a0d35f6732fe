package leg

import (
	"context"

	"text911/callmodel"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// OnOffer negotiates anew when the far end wants to: another path, hold, or a refresh.
func (l *leg) OnOffer(_ context.Context, _ *sipua.Dialog, o sipua.Offer) ([]byte, error) {
	l.moved(o.Facts)
	if o.SDP == nil {
		return l.reoffer()
	}
	d, err := sdpmsrp.Parse(o.SDP, sdpmsrp.Options{})
	if err != nil {
		return nil, &sipua.Refusal{Code: codeNotAcceptable}
	}
	l.mu.Lock()
	if l.state == ended || l.ending {
		l.mu.Unlock()
		return nil, &sipua.Refusal{Code: codeNoSession}
	}
	_, copies, ok := l.gw.choose(d, l.secure)
	if !ok {
		copies = 1 // all lines ended or unusable: sdpmsrp knows whether that is an answer or a refusal
	}
	r, err := l.sdp.Answer(d, repeat(l.gw.params(l.session, l.inUse()), copies)...)
	if err != nil {
		l.mu.Unlock()
		l.gw.count.unacceptable.Add(1)
		return nil, &sipua.Refusal{Code: codeNotAcceptable}
	}
	var begin func()
	l.unnamed = false
	if len(r.Streams) > 0 {
		begin = l.adopt(r.Streams[0])
	}
	l.mu.Unlock()
	if begin != nil {
		begin()
		l.renewed()
	}
	return r.SDP, nil
}

// reoffer is our offer when the far end asks for one (RFC 3261 §14.2); the answer is in the ACK.
func (l *leg) reoffer() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil || l.ending {
		return nil, &sipua.Refusal{Code: codeNoSession}
	}
	return l.sdp.Offer(l.gw.params(l.session, l.inUse()))
}

// inUse is the role of a connection that is alive. It needs mu.
func (l *leg) inUse() sdpmsrp.Role {
	if l.agreed && l.session.Bound() {
		return l.stream.Role
	}
	return sdpmsrp.RoleNone
}

// answerRead takes the answer to an offer of ours.
func (l *leg) answerRead(sdp []byte) error {
	l.mu.Lock()
	r, err := l.sdp.ParseAnswer(sdp)
	if err != nil {
		l.mu.Unlock()
		return err
	}
	var begin func()
	if len(r.Streams) > 0 {
		begin = l.adopt(r.Streams[0])
	}
	l.mu.Unlock()
	if begin != nil {
		begin()
		l.renewed()
	}
	return nil
}

// renewed keeps the dialog's new state for the next life, once texts pass.
func (l *leg) renewed() {
	l.mu.Lock()
	if l.state != established {
		l.mu.Unlock()
		return
	}
	far := l.capability()
	l.mu.Unlock()
	l.say(callmodel.LegEstablished{Leg: l.id, Capability: far, Resume: l.resume()})
}

// OnRequest takes a text that comes as MESSAGE inside the dialog (NENA-STA-010.3 §3.1.11); other
// requests are answered and change nothing.
func (l *leg) OnRequest(ctx context.Context, _ *sipua.Dialog, r sipua.Request) error {
	l.moved(r.Facts)
	if r.Method != "MESSAGE" {
		return nil
	}
	for _, p := range r.Facts.Parts {
		if p.ContentType == "text/plain" {
			return l.page(ctx, p)
		}
	}
	return &sipua.Refusal{Code: 415}
}

// OnEvent hears everything else about the dialog.
func (l *leg) OnEvent(ctx context.Context, d *sipua.Dialog, ev sipua.Event) {
	switch ev := ev.(type) {
	case sipua.Confirmed:
		if ev.Answer == nil {
			return
		}
		if err := l.answerRead(ev.Answer); err != nil {
			l.gw.count.unacceptable.Add(1)
			l.hangUp(d, callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "answer_unusable", Wire: "sip 488"})
		}
	case sipua.Refreshed:
		l.moved(ev.Facts)
	case sipua.Expired:
		l.expired(d)
	case sipua.Ended:
		if ev.End.How == sipua.HowShutdown || l.gw.stopped.Load() {
			return // our process ends, not the call
		}
		if ev.End.By == sipua.PartyLocal && l.isEnding() {
			return // whoever ends it says why
		}
		by, cause := endOf(ev.End)
		l.over(by, cause)
	}
}

func (l *leg) isEnding() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ending
}

// expired: the far end no longer refreshes the session. While texts can pass that means little
// (RFC 4028 §10 leaves it to us); when they cannot, nobody is there.
func (l *leg) expired(d *sipua.Dialog) {
	l.mu.Lock()
	alive := l.state == established
	l.mu.Unlock()
	if !alive {
		l.hangUp(d, callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "session_expired", Wire: "sip 408"})
	}
}

// hangUp ends the dialog on our own account; it must not wait in the dialog's callbacks.
func (l *leg) hangUp(d *sipua.Dialog, cause callmodel.Cause) {
	l.gw.spawn(func(life context.Context) {
		l.over(callmodel.ByNetwork, cause)
		ctx, cancel := context.WithTimeout(life, byeWait)
		defer cancel()
		l.sipFault("bye", d.Bye(ctx, reasonsOf(cause)...))
	})
}
