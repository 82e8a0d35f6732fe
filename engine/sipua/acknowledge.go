package sipua

import (
	"time"
)

// acknowledging keeps the ACK of a 2xx to repeat it for every copy of that 2xx.
type acknowledging struct {
	seq   uint32
	tag   string
	data  []byte
	to    hop
	timer *time.Timer
}

// acknowledge sends the ACK of a 2xx to INVITE: a request of its own to the remote target with the
// CSeq number of the INVITE, whatever was sent since (RFC 3261 §13.2.2.4).
func (d *Dialog) acknowledge(m *message, sdp []byte) {
	w, _ := d.request("ACK", m.seq, d.ua.newBranch())
	ct := ""
	if sdp != nil {
		ct = "application/sdp"
	}
	data := w.end(ct, sdp)
	to, err := d.hop()
	if err != nil {
		d.ua.count.fault(ErrorWrite)
		return
	}
	if d.acked != nil {
		d.acked.timer.Stop()
	}
	a := &acknowledging{seq: m.seq, tag: m.toTag, data: data, to: to}
	a.timer = d.call.after(64*d.ua.cfg.T1, func() {
		if d.acked == a {
			d.acked = nil
		}
	})
	d.acked = a
	d.ua.send(to, data, func(error) {})
}

// ackAgain answers a copy of a 2xx.
func (d *Dialog) ackAgain(m *message) {
	if a := d.acked; a != nil && a.seq == m.seq && a.tag == m.toTag {
		d.ua.count.bump(&d.ua.count.resent)
		d.ua.send(a.to, a.data, func(error) {})
	}
}

// answerLate handles the offer of a 2xx to an INVITE without one: the answer goes into the ACK.
// What cannot be accepted is answered all the same and then ended (RFC 3261 §14.1).
func (d *Dialog) answerLate(m *message, offer []byte, then func(error)) {
	if offer == nil {
		d.acknowledge(m, nil)
		then(&EndError{End{By: PartyPeer, How: HowProtocol}})
		d.leave(nil, End{By: PartyPeer, How: HowProtocol})
		return
	}
	d.ask(Offer{SDP: offer, Method: "2xx", Facts: readFacts(m)}, func(sdp []byte, err error) {
		if d.phase == phaseOver {
			return
		}
		d.acknowledge(m, sdp)
		if err != nil || sdp == nil {
			d.ua.count.refuse(ReasonOffer)
			end := End{By: PartyLocal, How: HowRefused, Code: 488}
			then(&EndError{end})
			d.leave(nil, end)
			return
		}
		d.hears(offer)
		d.s.SDP = sdp
		then(nil)
	})
}
