package sipua

import (
	"context"
	"errors"
	"slices"
	"time"
)

// sequence puts the requests of the far end in the order of their CSeq numbers (RFC 3261
// §12.2.2): a lower number is refused, a gap is given Config.Hold to fill, for datagrams and
// parallel connections may overtake one another.
func (d *Dialog) sequence(tx *serverTx) {
	switch last := d.s.RemoteSeq; {
	case last != 0 && tx.seq <= last:
		d.ua.count.refuse(ReasonStale)
		tx.respond(500, "", nil)
	case last == 0 || tx.seq == last+1 || len(d.held) >= maxHeld:
		d.take(tx)
		d.release(false)
	default:
		d.ua.count.bump(&d.ua.count.reordered)
		d.held = append(d.held, tx)
		slices.SortFunc(d.held, func(a, b *serverTx) int { return int(a.seq) - int(b.seq) })
		if d.holder == nil {
			d.holder = d.call.after(d.ua.cfg.Hold, func() { d.release(true) })
		}
	}
}

// release takes what has waited: all of it when its time is over, else what is in sequence now.
func (d *Dialog) release(late bool) {
	for len(d.held) > 0 && d.phase != phaseOver {
		tx := d.held[0]
		if !late && tx.seq > d.s.RemoteSeq+1 {
			return
		}
		d.held = d.held[1:]
		d.takeHeld(tx)
	}
	d.held = nil
	if d.holder != nil {
		d.holder.Stop()
		d.holder = nil
	}
}

// takeHeld takes a request that has waited.
func (d *Dialog) takeHeld(tx *serverTx) {
	if tx.seq <= d.s.RemoteSeq {
		d.ua.count.refuse(ReasonStale)
		tx.respond(500, "", nil)
		return
	}
	d.take(tx)
}

// take acts on one request in its turn.
func (d *Dialog) take(tx *serverTx) {
	d.s.RemoteSeq = tx.seq
	d.s.Flow = tx.src.flow()
	if tx.src.packet != nil {
		d.packet = tx.src.packet
	}
	if d.phase == phaseEnding && tx.method != "BYE" {
		d.ua.count.refuse(ReasonNoDialog)
		tx.respond(481, "", nil)
		return
	}
	if tx.method != "BYE" && d.call.refuseDemands(tx) {
		return
	}
	if (tx.method == "INVITE" || tx.method == "UPDATE") && d.app.full() {
		d.ua.count.refuse(ReasonOverflow)
		tx.respond(500, "", func(w *writer) { d.call.retrySoon(w) })
		return
	}
	switch tx.method {
	case "BYE":
		d.byeIn(tx)
	case "INVITE":
		d.reinviteIn(tx)
	case "UPDATE":
		d.updateIn(tx)
	case "PRACK":
		d.prackIn(tx)
	case "OPTIONS":
		tx.respond(200, "", capabilities)
	case "INFO", "MESSAGE":
		d.contentIn(tx)
	case "NOTIFY":
		if d.notify {
			d.contentIn(tx)
			return
		}
		d.ua.count.refuse(ReasonNoDialog)
		tx.respond(481, "", nil)
	case "SUBSCRIBE":
		tx.respond(489, "", nil)
	default:
		d.ua.count.refuse(ReasonMethod)
		code := 501
		if isKnown(tx.method) {
			code = 405
		}
		tx.respond(code, "", func(w *writer) { w.add("Allow", allowed) })
	}
}

// byeIn ends the dialog at the far end's wish, also before our answer and across our own BYE
// (RFC 3261 §15.1.2).
func (d *Dialog) byeIn(tx *serverTx) {
	end := End{By: PartyPeer, How: HowBye, Reasons: readReasons(tx.req)}
	tx.respond(200, "", nil)
	if d.phase == phaseEnding && d.bye != nil {
		end = d.bye.end
	}
	if d.ring != nil {
		d.ring.tx.respond(487, "", nil)
		end.Code = 487
	}
	d.finish(end)
}

// contentIn gives a MESSAGE, INFO or NOTIFY to the application and answers when it has taken it.
func (d *Dialog) contentIn(tx *serverTx) {
	req := Request{Method: tx.method, Facts: readFacts(tx.req)}
	result := errNoHandler
	queued := !d.app.full() && d.app.force(func() {
		defer func() {
			d.call.box.force(func() { d.contentTaken(tx, result) })
		}()
		h := *d.hook
		if h == nil {
			return
		}
		result = errPanicked
		ctx, cancel := context.WithTimeout(d.life, 64*d.ua.cfg.T1)
		defer cancel()
		result = h.OnRequest(ctx, d, req)
	})
	if !queued {
		d.ua.count.refuse(ReasonOverflow)
		tx.respond(500, "", func(w *writer) { d.call.retrySoon(w) })
	}
}

var (
	errNoHandler error = &Refusal{Code: 480}
	errPanicked        = errors.New("callback panicked")
)

func (d *Dialog) contentTaken(tx *serverTx, err error) {
	if err == nil {
		tx.respond(200, "", nil)
		return
	}
	code, reason, extra := refusalOf(err, 500)
	tx.respond(code, reason, extra)
}

// refusalOf turns an error of the application into a response.
func refusalOf(err error, other int) (int, string, func(*writer)) {
	var r *Refusal
	if !errors.As(err, &r) || r.Code < 300 || r.Code > 699 {
		return other, "", nil
	}
	return r.Code, r.Reason, func(w *writer) {
		retryAfter(w, Admission{RetryAfter: r.RetryAfter})
		if r.Warning != "" {
			w.add("Warning", r.Warning)
		}
	}
}

// reinviteIn takes a re-INVITE (RFC 3261 §14.2, RFC 5407 §3.1.4 and §3.1.5).
func (d *Dialog) reinviteIn(tx *serverTx) {
	m := tx.req
	switch {
	case d.out != nil && d.out.blocks(), d.up != nil && d.up.offer:
		d.ua.count.refuse(ReasonGlare)
		tx.respond(491, "", nil)
		return
	case d.in != nil, d.phase == phaseEarly:
		d.ua.count.refuse(ReasonOverlap)
		tx.respond(500, "", func(w *writer) { d.call.retrySoon(w) })
		return
	}
	if d.up != nil { // the far end goes on, so it has our 2xx; its ACK was lost or is late
		d.up.stop()
		d.up = nil
		d.phase = phaseConfirmed
		d.emit(Confirmed{})
	}
	tx.respond(100, "", nil)
	tx.onCancel = func(*message) { tx.respond(487, "", nil); d.in = nil }
	if d.unchanged(m) {
		facts := readFacts(m)
		d.refreshTarget(m)
		d.learn(m)
		d.answerInvite(tx, d.s.SDP, false)
		d.emit(Refreshed{Facts: facts})
		return
	}
	d.consider(tx)
}

// unchanged says that a re-INVITE only refreshes: its session description is the one in force.
func (d *Dialog) unchanged(m *message) bool {
	sdp := m.sdp()
	if sdp == nil || d.s.SDP == nil {
		return false
	}
	var now Dialog
	now.hears(sdp)
	return now.heard == d.heard
}

// updateIn takes an UPDATE (RFC 3311 §5.2).
func (d *Dialog) updateIn(tx *serverTx) {
	m := tx.req
	if m.sdp() == nil {
		facts := readFacts(m)
		d.refreshTarget(m)
		d.learn(m)
		d.answerUpdate(tx, nil)
		d.emit(Refreshed{Facts: facts})
		return
	}
	switch {
	case d.in != nil, d.ring != nil && d.ring.sdp != nil:
		d.ua.count.refuse(ReasonOverlap)
		tx.respond(500, "", func(w *writer) { d.call.retrySoon(w) })
	case d.out != nil && d.out.blocks(), d.attempt != nil, d.up != nil && d.up.offer:
		d.ua.count.refuse(ReasonGlare)
		tx.respond(491, "", nil)
	default:
		d.consider(tx)
	}
}

// consider asks the application about an offer, or for one.
func (d *Dialog) consider(tx *serverTx) {
	d.in = tx
	offer := Offer{SDP: tx.req.sdp(), Method: tx.method, Facts: readFacts(tx.req)}
	d.ask(offer, func(sdp []byte, err error) { d.decided(tx, offer.SDP, sdp, err) })
}

// ask runs OnOffer and brings its result back to the actor.
func (d *Dialog) ask(offer Offer, then func([]byte, error)) {
	var sdp []byte
	err := errNoOffers
	queued := d.app.force(func() {
		defer func() {
			d.call.box.force(func() { then(sdp, err) })
		}()
		if h := *d.hook; h != nil {
			err = errPanicked
			sdp, err = h.OnOffer(d.life, d, offer)
		}
	})
	if !queued {
		then(nil, errNoOffers)
	}
}

var errNoOffers error = &Refusal{Code: 488}

// decided answers an offer of the far end.
func (d *Dialog) decided(tx *serverTx, offer, sdp []byte, err error) {
	if d.in == tx {
		d.in = nil
	}
	if d.phase == phaseOver || tx.final != 0 {
		return
	}
	if err == nil && sdp == nil {
		err = errNoOffers
	}
	if err != nil {
		d.ua.count.refuse(ReasonOffer)
		code, reason, extra := refusalOf(err, 488)
		tx.respond(code, reason, extra)
		return
	}
	d.refreshTarget(tx.req)
	d.learn(tx.req)
	if offer != nil {
		d.hears(offer)
	}
	if tx.method == "INVITE" {
		d.answerInvite(tx, sdp, offer == nil)
		return
	}
	d.answerUpdate(tx, sdp)
}

// answerUpdate sends the 200 of an UPDATE.
func (d *Dialog) answerUpdate(tx *serverTx, sdp []byte) {
	interval := d.acceptInterval(tx.req)
	if sdp != nil {
		d.s.SDP = sdp
	}
	tx.respondBody(200, "", func(w *writer) {
		d.dialogHeaders(w)
		interval(w)
	}, "application/sdp", sdp)
}

// soon is the time after which a refresh that met another negotiation is tried again.
const soon = 5 * time.Second
