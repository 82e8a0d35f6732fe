package sipua

import (
	"slices"
	"strconv"
	"time"
)

// call is the actor of one Call-ID. Everything in it is touched by its mailbox only.
type call struct {
	ua  *UA
	id  string
	box mailbox

	servers map[string]*serverTx
	clients map[string]*clientTx
	dialogs []*Dialog
	waiting int // work that keeps the call although it holds nothing: a CANCEL ahead of its INVITE
}

// guard runs one piece of work. After a panic the call's state cannot be trusted: its dialogs end.
func (c *call) guard(f func()) {
	if !c.ua.guarded(f) {
		c.ua.guarded(func() {
			for _, d := range slices.Clone(c.dialogs) {
				d.finish(End{By: PartyUnknown, How: HowUnknown, Code: 500})
			}
		})
	}
	c.settle()
}

// settle drops the call once nothing belongs to it.
func (c *call) settle() {
	if len(c.servers)+len(c.clients)+len(c.dialogs)+c.waiting > 0 {
		return
	}
	c.ua.mu.Lock()
	defer c.ua.mu.Unlock()
	c.box.mu.Lock()
	empty := len(c.box.work) == 0
	c.box.mu.Unlock()
	if empty && c.ua.calls[c.id] == c {
		delete(c.ua.calls, c.id)
	}
}

// do runs f in the actor and waits for it. It must not be called from the actor.
func (c *call) do(f func() error) error {
	done := make(chan error, 1)
	if !c.box.force(func() {
		err := ErrOver // if f panics
		defer func() { done <- err }()
		err = f()
	}) {
		return ErrOver
	}
	return <-done
}

// after runs f in the actor after a time.
func (c *call) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { c.box.force(f) })
}

func (c *call) receive(m *message, src source) {
	if m.code != 0 {
		c.response(m, src)
		return
	}
	switch m.method {
	case "ACK":
		c.ack(m, src)
	case "CANCEL":
		c.cancel(m, src)
	default:
		c.request(m, src)
	}
}

func (c *call) request(m *message, src source) {
	key := serverKey(m, m.method)
	if tx := c.servers[key]; tx != nil {
		c.ua.count.bump(&c.ua.count.repeats)
		tx.repeat()
		return
	}
	if len(c.servers) >= maxServerTx && m.method != "BYE" {
		c.ua.count.refuse(ReasonOverflow)
		c.ua.answerOnce(m, src, 503, nil)
		return
	}
	if m.toTag != "" {
		tx := c.newServer(key, m, src, m.toTag)
		if d := c.find(m); d != nil {
			d.sequence(tx)
			return
		}
		c.ua.count.refuse(ReasonNoDialog)
		tx.respond(481, "", nil)
		return
	}
	if m.method != "INVITE" {
		c.ua.outside(m, src)
		return
	}
	c.invite(c.newServer(key, m, src, c.ua.mustToken(16)))
}

// invite takes an INVITE without To tag: a new call unless it is the same one by another path
// (RFC 3261 §8.2.2.2) or overlaps one that is not answered yet (§14.2).
func (c *call) invite(tx *serverTx) {
	m := tx.req
	for _, other := range c.servers {
		if other == tx || other.method != "INVITE" || other.fromTag != m.fromTag {
			continue
		}
		if other.seq == m.seq {
			tx.respond(482, "", nil)
			return
		}
		if other.final == 0 {
			c.ua.count.refuse(ReasonOverlap)
			tx.respond(500, "", func(w *writer) { c.retrySoon(w) })
			return
		}
	}
	if len(c.servers)+len(c.dialogs) > 1 { // the first of a call was admitted at the door
		if a, reason := c.ua.admission(tx.src.peer); a.Code != 0 {
			c.ua.count.refuse(reason)
			tx.respond(a.Code, "", func(w *writer) { retryAfter(w, a) })
			return
		}
	}
	if c.refuseDemands(tx) {
		return
	}
	newInvited(c, tx)
}

// refuseDemands answers what we cannot do: an unknown extension (RFC 3261 §8.2.2.3), an encoded
// body (§8.2.3), a session interval that is too small (RFC 4028 §9).
func (c *call) refuseDemands(tx *serverTx) bool {
	var unknown []string
	for _, tag := range tx.req.tokens("require") {
		if !tolerated(tag) {
			unknown = append(unknown, tag)
		}
	}
	if len(unknown) > 0 {
		c.ua.count.refuse(ReasonExtension)
		tx.respond(420, "", func(w *writer) {
			for _, tag := range unknown {
				w.add("Unsupported", tag)
			}
		})
		return true
	}
	if e := tx.req.tokens("content-encoding"); len(e) > 0 && e[0] != "identity" && len(tx.req.body) > 0 {
		tx.respond(415, "", func(w *writer) { w.add("Accept", acceptBodies); w.add("Accept-Encoding", "identity") })
		return true
	}
	return tx.refuseInterval()
}

// ack stops the answer it acknowledges: a refusal in its transaction, a 2xx in its dialog.
func (c *call) ack(m *message, src source) {
	if tx := c.servers[serverKey(m, "INVITE")]; tx != nil && tx.final >= 300 {
		tx.acknowledged()
		return
	}
	if d := c.find(m); d != nil {
		d.acknowledged(m)
		return
	}
	for _, tx := range c.servers { // refusals acknowledged with a branch of their own
		if tx.method == "INVITE" && tx.final >= 300 && tx.seq == m.seq && tx.tag == m.toTag {
			tx.acknowledged()
		}
	}
}

// cancel answers a CANCEL (RFC 3261 §9.2). One that overtook its INVITE waits a moment for it.
func (c *call) cancel(m *message, src source) {
	tx := c.servers[serverKey(m, "INVITE")]
	if tx == nil {
		c.waiting++
		c.after(c.ua.cfg.Hold, func() {
			c.waiting--
			if c.servers[serverKey(m, "INVITE")] != nil {
				c.cancel(m, src)
				return
			}
			c.ua.count.refuse(ReasonNoDialog)
			c.ua.answerOnce(m, src, 481, nil)
		})
		return
	}
	w := response(m, src, 200, "", tx.tag, c.ua.cfg.Agent)
	c.ua.count.response(200)
	c.ua.send(src.back(m.via), w.end("", nil), func(error) {})
	if tx.final == 0 && tx.onCancel != nil {
		tx.onCancel(m)
	}
}

// find is the dialog a message of the far end belongs to (RFC 3261 §12.2.2).
func (c *call) find(m *message) *Dialog {
	for _, d := range c.dialogs {
		if d.s.LocalTag == m.toTag && d.s.RemoteTag == m.fromTag {
			return d
		}
	}
	return nil
}

func (c *call) drop(d *Dialog) {
	c.dialogs = slices.DeleteFunc(c.dialogs, func(o *Dialog) bool { return o == d })
	if len(c.dialogs) == 0 {
		c.dialogs = nil
	}
}

// retrySoon adds a random Retry-After of 0 to 10 s (RFC 3261 §14.2).
func (c *call) retrySoon(w *writer) {
	w.add("Retry-After", strconv.Itoa(c.ua.below(updateRetryAfter+1)))
}

func (c *call) shutdown() {
	for _, d := range slices.Clone(c.dialogs) {
		d.finish(End{By: PartyLocal, How: HowShutdown})
	}
	for _, tx := range c.servers {
		tx.drop()
	}
	for _, tx := range c.clients {
		tx.drop()
	}
}
