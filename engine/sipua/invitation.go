package sipua

import (
	"context"
	"strconv"
	"time"

	"text911/callmodel"
)

// ringing is the UAS side of a call before its answer.
type ringing struct {
	tx       *serverTx
	invite   *message // let go with the final answer
	sdp      []byte   // the offer
	reliable bool     // provisional responses need PRACK
	rang     bool
	timer    *time.Timer
	rel      *reliable // provisional response that waits for its PRACK
	rseq     uint32
}

func (r *ringing) stop() {
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.rel != nil {
		r.rel.stop()
		r.rel = nil
	}
}

// newInvited makes the dialog of an INVITE and tells the application.
func newInvited(c *call, tx *serverTx) {
	m := tx.req
	facts := readFacts(m)
	d := newDialog(c, tx.src.peer, State{
		LocalTag: tx.tag, RemoteTag: m.fromTag,
		LocalURI: callmodel.Private(withoutTag(m.get("to"))), RemoteURI: callmodel.Private(withoutTag(m.get("from"))),
		RemoteSeq: m.seq, RouteSet: m.list("record-route"),
		Target: callmodel.Private(contactURI(m)), Transport: tx.src.transport, Flow: tx.src.flow(),
	})
	d.packet = tx.src.packet
	d.s.Contact = callmodel.Private(c.ua.contact(tx.src.face()))
	if d.s.Target == "" { // RFC 3261 §8.1.1.8 demands a Contact; without one the sender is the best guess
		d.s.Target = callmodel.Private("sip:" + tx.src.addr.String() + ";transport=" + string(tx.src.transport))
	}
	d.learn(m)
	offer := facts.SDP()
	d.hears(offer)
	d.ring = &ringing{tx: tx, invite: m, sdp: offer, reliable: has(m.tokens("require"), "100rel")}
	tx.onCancel = func(cancel *message) { d.cancelled(cancel) }
	tx.respond(100, "", nil)
	in := &Invitation{Facts: facts, Peer: tx.src.peer, Evidence: tx.src.evidence(), CallID: c.id, Offer: offer,
		Raw: callmodel.Private(m.raw), Received: m.at, Dialog: d}
	m.raw = nil
	d.app.force(func() { *d.hook = c.ua.handler.OnInvite(d.life, in) })
}

// cancelled ends a call that the far end gave up before our answer (RFC 3261 §9.2).
func (d *Dialog) cancelled(cancel *message) {
	d.ring.tx.respond(487, "", nil)
	d.finish(End{By: PartyPeer, How: HowCancel, Code: 487, Reasons: readReasons(cancel)})
}

// pending runs f if the invitation still waits for its final answer.
func (in *Invitation) pending(f func(d *Dialog) error) error {
	d := in.Dialog
	return d.call.do(func() error {
		if d.phase != phaseEarly || d.ring == nil {
			return ErrOver
		}
		return f(d)
	})
}

// Ringing sends 180 and repeats it about every 3 s until the final answer
// (NENA-STA-010.3 §3.1.1.1). Calling it again does nothing.
func (in *Invitation) Ringing() error {
	return in.pending(func(d *Dialog) error {
		if !d.ring.rang {
			d.ring.rang = true
			d.alert()
		}
		return nil
	})
}

// alert sends one 180 and sets the time of the next. A reliable one is repeated as a new response
// only when the one before was acknowledged.
func (d *Dialog) alert() {
	r := d.ring
	if d.phase != phaseEarly || r == nil {
		return
	}
	switch {
	case !r.reliable:
		r.tx.respond(180, "", d.dialogHeaders)
	case r.rel == nil:
		d.alertReliably()
	}
	r.timer = d.call.after(d.ua.cfg.RingEvery, d.alert)
}

// dialogHeaders are those of every response that makes or refreshes a dialog.
func (d *Dialog) dialogHeaders(w *writer) {
	w.add("Contact", "<"+d.s.Contact.Reveal()+">")
	w.add("Allow", allowed)
	w.add("Supported", supported)
}

// Answer sends 200 with the session description: the answer, or our offer when in.Offer is nil.
// It returns when the 200 is on its way; Confirmed follows when the ACK arrives, or Ended.
func (in *Invitation) Answer(ctx context.Context, sdp []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return in.pending(func(d *Dialog) error {
		r := d.ring
		r.stop()
		d.ring = nil
		d.phase = phaseAnswered
		d.answerInvite(r.tx, sdp, r.sdp == nil)
		return nil
	})
}

// Refuse sends a final response of 300 to 699. retryAfter 0 leaves Retry-After out.
func (in *Invitation) Refuse(code int, reason string, retryAfter time.Duration) error {
	if code < 300 || code > 699 {
		code = 500
	}
	return in.pending(func(d *Dialog) error {
		d.ring.tx.respond(code, reason, func(w *writer) {
			if retryAfter > 0 {
				w.add("Retry-After", strconv.Itoa(seconds(retryAfter)))
			}
		})
		d.finish(End{By: PartyLocal, How: HowRefused, Code: code})
		return nil
	})
}

// seconds rounds up, as Retry-After and Session-Expires count whole seconds.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
