package sipua

import (
	"strconv"
	"strings"
	"time"
)

// reliable is a provisional response of ours that waits for its PRACK (RFC 3262 §3): repeated from
// T1 doubling without a cap, given up after 64*T1.
type reliable struct {
	rseq     uint32
	data     []byte
	interval time.Duration
	timer    *time.Timer
	limit    *time.Timer
}

func (r *reliable) stop() {
	r.timer.Stop()
	r.limit.Stop()
}

// alertReliably sends a 180 that asks for PRACK. RSeq starts at random below 2^31 and counts up by
// one; the next is sent only when the one before was acknowledged.
func (d *Dialog) alertReliably() {
	r := d.ring
	if r.rseq == 0 {
		r.rseq = uint32(1 + d.ua.below(1<<30))
	} else {
		r.rseq++
	}
	data := r.tx.respondBody(180, "", func(w *writer) {
		d.dialogHeaders(w)
		w.add("Require", "100rel")
		w.add("RSeq", strconv.FormatUint(uint64(r.rseq), 10))
	}, "", nil)
	rel := &reliable{rseq: r.rseq, data: data, interval: d.ua.cfg.T1}
	r.rel = rel
	rel.timer = d.call.after(rel.interval, func() { d.remindPrack(rel) })
	rel.limit = d.call.after(64*d.ua.cfg.T1, func() { d.unpracked(rel) })
}

// unpracked refuses the INVITE whose reliable response nobody acknowledged (RFC 3262 §3).
func (d *Dialog) unpracked(rel *reliable) {
	if d.ring == nil || d.ring.rel != rel || d.phase != phaseEarly {
		return
	}
	d.ring.tx.respond(504, "", nil)
	d.finish(End{By: PartyNetwork, How: HowTimeout, Code: 504})
}

func (d *Dialog) remindPrack(rel *reliable) {
	if d.ring == nil || d.ring.rel != rel || d.phase != phaseEarly {
		return
	}
	d.ua.count.bump(&d.ua.count.resent)
	d.ua.send(d.ring.tx.back, rel.data, func(error) {})
	rel.interval *= 2
	rel.timer = d.call.after(rel.interval, func() { d.remindPrack(rel) })
}

// prackIn takes a PRACK: RAck must name a provisional response of ours that waits for one.
func (d *Dialog) prackIn(tx *serverTx) {
	w := strings.Fields(tx.req.get("rack"))
	r := d.ring
	if r == nil || r.rel == nil || len(w) != 3 || w[0] != strconv.FormatUint(uint64(r.rel.rseq), 10) ||
		w[1] != strconv.FormatUint(uint64(r.tx.seq), 10) || !strings.EqualFold(w[2], "INVITE") {
		d.ua.count.refuse(ReasonNoDialog)
		tx.respond(481, "", nil)
		return
	}
	r.rel.stop()
	r.rel = nil
	tx.respond(200, "", nil)
}

// sendPrack acknowledges a reliable provisional response to an INVITE of ours (RFC 3262 §4). The
// ACK of the INVITE keeps the INVITE's own CSeq number all the same.
func (d *Dialog) sendPrack(m *message, sdp []byte) {
	branch := d.ua.newBranch()
	w, _ := d.request("PRACK", d.nextSeq(), branch)
	w.add("RAck", m.get("rseq")+" "+strconv.FormatUint(uint64(m.seq), 10)+" INVITE")
	ct := ""
	if sdp != nil {
		ct = "application/sdp"
	}
	d.transact("PRACK", branch, w.end(ct, sdp), func(*message) {}, func(int) {})
}
