package leg

import (
	"context"
	"errors"
	"strings"
	"time"

	"text911/callmodel"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// seqJump is how far our CSeq goes ahead when a dialog is taken up again: requests we sent after its
// state was kept have used numbers that we do not know, and a gap is allowed (RFC 3261 §12.2.2).
const seqJump = 1000

// mend makes a broken leg whole: the far side has the first pauses to come back by itself, to the
// same session or with a re-INVITE; then we re-INVITE with a new path (RFC 4975 §5.4). When nothing
// helps the leg stays broken, and may still be mended by the far side, until the engine ends it.
func (l *leg) mend() {
	l.mu.Lock()
	if l.lost != nil || l.ending || l.state != broken {
		l.mu.Unlock()
		return
	}
	back := make(chan struct{})
	l.lost = back
	l.mu.Unlock()
	l.gw.spawn(func(life context.Context) { l.mendIn(life, back, l.gw.cfg.MendPauses) })
}

// mendIn tries after each pause until the session is bound again, which closes back.
func (l *leg) mendIn(life context.Context, back <-chan struct{}, pauses []time.Duration) {
	for _, p := range pauses {
		t := time.NewTimer(p)
		select {
		case <-life.Done():
			t.Stop()
			return
		case <-back:
			t.Stop()
			return
		case <-t.C:
		}
		if !l.tryMend(life) {
			return
		}
	}
	select {
	case <-life.Done():
	case <-back:
	}
}

// tryMend sends one re-INVITE with a new session; false means that there is nothing left to try.
func (l *leg) tryMend(ctx context.Context) bool {
	l.mu.Lock()
	if l.ending || l.state == ended || l.state == established || l.dialog == nil {
		l.mu.Unlock()
		return false
	}
	d, secure := l.dialog, l.session != nil && l.session.URI().Secure || l.secure || l.gw.cfg.Plain == nil
	l.mu.Unlock()
	offer, err := l.renew(secure)
	if err != nil {
		l.gw.cfg.Logger.Warn("leg not mended", "leg", string(l.id), "error", err)
		return true
	}
	l.gw.count.mends.Add(1)
	answer, err := d.Reinvite(ctx, offer)
	if err == nil {
		err = l.answerRead(answer)
	} else {
		l.withdraw()
	}
	if err != nil {
		l.sipFault("re-invite", err)
		var gone *sipua.EndError
		return !errors.As(err, &gone) && !errors.Is(err, sipua.ErrOver)
	}
	return true
}

// renew makes a session with a path the far side has not seen, and the offer that names it.
func (l *leg) renew(secure bool) ([]byte, error) {
	l.mu.Lock()
	s := l.session
	named := !l.unnamed || s == nil || s.URI().Secure != secure
	l.mu.Unlock()
	if named {
		var err error
		if s, err = l.newSession(secure); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	offer, err := l.sdp.Offer(l.gw.params(s, sdpmsrp.RoleNone))
	if err != nil {
		l.mu.Unlock()
		s.Close()
		return nil, err
	}
	var dropped *transport.Session
	if l.session != s {
		dropped, l.earlier, l.session = l.earlier, l.session, s
	}
	l.unnamed = false
	l.mu.Unlock()
	closeSessions(dropped)
	return offer, nil
}

// withdraw goes back to what was in force when an offer was refused (RFC 3261 §14.1).
func (l *leg) withdraw() {
	l.mu.Lock()
	l.sdp.Withdraw()
	s := l.session
	if l.earlier != nil && !s.Bound() {
		l.session, l.earlier = l.earlier, nil
	} else {
		s = nil
	}
	back := l.session
	l.mu.Unlock()
	closeSessions(s)
	if back != nil && back.Bound() {
		l.bound(back) // the far side came back to it meanwhile
	}
}

func closeSessions(list ...*transport.Session) {
	for _, s := range list {
		if s != nil {
			s.Close()
		}
	}
}

// restore takes up a leg of an earlier life and mends it at once. It reports false when there is
// nothing to take up.
func (g *Gateway) restore(call callmodel.CallID, eff callmodel.MendLeg) bool {
	r, err := readResume(eff.Resume)
	if err != nil || r.Dialog.CallID == "" {
		return false
	}
	l := g.newLeg(eff.Leg)
	l.call, l.trunk, l.psap, l.secure = call, r.Trunk, r.PSAP, r.Secure
	l.peer = uriIn(r.Dialog.RemoteURI)
	l.state = broken
	l.times.offered = g.cfg.Now()
	back := make(chan struct{})
	l.lost = back
	if l.session, err = l.newSession(l.secure || g.cfg.Plain == nil); err != nil {
		return false
	}
	l.unnamed = true
	if l.sdp, err = sdpmsrp.Restore(g.sdpConfig("", 0), r.Dialog.SDP, r.Remote); err != nil {
		g.cfg.Logger.Warn("session description not taken up", "leg", string(l.id), "error", err)
		if l.sdp, err = g.negotiation(""); err != nil {
			l.session.Close()
			return false
		}
	}
	if !g.add(l) {
		l.session.Close()
		return false
	}
	r.Dialog.LocalSeq += seqJump
	l.mu.Lock()
	l.dialog, err = g.ua.Restore(r.Dialog, l)
	l.mu.Unlock()
	if err != nil {
		g.cfg.Logger.Warn("dialog not taken up", "leg", string(l.id), "error", err)
		g.remove(l)
		l.session.Close()
		return false
	}
	g.cfg.Trunks.Enter(l.trunk, l.psap, true)
	pauses := append([]time.Duration{0}, g.cfg.MendPauses...)
	return g.spawn(func(life context.Context) { l.mendIn(life, back, pauses) })
}

// uriIn is the URI of a name-addr.
func uriIn(p callmodel.Private) callmodel.Private {
	_, uri, ok := strings.Cut(p.Reveal(), "<")
	if !ok {
		return p
	}
	uri, _, _ = strings.Cut(uri, ">")
	return callmodel.Private(uri)
}
