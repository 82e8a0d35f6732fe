package sipua

import (
	"time"
)

// answered is a 2xx to INVITE that waits for its ACK. The dialog repeats it, over streams too,
// from T1 doubling to T2, and gives up after 64*T1 (RFC 3261 §13.3.1.4, §14.2).
type answered struct {
	d        *Dialog
	seq      uint32
	offer    bool // the 2xx carries our offer: the ACK must bring the answer
	data     []byte
	back     hop
	interval time.Duration
	timer    *time.Timer
	limit    *time.Timer
}

func (a *answered) stop() {
	a.timer.Stop()
	a.limit.Stop()
}

func (a *answered) again() {
	if a.d.up != a {
		return
	}
	a.d.ua.count.bump(&a.d.ua.count.resent)
	a.d.ua.send(a.back, a.data, func(error) {})
	a.interval = min(2*a.interval, a.d.ua.cfg.T2)
	a.timer = a.d.call.after(a.interval, a.again)
}

// answerInvite sends the 2xx of an INVITE or re-INVITE.
func (d *Dialog) answerInvite(tx *serverTx, sdp []byte, offer bool) {
	seq := tx.seq
	interval := d.acceptInterval(tx.req)
	d.s.SDP = sdp
	data := tx.respondBody(200, "", func(w *writer) {
		d.dialogHeaders(w)
		w.add("Accept", acceptBodies)
		interval(w)
	}, "application/sdp", sdp)
	if data == nil {
		return
	}
	if d.up != nil {
		d.up.stop()
	}
	a := &answered{d: d, seq: seq, offer: offer, data: data, back: tx.back, interval: d.ua.cfg.T1}
	a.timer = d.call.after(a.interval, a.again)
	a.limit = d.call.after(64*d.ua.cfg.T1, func() { d.unacknowledged(a) })
	d.up = a
}

// acknowledged takes the ACK of our 2xx.
func (d *Dialog) acknowledged(m *message) {
	a := d.up
	if a == nil || a.seq != m.seq {
		return
	}
	a.stop()
	d.up = nil
	if d.phase == phaseAnswered {
		d.phase = phaseConfirmed
	}
	if tx := d.call.inviteOf(a.seq, d.s.LocalTag); tx != nil && tx.reliable() {
		tx.drop() // a stream repeats nothing, so there is nothing left to absorb
	}
	var answer []byte
	if a.offer {
		answer = m.sdp()
		if answer == nil && d.bye == nil { // RFC 3261 §13.2.1: the ACK must carry the answer
			d.leave(nil, End{By: PartyPeer, How: HowProtocol})
			return
		}
		d.hears(answer)
	}
	d.emit(Confirmed{Answer: answer})
	if d.bye != nil {
		d.sendBye()
	}
}

// inviteOf finds the transaction of an INVITE we answered.
func (c *call) inviteOf(seq uint32, tag string) *serverTx {
	for _, tx := range c.servers {
		if tx.method == "INVITE" && tx.seq == seq && tx.tag == tag {
			return tx
		}
	}
	return nil
}

// unacknowledged ends a dialog whose 2xx nobody acknowledged.
func (d *Dialog) unacknowledged(a *answered) {
	if d.up != a {
		return
	}
	a.stop()
	d.up = nil
	end := End{By: PartyNetwork, How: HowTimeout}
	if d.bye != nil {
		end = d.bye.end
	}
	d.phase = phaseConfirmed
	d.leave(nil, end)
}

// leave sends BYE for a reason of our own and ends the dialog with the given end.
func (d *Dialog) leave(reasons []Reason, end End) {
	if d.phase == phaseOver || d.phase == phaseEnding {
		return
	}
	d.bye = &goodbye{reasons: reasons, end: end}
	if d.up == nil {
		d.sendBye()
	}
}

// sendBye sends the BYE; whatever comes back, the dialog is over (RFC 3261 §15.1.1).
func (d *Dialog) sendBye() {
	d.phase = phaseEnding
	bye := d.bye
	branch := d.ua.newBranch()
	w, _ := d.request("BYE", d.nextSeq(), branch)
	addReasons(w, bye.reasons)
	d.transact("BYE", branch, w.end("", nil), func(m *message) {
		if m.code < 200 {
			return
		}
		if bye.end.By == PartyLocal && bye.end.How == HowBye {
			bye.end.Code = m.code
		}
		d.finish(bye.end)
	}, func(code int) { d.finish(bye.end) })
}
