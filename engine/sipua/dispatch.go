package sipua

import (
	"strconv"
)

// receive takes one message off a socket goroutine. What belongs to a call goes to its mailbox,
// everything else is answered here without keeping state.
func (u *UA) receive(m *message, src source) {
	if m.code != 0 {
		u.receiveResponse(m, src)
		return
	}
	u.count.request(m.method)
	if what := m.fault(); what != "" {
		u.count.refuse(ReasonMalformed)
		u.answerOnce(m, src, 400, func(w *writer) { w.add("Warning", `399 text911 "missing or unreadable `+what+`"`) })
		return
	}
	if m.sipVersion != "SIP/2.0" {
		u.answerOnce(m, src, 505, nil)
		return
	}
	if u.toCall(m, src) {
		return
	}
	if m.method == "INVITE" && m.toTag == "" {
		u.newCall(m, src)
		return
	}
	u.outside(m, src)
}

// toCall hands a message to the call with its Call-ID, if there is one. Lookup and posting happen
// under one lock, so a call cannot be dropped in between.
func (u *UA) toCall(m *message, src source) bool {
	u.mu.Lock()
	c := u.calls[m.callID]
	posted := c != nil && c.box.post(func() { c.receive(m, src) })
	u.mu.Unlock()
	if c != nil && !posted {
		u.count.refuse(ReasonOverflow)
	}
	return c != nil
}

// newCall admits a call or refuses it without keeping anything.
func (u *UA) newCall(m *message, src source) {
	if u.refuseNew(m, src) {
		return
	}
	u.mu.Lock()
	c := u.calls[m.callID]
	if c == nil && !u.shut {
		c = u.addCall(m.callID)
	}
	posted := c != nil && c.box.post(func() { c.receive(m, src) })
	u.mu.Unlock()
	if !posted {
		u.count.refuse(ReasonOverflow)
	}
}

// addCall needs mu.
func (u *UA) addCall(id string) *call {
	c := &call{ua: u, id: id}
	c.box = mailbox{crew: &u.crew, guard: c.guard}
	u.calls[id] = c
	return c
}

func (u *UA) refuseNew(m *message, src source) bool {
	a, reason := u.admission(src.peer)
	if a.Code == 0 {
		return false
	}
	u.count.refuse(reason)
	u.answerOnce(m, src, a.Code, func(w *writer) { retryAfter(w, a) })
	return true
}

// admission asks Policy, after the limits of this UA.
func (u *UA) admission(peer string) (Admission, string) {
	u.mu.Lock()
	full, shut := len(u.calls) >= u.cfg.MaxCalls, u.shut
	u.mu.Unlock()
	if shut {
		return Away(0), ReasonAway
	}
	if full || u.handler == nil {
		return Busy(), ReasonCapacity
	}
	a := u.cfg.Policy.Admit(peer)
	if a.Code == 503 {
		return a, ReasonAway
	}
	return a, ReasonCapacity
}

func retryAfter(w *writer, a Admission) {
	if a.RetryAfter > 0 {
		w.add("Retry-After", strconv.Itoa(seconds(a.RetryAfter)))
	}
}

// receiveResponse gives a response to the call whose transaction it belongs to.
func (u *UA) receiveResponse(m *message, src source) {
	if m.callID == "" || m.via.branch == "" || m.seqMethod == "" {
		u.count.refuse(ReasonMalformed)
		return
	}
	u.toCall(m, src)
}

// outside answers a request that belongs to no call (RFC 3261 §8.2, §11.2, §12.2.2).
func (u *UA) outside(m *message, src source) {
	if m.method == "ACK" {
		return
	}
	code, extra := u.outsideCode(m, src.peer)
	u.answerOnce(m, src, code, extra)
}

func (u *UA) outsideCode(m *message, peer string) (int, func(*writer)) {
	allow := func(w *writer) { w.add("Allow", allowed) }
	switch {
	case m.method == "OPTIONS" && m.toTag == "":
		if a, _ := u.admission(peer); a.Code != 0 {
			return a.Code, func(w *writer) { retryAfter(w, a); capabilities(w) }
		}
		return 200, capabilities
	case !isKnown(m.method):
		u.count.refuse(ReasonMethod)
		return 501, allow
	case m.toTag != "", m.method == "BYE", m.method == "CANCEL", m.method == "UPDATE", m.method == "PRACK", m.method == "NOTIFY", m.method == "INFO":
		u.count.refuse(ReasonNoDialog)
		return 481, nil
	case m.method == "SUBSCRIBE":
		return 489, nil
	default: // REGISTER, MESSAGE, REFER, PUBLISH
		u.count.refuse(ReasonMethod)
		return 405, allow
	}
}

// capabilities are the header fields of an answer to OPTIONS (RFC 3261 §11.2).
func capabilities(w *writer) {
	w.add("Allow", allowed)
	w.add("Accept", acceptBodies)
	w.add("Supported", supported)
}

// answerOnce answers without a transaction: every repeat of the request gets the same answer.
func (u *UA) answerOnce(m *message, src source, code int, extra func(*writer)) {
	if m.method == "ACK" || m.via.host == "" || m.method == "" {
		return
	}
	w := response(m, src, code, "", u.statelessTag(m), u.cfg.Agent)
	if extra != nil {
		extra(w)
	}
	ct, body := "", []byte(nil)
	if m.method == "OPTIONS" && code == 200 {
		ct, body = "application/sdp", u.cfg.SDP
	}
	u.count.response(code)
	u.send(src.back(m.via), w.end(ct, body), func(error) {})
}
