package leg

import (
	"context"
	"errors"
	"time"

	"text911/callmodel"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

var errNoPlace = errors.New("no place for this kind of msrp")

// OnInvite takes a new call, or refuses it: the checks that need nothing stored come first, then
// the call is made durable, and only then does anybody hear that it is taken.
func (g *Gateway) OnInvite(ctx context.Context, in *sipua.Invitation) sipua.DialogHandler {
	l, code := g.incoming(in)
	if code != 0 {
		g.refuse(in, code)
		return nil
	}
	if code := g.open(ctx, l, in); code != 0 {
		l.unopened() // first: whoever is refused may come again at once and must find its place free
		g.refuse(in, code)
		return nil
	}
	return l
}

// incoming makes the leg of an INVITE, or says with which code to refuse it.
func (g *Gateway) incoming(in *sipua.Invitation) (*leg, int) {
	l := g.newLeg(callmodel.LegID(g.cfg.NewID()))
	l.trunk = callmodel.TrunkID(in.Peer)
	l.invite, l.dialog = in, in.Dialog
	l.peer = caller(&in.Facts).Address
	l.times.offered = in.Received
	l.inbox.corks = 1
	var err error
	if l.psap, l.queue, err = g.cfg.Router.Route(l.trunk, routeOf(in), in.RequestURI); err != nil {
		g.count.unknownQueue.Add(1)
		return nil, codeNotFound
	}
	_, l.secure, _ = g.cfg.Trunks.Terms(l.trunk)
	if err := l.prepare(in.Offer); err != nil {
		g.count.unacceptable.Add(1)
		g.cfg.Logger.Warn("offer refused", "trunk", string(l.trunk), "error", err)
		return nil, codeNotAcceptable
	}
	if !g.cfg.Trunks.Enter(l.trunk, l.psap, false) {
		g.count.busy.Add(1)
		l.session.Close()
		return nil, codeBusy
	}
	if !g.add(l) {
		g.count.busy.Add(1)
		g.cfg.Trunks.Leave(l.trunk, l.psap)
		l.session.Close()
		return nil, codeBusy
	}
	return l, 0
}

// prepare makes the MSRP session and what goes into the 200: the answer to an offer, or an offer of
// our own when the INVITE has none (RFC 3261 §13.2.1). Its listener is there before it leaves.
func (l *leg) prepare(offer []byte) error {
	secure, copies := l.secure || l.gw.cfg.Plain == nil, 1
	var d *sdpmsrp.Description
	if offer != nil {
		var err error
		if d, err = sdpmsrp.Parse(offer, sdpmsrp.Options{}); err != nil {
			return err
		}
		ok := false
		if secure, copies, ok = l.gw.choose(d, l.secure); !ok {
			return errNoLine
		}
	}
	s, err := l.newSession(secure)
	if err != nil {
		return err
	}
	if l.sdp, err = l.gw.negotiation(s.URI().Host); err != nil {
		s.Close()
		return err
	}
	l.session = s
	if err := l.describe(d, copies); err != nil {
		s.Close()
		return err
	}
	return nil
}

var errNoLine = errors.New("no message line that could be used")

// describe makes the session description for the 200.
func (l *leg) describe(d *sdpmsrp.Description, copies int) error {
	p := l.gw.params(l.session, sdpmsrp.RoleNone)
	var err error
	if d == nil {
		l.reply, err = l.sdp.Offer(p)
		return err
	}
	r, err := l.sdp.Answer(d, repeat(p, copies)...)
	if err != nil {
		return err
	}
	l.reply, l.stream, l.agreed = r.SDP, r.Streams[0], true
	return nil
}

func repeat(p sdpmsrp.Params, n int) []sdpmsrp.Params {
	out := make([]sdpmsrp.Params, n)
	for i := range out {
		out[i] = p
	}
	return out
}

// open makes the call durable; 0 means that the engine has it.
func (g *Gateway) open(ctx context.Context, l *leg, in *sipua.Invitation) int {
	hold, _, test := g.cfg.Trunks.Terms(l.trunk)
	offer, bad := g.offer(l, in)
	offer.Hold, offer.Test = hold, offer.Test || test
	ctx, cancel := context.WithTimeout(ctx, g.cfg.OpenWait)
	defer cancel()
	call, _, err := g.cfg.Calls.Open(ctx, l.psap, callmodel.LegOffered{Leg: l.id, Offer: offer, Queue: l.queue})
	if err != nil {
		if away(err) && !tooMany(err) {
			g.count.away.Add(1)
			return codeUnavailable
		}
		g.count.busy.Add(1)
		return codeBusy
	}
	g.count.offered.Add(1)
	l.setCall(call)
	if bad > 0 {
		l.sayForNow(callmodel.LocationNotFound{Cause: callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "location_garbled"}})
	}
	l.uncork()
	g.cfg.Logger.Debug("leg offered", "call", string(call), "leg", string(l.id), "trunk", string(l.trunk), "hold", hold)
	return 0
}

func routeOf(in *sipua.Invitation) string {
	if in.Top {
		return in.Queue
	}
	return ""
}

func tooMany(err error) bool {
	var r *callmodel.Refusal
	return errors.As(err, &r)
}

// refuse gives the final response; 503 says when to come again.
func (g *Gateway) refuse(in *sipua.Invitation, code int) {
	var after time.Duration
	if code == codeUnavailable {
		after = g.cfg.RetryAfter
	}
	g.cfg.Logger.Debug("call refused", "trunk", in.Peer, "code", code)
	if err := in.Refuse(code, "", after); err != nil && !errors.Is(err, sipua.ErrOver) {
		g.cfg.Logger.Warn("refusal not sent", "code", code, "error", err)
	}
}

// unopened forgets a leg whose call never came to be.
func (l *leg) unopened() {
	l.mu.Lock()
	l.state = ended
	l.mu.Unlock()
	l.session.Close()
	l.gw.remove(l)
	l.gw.cfg.Trunks.Leave(l.trunk, l.psap)
}
