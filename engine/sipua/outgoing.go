package sipua

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"text911/callmodel"
)

// attempt is an INVITE of ours until its outcome.
type attempt struct {
	d      *Dialog
	out    Outgoing
	ctx    context.Context
	tx     *clientTx
	to     hop
	plan   *hop          // UDP, when TCP was chosen for the size only
	asked  time.Duration // session interval in the request
	tries  int
	gaveUp bool
	cancel []Reason
	closed bool
	rseq   map[string]uint32 // by To tag: RSeq of the last reliable provisional response
	early  map[string][]byte // by To tag: the answer that came in one
	done   func(answer []byte, err error)
}

// Invite places a call and returns when the far end has answered: the dialog, and the session
// description of its answer when out.Offer was set. The ACK has been sent then. h gets Progress
// events meanwhile and everything later. When ctx ends first, CANCEL is sent (RFC 3261 §9.1).
// A refusal is returned as *Refusal, any other failure as *EndError; h gets Ended either way.
func (u *UA) Invite(ctx context.Context, out Outgoing, h DialogHandler) (*Dialog, []byte, error) {
	type result struct {
		answer []byte
		err    error
	}
	to, plan, err := u.firstHop(out)
	if err != nil {
		return nil, nil, fmt.Errorf("invite: %w", err)
	}
	id := u.mustToken(22) + "@" + u.faceFor(to.transport).host
	u.mu.Lock()
	if u.shut {
		u.mu.Unlock()
		return nil, nil, ErrOver
	}
	c := u.addCall(id)
	u.mu.Unlock()
	got := make(chan result, 1)
	var d *Dialog
	err = c.do(func() error {
		d = u.outgoing(c, out, to)
		*d.hook = h // before any event can be emitted
		d.attempt = &attempt{d: d, out: out, ctx: ctx, to: to, plan: plan, asked: u.cfg.SessionExpires,
			rseq: map[string]uint32{}, early: map[string][]byte{},
			done: func(answer []byte, err error) { got <- result{answer, err} }}
		d.attempt.send()
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() {
		c.box.force(func() {
			if d.attempt != nil {
				d.attempt.giveUp(nil)
			}
		})
	})
	defer stop()
	r := <-got
	if r.err != nil {
		return nil, nil, r.err
	}
	return d, r.answer, nil
}

func (a *attempt) send() {
	d := a.d
	a.tries++
	branch := d.ua.newBranch()
	w, head := d.request("INVITE", d.nextSeq(), branch)
	w.add("Allow", allowed)
	w.add("Supported", "100rel")
	w.add("Accept", acceptBodies)
	d.askInterval(w, a.asked)
	for _, h := range a.out.Headers {
		w.add(h.Name, h.Value)
	}
	ct, body := a.body(d.ua.mustToken(16))
	a.tx = d.call.transact("INVITE", branch, a.to, w.end(ct, body), a.response, a.failed)
	a.tx.head = head
}

// giveUp cancels: at once when the far end has answered provisionally, else as soon as it does
// (RFC 3261 §9.1).
func (a *attempt) giveUp(reasons []Reason) {
	if a.gaveUp || a.closed {
		return
	}
	a.gaveUp, a.cancel = true, reasons
	if a.tx.provisional {
		a.sendCancel()
	}
}

func (a *attempt) sendCancel() {
	tx := a.tx
	tx.cancel(a.cancel)
	a.d.call.after(64*a.d.ua.cfg.T1, func() { tx.fail(408) }) // a far end that took the CANCEL may never answer the INVITE
}

// failed: silence or no way to send.
func (a *attempt) failed(code int) {
	if plan := a.plan; code == 503 && plan != nil && !a.gaveUp {
		a.to, a.plan = *plan, nil
		a.d.s.Transport = plan.transport
		a.d.s.Contact = callmodel.Private(a.d.ua.contact(a.d.ua.faceFor(plan.transport)))
		a.send()
		return
	}
	end := End{By: PartyNetwork, How: HowTimeout, Code: code}
	if code == 503 {
		end.How = HowTransport
	}
	if a.gaveUp {
		end = End{By: PartyLocal, How: HowCancel, Code: code}
	}
	a.close(nil, &EndError{end})
	a.d.finish(end)
}

func (a *attempt) close(answer []byte, err error) {
	if a.closed {
		return
	}
	a.closed = true
	if a.d.attempt == a {
		a.d.attempt = nil
	}
	a.done(answer, err)
}

func (a *attempt) response(m *message) {
	switch {
	case m.code < 200:
		a.progress(m)
	case m.code < 300:
		a.accepted(m)
	case a.closed:
	case m.code == 422 && !a.gaveUp && a.tries < maxTries && readMinSE(m) > a.asked:
		a.asked = readMinSE(m)
		a.send()
	default:
		a.refused(m)
	}
}

func (a *attempt) refused(m *message) {
	end := End{By: PartyPeer, How: HowRefused, Code: m.code, Reasons: readReasons(m)}
	var err error = refusalFrom(m)
	if a.gaveUp {
		end.By, end.How = PartyLocal, HowCancel
		err = &EndError{end}
	}
	a.close(nil, err)
	a.d.finish(end)
}

// progress takes a provisional response. A reliable one is acknowledged in order: repeats and
// those ahead of their turn are ignored (RFC 3262 §4).
func (a *attempt) progress(m *message) {
	d := a.d
	if a.gaveUp {
		if d.phase == phaseEarly && a.tx.provisional && !a.closed {
			a.cancelOnce()
		}
		return
	}
	if m.code == 100 {
		return
	}
	if m.toTag != "" {
		d.bind(m)
	}
	sdp, reliable := m.sdp(), false
	if rseq, err := strconv.ParseUint(m.get("rseq"), 10, 32); err == nil && has(m.tokens("require"), "100rel") && m.toTag != "" {
		if !a.inTurn(m.toTag, uint32(rseq)) {
			return
		}
		if a.out.Offer == nil && sdp != nil && a.early[m.toTag] == nil {
			a.answerEarly(m, sdp)
			return
		}
		if sdp != nil {
			a.early[m.toTag] = sdp
		}
		d.sendPrack(m, nil)
		reliable = true
	}
	d.emit(Progress{Code: m.code, SDP: sdp, Reliable: reliable})
}

func (a *attempt) cancelOnce() {
	if a.tries < maxTries {
		a.tries = maxTries
		a.sendCancel()
	}
}

func (a *attempt) inTurn(tag string, rseq uint32) bool {
	last, seen := a.rseq[tag]
	if (seen && rseq != last+1) || len(a.rseq) > maxBranches {
		return false
	}
	a.rseq[tag] = rseq
	return true
}

// answerEarly answers the offer of a reliable provisional response in its PRACK.
func (a *attempt) answerEarly(m *message, offer []byte) {
	d := a.d
	a.early[m.toTag] = offer
	d.ask(Offer{SDP: offer, Method: "PRACK", Facts: readFacts(m)}, func(sdp []byte, err error) {
		if d.phase != phaseEarly || a.closed {
			return
		}
		d.bind(m)
		d.sendPrack(m, sdp)
		if err != nil || sdp == nil {
			a.giveUp(nil)
			return
		}
		d.hears(offer)
		d.s.SDP = sdp
		d.emit(Progress{Code: m.code, SDP: offer, Reliable: true})
	})
}

// bind takes the far end's half of the dialog from a response (RFC 3261 §12.1.2).
func (d *Dialog) bind(m *message) {
	d.s.RemoteTag = m.toTag
	routes := m.list("record-route")
	for i, j := 0, len(routes)-1; i < j; i, j = i+1, j-1 {
		routes[i], routes[j] = routes[j], routes[i]
	}
	d.s.RouteSet = routes
	d.s.Flow = m.flow
	d.refreshTarget(m)
	d.learn(m)
}

// accepted takes a 2xx: the first makes the call, one by another branch of a fork is acknowledged
// and ended (RFC 3261 §13.2.2.4), a copy is acknowledged again.
func (a *attempt) accepted(m *message) {
	d := a.d
	if a.closed {
		if m.toTag == d.s.RemoteTag {
			d.ackAgain(m)
			return
		}
		d.call.endFork(d, m)
		return
	}
	d.bind(m)
	d.phase = phaseConfirmed
	d.agreeInterval(m, a.asked)
	if a.gaveUp { // the answer crossed our CANCEL
		d.acknowledge(m, nil)
		end := End{By: PartyLocal, How: HowCancel, Code: m.code}
		a.close(nil, &EndError{end})
		d.leave(a.cancel, end)
		return
	}
	sdp := m.sdp()
	switch {
	case a.out.Offer == nil && a.early[m.toTag] != nil: // offer and answer are done
		d.acknowledge(m, nil)
		a.close(nil, nil)
	case a.out.Offer == nil:
		report := a.done
		a.done = func([]byte, error) {}
		a.close(nil, nil) // copies of the 2xx wait for the ACK that carries the answer
		d.answerLate(m, sdp, func(err error) { report(nil, err) })
	default:
		d.acknowledge(m, nil)
		if early := a.early[m.toTag]; early != nil {
			sdp = early
		}
		a.answered(sdp)
	}
}

func (a *attempt) answered(sdp []byte) {
	d := a.d
	if sdp == nil {
		end := End{By: PartyPeer, How: HowProtocol}
		a.close(nil, &EndError{end})
		d.leave(nil, end)
		return
	}
	d.s.SDP = a.out.Offer
	d.hears(sdp)
	a.close(sdp, nil)
}

// endFork acknowledges and ends the dialog of an extra 2xx.
func (c *call) endFork(main *Dialog, m *message) {
	for _, d := range c.dialogs {
		if d.s.RemoteTag == m.toTag {
			d.ackAgain(m)
			return
		}
	}
	if len(c.dialogs) >= maxBranches {
		return
	}
	s := State{LocalTag: main.s.LocalTag, LocalURI: main.s.LocalURI, RemoteURI: main.s.RemoteURI, Outgoing: true,
		LocalSeq: m.seq, Target: main.s.Target, Contact: main.s.Contact, Transport: main.s.Transport}
	d := newDialog(c, main.s.Peer, s)
	d.packet = main.packet
	d.phase = phaseConfirmed
	d.bind(m)
	d.acknowledge(m, nil)
	d.leave([]Reason{ReasonElsewhere()}, End{By: PartyLocal, How: HowBye})
}

// late2xx handles a 2xx whose transaction is over.
func (c *call) late2xx(m *message) {
	for _, d := range c.dialogs {
		if d.s.LocalTag == m.fromTag && d.s.RemoteTag == m.toTag {
			d.ackAgain(m)
			return
		}
	}
}
