package sipua

import (
	"time"
)

// clientTx is a client transaction (RFC 3261 §17.1, RFC 6026 §7.2):
//
//	INVITE   calling ─1xx→ proceeding ─2xx→ accepted ─M→ gone
//	         calling/proceeding ─3xx..6xx→ completed (ACKed here) ─D→ gone
//	others   trying ─1xx→ proceeding ─final→ completed ─K→ gone
type clientTx struct {
	c      *call
	key    string
	method string
	to     hop
	data   []byte // the request, until its final response
	head   inviteHead

	provisional bool
	final       int
	interval    time.Duration
	timer       *time.Timer // A or E
	life        *time.Timer // B, F, D, K or M

	// onResponse gets every provisional response, the final one, and for INVITE every copy of a
	// 2xx. onFail gets 408 (silence) or 503 (could not be sent) instead of a final response.
	onResponse func(*message)
	onFail     func(code int)
}

// inviteHead is what ACK and CANCEL take over from their INVITE (RFC 3261 §9.1, §17.1.1.3).
type inviteHead struct {
	uri, via, from, to, callID string
	routes                     []string
	seq                        uint32
}

// transact sends a request as a new transaction.
func (c *call) transact(method, branch string, to hop, data []byte, onResponse func(*message), onFail func(int)) *clientTx {
	tx := &clientTx{c: c, key: branch + "|" + method, method: method, to: to, data: data, onResponse: onResponse, onFail: onFail}
	if c.clients == nil {
		c.clients = map[string]*clientTx{}
	}
	c.clients[tx.key] = tx
	limit := 64 * c.ua.cfg.T1
	if method == "INVITE" {
		limit = c.ua.cfg.InviteTimeout
	}
	tx.life = c.after(limit, func() { tx.fail(408) })
	if to.transport == UDP {
		tx.interval = c.ua.cfg.T1
		tx.timer = c.after(tx.interval, tx.again)
	}
	tx.send()
	return tx
}

func (tx *clientTx) send() {
	tx.c.ua.send(tx.to, tx.data, func(error) {
		tx.c.box.force(func() { tx.fail(503) })
	})
}

// again repeats over UDP (timers A and E).
func (tx *clientTx) again() {
	if tx.final != 0 || tx.timer == nil || (tx.provisional && tx.method == "INVITE") {
		return
	}
	tx.c.ua.count.bump(&tx.c.ua.count.resent)
	tx.send()
	tx.interval *= 2
	if tx.method != "INVITE" {
		tx.interval = min(tx.interval, tx.c.ua.cfg.T2)
	}
	tx.timer = tx.c.after(tx.interval, tx.again)
}

func (tx *clientTx) fail(code int) {
	if tx.final != 0 {
		return
	}
	tx.final = code
	tx.drop()
	tx.onFail(code)
}

// response matches a response to its transaction (RFC 3261 §17.1.3).
func (c *call) response(m *message, src source) {
	m.flow = src.flow()
	tx := c.clients[m.via.branch+"|"+m.seqMethod]
	if tx == nil {
		if m.seqMethod == "INVITE" && m.code/100 == 2 {
			c.late2xx(m)
		}
		return
	}
	tx.take(m)
}

func (tx *clientTx) take(m *message) {
	invite := tx.method == "INVITE"
	switch {
	case m.code < 200:
		if tx.final == 0 {
			tx.progress()
			tx.onResponse(m)
		}
	case tx.final != 0:
		tx.c.ua.count.bump(&tx.c.ua.count.repeats)
		if invite && m.code >= 300 && tx.final >= 300 {
			tx.ackRefusal(m)
		}
		if invite && m.code < 300 && tx.final < 300 {
			tx.onResponse(m)
		}
	default:
		tx.complete(m)
	}
}

// progress notes a provisional response: an INVITE is not repeated any more and may take as long
// as it takes, another request goes on at the slow pace.
func (tx *clientTx) progress() {
	tx.provisional = true
	if tx.method == "INVITE" {
		tx.stop()
	} else {
		tx.interval = tx.c.ua.cfg.T2
	}
}

func (tx *clientTx) complete(m *message) {
	u := tx.c.ua
	tx.final = m.code
	tx.stop()
	switch {
	case tx.method == "INVITE" && m.code < 300:
		tx.life = tx.c.after(64*u.cfg.T1, tx.drop)
	case tx.method == "INVITE":
		tx.ackRefusal(m)
		if tx.to.transport == UDP {
			tx.life = tx.c.after(64*u.cfg.T1, tx.drop)
		} else {
			tx.drop()
		}
	case tx.to.transport == UDP:
		tx.life = tx.c.after(u.cfg.T4, tx.drop)
	default:
		tx.drop()
	}
	tx.data = nil
	tx.onResponse(m)
}

// ackRefusal sends the ACK that belongs to the transaction of a refused INVITE: same Request-URI,
// Via, Route and CSeq number, To of the response.
func (tx *clientTx) ackRefusal(m *message) {
	tx.c.ua.send(tx.to, tx.head.build("ACK", m.get("to")), func(error) {})
}

func (h inviteHead) build(method, to string) []byte {
	w := new(writer).start(method + " " + h.uri + " SIP/2.0")
	w.add("Via", h.via)
	for _, r := range h.routes {
		w.add("Route", r)
	}
	w.add("Max-Forwards", "70").add("From", h.from).add("To", to).add("Call-ID", h.callID)
	w.add("CSeq", cseq(h.seq, method))
	return w.end("", nil)
}

// cancel asks for the end of a pending INVITE of ours.
func (tx *clientTx) cancel(reasons []Reason) {
	h := tx.head
	w := new(writer).start("CANCEL " + h.uri + " SIP/2.0")
	w.add("Via", h.via)
	for _, r := range h.routes {
		w.add("Route", r)
	}
	w.add("Max-Forwards", "70").add("From", h.from).add("To", h.to).add("Call-ID", h.callID)
	w.add("CSeq", cseq(h.seq, "CANCEL"))
	addReasons(w, reasons)
	branch, _ := param(h.via, "branch")
	tx.c.transact("CANCEL", branch, tx.to, w.end("", nil), func(*message) {}, func(int) {})
}

func (tx *clientTx) stop() {
	if tx.timer != nil {
		tx.timer.Stop()
		tx.timer = nil
	}
	if tx.life != nil {
		tx.life.Stop()
		tx.life = nil
	}
}

func (tx *clientTx) drop() {
	tx.stop()
	tx.data = nil
	if tx.c.clients[tx.key] == tx {
		delete(tx.c.clients, tx.key)
	}
	if len(tx.c.clients) == 0 {
		tx.c.clients = nil
	}
}
