package sipua

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"text911/callmodel"
)

// phase of a dialog:
//
//	early ─2xx sent→ answered ─ACK→ confirmed ─BYE sent→ ending ─final→ over
//	early ─2xx got→ confirmed
//	any ─BYE, CANCEL, refusal, silence→ over
type phase uint8

const (
	phaseEarly phase = iota
	phaseAnswered
	phaseConfirmed
	phaseEnding
	phaseOver
)

// Dialog is one SIP dialog. Its methods may be called from any goroutine, but those that wait for
// the far end (Bye, Reinvite, Update, Send) must not be called from the dialog's own callbacks.
type Dialog struct {
	ua     *UA
	call   *call
	app    mailbox
	life   context.Context
	end    context.CancelCauseFunc
	hook   *DialogHandler // set and read on app only
	packet *packet        // socket of the dialog when it travels over UDP

	// Below: owned by the call's mailbox.
	phase phase
	s     State
	heard [sha256.Size]byte // digest of the far end's last session description, zero for none

	ring    *ringing       // UAS before its answer
	attempt *attempt       // UAC before the answer
	up      *answered      // 2xx of ours that waits for its ACK
	in      *serverTx      // request of the far end whose offer the application is looking at
	out     *exchange      // INVITE or UPDATE of ours that is open
	held    []*serverTx    // requests that wait for an earlier CSeq
	acked   *acknowledging // last ACK we sent to a 2xx
	bye     *goodbye       // wish to end
	session *session       // RFC 4028 timer, nil when off
	holder  *time.Timer
	notify  bool // we made a subscription inside the dialog: NOTIFY is expected
}

// goodbye is the wish to end, kept until it can be sent.
type goodbye struct {
	reasons []Reason
	end     End
}

// newDialog makes a dialog in the early phase and gives it to the call.
func newDialog(c *call, peer string, s State) *Dialog {
	d := &Dialog{ua: c.ua, call: c, s: s}
	d.s.Peer, d.s.CallID = peer, c.id
	d.app = mailbox{crew: &c.ua.crew, guard: c.ua.guard}
	d.life, d.end = context.WithCancelCause(c.ua.life)
	d.hook = new(DialogHandler)
	c.dialogs = append(c.dialogs, d)
	c.ua.dialogs.Add(1)
	return d
}

// CallID is the dialog's Call-ID.
func (d *Dialog) CallID() string { return d.call.id }

// Peer is the trunk name Policy gave, or Outgoing.Peer.
func (d *Dialog) Peer() string { return d.s.Peer }

// Context ends with the dialog; its cause is an *EndError.
func (d *Dialog) Context() context.Context { return d.life }

// State returns a snapshot for Restore. It is meaningful once the call is answered; after the end
// it is the zero value.
func (d *Dialog) State() State {
	var s State
	_ = d.call.do(func() error {
		if d.phase != phaseOver {
			s = d.s
			s.RouteSet = slices.Clone(s.RouteSet)
			s.PeerAllows = slices.Clone(s.PeerAllows)
			s.SDP = slices.Clone(s.SDP)
		}
		return nil
	})
	return s
}

// emit gives the application an event.
func (d *Dialog) emit(ev Event) {
	d.app.force(func() {
		if h := *d.hook; h != nil {
			h.OnEvent(d.life, d, ev)
		}
	})
}

// finish ends the dialog. Whatever the far end still waits for is answered.
func (d *Dialog) finish(end End) {
	if d.phase == phaseOver {
		return
	}
	d.phase = phaseOver
	d.call.drop(d)
	d.ua.dialogs.Add(-1)
	d.stopAll()
	if d.in != nil {
		d.in.respond(487, "", nil)
		d.in = nil
	}
	for _, tx := range d.held {
		tx.respond(481, "", nil)
	}
	d.held = nil
	if d.out != nil {
		d.out.close(nil, &EndError{end})
	}
	if d.attempt != nil {
		d.attempt.close(nil, &EndError{end})
	}
	d.end(&EndError{end})
	d.emit(Ended{end})
}

func (d *Dialog) stopAll() {
	if d.ring != nil {
		d.ring.stop()
	}
	if d.up != nil {
		d.up.stop()
		d.up = nil
	}
	if d.session != nil {
		d.session.stop()
		d.session = nil
	}
	if d.holder != nil {
		d.holder.Stop()
		d.holder = nil
	}
	if d.acked != nil {
		d.acked.timer.Stop()
		d.acked = nil
	}
}

// request builds a request inside the dialog (RFC 3261 §12.2.1.1) up to its own header fields.
func (d *Dialog) request(method string, seq uint32, branch string) (*writer, inviteHead) {
	uri, routes := d.s.Target.Reveal(), d.s.RouteSet
	if len(routes) > 0 && !isLoose(routes[0]) { // a strict router takes the Request-URI for itself
		uri, routes = uriText(routes[0]), append(slices.Clone(routes[1:]), "<"+uri+">")
	}
	h := inviteHead{
		uri:    uri,
		via:    d.ua.via(d.face(), branch),
		from:   d.s.LocalURI.Reveal() + ";tag=" + d.s.LocalTag,
		to:     d.s.RemoteURI.Reveal(),
		callID: d.call.id,
		routes: routes,
		seq:    seq,
	}
	if d.s.RemoteTag != "" {
		h.to += ";tag=" + d.s.RemoteTag
	}
	w := new(writer).start(method + " " + h.uri + " SIP/2.0")
	w.add("Via", h.via)
	for _, r := range h.routes {
		w.add("Route", r)
	}
	w.add("Max-Forwards", "70").add("From", h.from).add("To", h.to).add("Call-ID", h.callID)
	w.add("CSeq", cseq(seq, method))
	w.add("Contact", "<"+d.s.Contact.Reveal()+">")
	w.add("User-Agent", d.ua.cfg.Agent)
	return w, h
}

// face is the address our requests carry.
func (d *Dialog) face() face {
	if d.s.Transport == UDP && d.packet != nil {
		return d.packet.face
	}
	return d.ua.faceFor(d.s.Transport)
}

// hop is where requests of the dialog go: the first route or the remote target, over the
// connection the dialog came on where that is the same neighbour.
func (d *Dialog) hop() (hop, error) {
	first := d.s.Target.Reveal()
	if len(d.s.RouteSet) > 0 {
		first = d.s.RouteSet[0]
	}
	h, err := nextHop(first, d.s.Transport)
	transport, addr, ok := splitFlow(d.s.Flow)
	if err != nil {
		if !ok {
			return hop{}, err
		}
		h = hop{transport: transport, host: addr.Addr().String(), port: int(addr.Port())}
	}
	if ok && transport != UDP && transport == h.transport && (len(d.s.RouteSet) > 0 || h.host == addr.Addr().String()) {
		h.stream, _ = d.ua.table.find(d.s.Flow, nil)
	}
	if h.transport == UDP {
		h.packet = d.packet
		if _, literal := h.literal(); !literal && ok && transport == UDP {
			h.alt = &hop{transport: UDP, host: addr.Addr().String(), port: int(addr.Port()), packet: d.packet}
		}
	}
	return h, nil
}

func splitFlow(flow string) (Transport, netip.AddrPort, bool) {
	t, a, _ := strings.Cut(flow, " ")
	addr, err := netip.ParseAddrPort(a)
	return Transport(t), addr, err == nil
}

// transact sends a request of ours inside the dialog.
func (d *Dialog) transact(method, branch string, data []byte, onResponse func(*message), onFail func(int)) *clientTx {
	h, err := d.hop()
	if err != nil {
		d.ua.count.fault(ErrorWrite)
		d.call.box.force(func() { onFail(503) })
		return nil
	}
	return d.call.transact(method, branch, h, data, onResponse, onFail)
}

// nextSeq counts our CSeq number up (RFC 3261 §12.2.1.1).
func (d *Dialog) nextSeq() uint32 {
	d.s.LocalSeq++
	return d.s.LocalSeq
}

// refreshTarget takes the far end's Contact as the new remote target (RFC 3261 §12.2).
func (d *Dialog) refreshTarget(m *message) {
	if c := contactURI(m); c != "" {
		d.s.Target = callmodel.Private(c)
	}
}

// learn notes what the far end can do.
func (d *Dialog) learn(m *message) {
	if allow := m.list("allow"); len(allow) > 0 {
		for i := range allow {
			allow[i] = strings.ToUpper(allow[i])
		}
		d.s.PeerAllows = allow
	}
}

func (d *Dialog) hears(sdp []byte) {
	d.heard = [sha256.Size]byte{}
	if sdp != nil {
		d.heard = sha256.Sum256(sdp)
	}
}

func contactURI(m *message) string {
	values := m.list("contact")
	if len(values) == 0 || values[0] == "*" {
		return ""
	}
	return bracketed(values[0])
}

func cseq(seq uint32, method string) string { return fmt.Sprintf("%d %s", seq, method) }

func (u *UA) via(f face, branch string) string {
	return fmt.Sprintf("SIP/2.0/%s %s;branch=%s;rport", f.transport, joinHostPort(f.host, f.port), branch)
}
