package sipua

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// exchange is an INVITE or UPDATE of ours inside the dialog, with the tries it takes. There is one
// at a time (RFC 3261 §14.1).
type exchange struct {
	d        *Dialog
	ctx      context.Context
	method   string
	offer    []byte // nil: none (UPDATE), or the far end shall offer (INVITE)
	refresh  bool   // session refresh: a timeout ends the dialog with BYE
	tx       *clientTx
	interval time.Duration
	tries    int
	waiting  *time.Timer
	limit    *time.Timer // on the time an INVITE may ring
	closed   bool
	done     func(answer []byte, err error)
}

// maxTries bounds the repeats after 491 and 422.
const maxTries = 8

// blocks says that an offer of the far end cannot be looked at now: our INVITE is open, or an
// offer of ours is.
func (x *exchange) blocks() bool { return x.waiting == nil && (x.method == "INVITE" || x.offer != nil) }

// busy says that no new negotiation may begin.
func (d *Dialog) busy() bool { return d.out != nil || d.in != nil || d.up != nil }

// Reinvite negotiates with a re-INVITE and returns the answer. A nil offer asks the far end for
// one; it comes through OnOffer and nil is returned. 491 is retried by the rules of RFC 3261
// §14.1. A *Refusal leaves the session as it was.
func (d *Dialog) Reinvite(ctx context.Context, offer []byte) ([]byte, error) {
	return d.negotiate(ctx, "INVITE", offer)
}

// Update negotiates with UPDATE (RFC 3311); a nil offer refreshes only.
func (d *Dialog) Update(ctx context.Context, offer []byte) ([]byte, error) {
	return d.negotiate(ctx, "UPDATE", offer)
}

func (d *Dialog) negotiate(ctx context.Context, method string, offer []byte) ([]byte, error) {
	type result struct {
		answer []byte
		err    error
	}
	got := make(chan result, 1)
	x := &exchange{d: d, ctx: ctx, method: method, offer: offer,
		done: func(answer []byte, err error) { got <- result{answer, err} }}
	err := d.call.do(func() error {
		switch {
		case d.phase == phaseOver || d.phase == phaseEnding || d.phase == phaseEarly:
			return ErrOver
		case d.busy():
			return ErrPending
		}
		d.start(x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	select {
	case r := <-got:
		return r.answer, r.err
	case <-ctx.Done():
		d.call.box.force(x.abandon)
		return nil, context.Cause(ctx)
	}
}

// abandon gives up waiting: an INVITE that rings is cancelled, a pause is ended.
func (x *exchange) abandon() {
	if x.d.out != x {
		return
	}
	if x.waiting != nil {
		x.close(nil, context.Cause(x.ctx))
		return
	}
	if tx := x.tx; x.method == "INVITE" && tx != nil && tx.provisional && tx.final == 0 {
		tx.cancel(nil)
		x.d.call.after(64*x.d.ua.cfg.T1, func() { tx.fail(408) })
	}
}

func (d *Dialog) start(x *exchange) {
	d.out = x
	if x.interval == 0 {
		x.interval = d.s.Interval
		if x.interval == 0 && x.method == "INVITE" {
			x.interval = d.ua.cfg.SessionExpires
		}
	}
	x.send()
}

func (x *exchange) send() {
	d := x.d
	x.waiting, x.tries = nil, x.tries+1
	if x.limit != nil {
		x.limit.Stop()
	}
	branch := d.ua.newBranch()
	w, head := d.request(x.method, d.nextSeq(), branch)
	w.add("Allow", allowed)
	d.askInterval(w, x.interval)
	ct := ""
	if x.offer != nil {
		ct = "application/sdp"
	}
	x.tx = d.transact(x.method, branch, w.end(ct, x.offer), x.response, x.failed)
	if x.tx != nil {
		x.tx.head = head
	}
	if tx := x.tx; tx != nil && x.method == "INVITE" {
		x.limit = d.call.after(inviteLimit, func() {
			if x.tx == tx {
				x.abandon()
			}
		})
	}
}

// close ends the exchange and reports once.
func (x *exchange) close(answer []byte, err error) {
	if x.closed {
		return
	}
	x.closed = true
	if x.limit != nil {
		x.limit.Stop()
	}
	if x.waiting != nil {
		x.waiting.Stop()
		x.waiting = nil
	}
	if x.d.out == x {
		x.d.out = nil
	}
	x.done(answer, err)
}

// failed: silence or no way to send. The dialog is over (RFC 3261 §12.2.1.2, RFC 3311 §5.3).
func (x *exchange) failed(code int) {
	end := End{By: PartyNetwork, How: HowTimeout, Code: code}
	if code == 503 {
		end.How = HowTransport
	}
	x.gone(end)
}

// gone ends the dialog with a BYE that nobody may answer.
func (x *exchange) gone(end End) {
	x.close(nil, &EndError{end})
	x.d.leave(nil, end)
}

func (x *exchange) response(m *message) {
	d := x.d
	if m.code < 200 {
		return
	}
	if m.code < 300 {
		x.accepted(m)
		return
	}
	if x.closed {
		return
	}
	switch {
	case m.code == 481 || m.code == 408:
		x.gone(End{By: PartyNetwork, How: HowGone, Code: m.code, Reasons: readReasons(m)})
	case m.code == 491 && x.tries < maxTries && x.ctx.Err() == nil:
		x.waiting = d.call.after(d.glareDelay(), x.again)
	case m.code == 422 && x.tries < maxTries && readMinSE(m) > x.interval:
		x.interval = readMinSE(m)
		x.send()
	case m.code == 500 && m.get("retry-after") != "" && x.tries < maxTries && x.ctx.Err() == nil:
		x.waiting = d.call.after(retryTime(m), x.again)
	default:
		x.close(nil, refusalFrom(m))
	}
}

// again tries once more after a pause.
func (x *exchange) again() {
	if x.closed || x.d.phase != phaseConfirmed {
		return
	}
	if x.d.in != nil || x.d.up != nil { // the far end came first; wait for it to end
		x.waiting = x.d.call.after(x.d.glareDelay(), x.again)
		return
	}
	x.send()
}

// glareDelay is the pause after 491: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the
// other side, in steps of 10 ms (RFC 3261 §14.1).
func (d *Dialog) glareDelay() time.Duration {
	if d.s.Outgoing {
		return 2100*time.Millisecond + time.Duration(d.ua.below(191))*10*time.Millisecond
	}
	return time.Duration(d.ua.below(201)) * 10 * time.Millisecond
}

func retryTime(m *message) time.Duration {
	n, err := strconv.ParseUint(splitFirst(m.get("retry-after")), 10, 16)
	if err != nil {
		return time.Second
	}
	return time.Duration(n) * time.Second
}

func splitFirst(v string) string {
	for i, c := range v {
		if c < '0' || c > '9' {
			return v[:i]
		}
	}
	return v
}

func refusalFrom(m *message) *Refusal {
	r := &Refusal{Code: m.code, Reason: phrase(m.code), Reasons: readReasons(m)}
	if m.get("retry-after") != "" {
		r.RetryAfter = retryTime(m)
	}
	return r
}

// accepted takes a 2xx. For INVITE it is acknowledged, every copy again.
func (x *exchange) accepted(m *message) {
	d := x.d
	if x.closed {
		if x.method == "INVITE" {
			d.ackAgain(m)
		}
		return
	}
	d.refreshTarget(m)
	d.learn(m)
	d.agreeInterval(m, x.interval)
	sdp := m.sdp()
	switch {
	case x.method == "UPDATE":
		x.settle(sdp)
	case x.offer != nil:
		d.acknowledge(m, nil)
		x.settle(sdp)
	default:
		d.answerLate(m, sdp, func(err error) { x.close(nil, err) })
	}
}

func (x *exchange) settle(answer []byte) {
	d := x.d
	if x.offer != nil {
		d.s.SDP = slices.Clone(x.offer)
		d.hears(answer)
	}
	x.close(answer, nil)
}
