package sipua

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// session is the timer of RFC 4028: the refresher renews at half the interval, the other side
// waits for the renewal until shortly before its end (§10).
type session struct {
	timer *time.Timer
}

func (s *session) stop() { s.timer.Stop() }

// readInterval reads Session-Expires.
func readInterval(m *message) (interval time.Duration, refresher string, ok bool) {
	v := m.get("session-expires")
	p := splitParams(v)
	if len(p) == 0 {
		return 0, "", false
	}
	n, err := strconv.ParseUint(p[0], 10, 31)
	if err != nil || n == 0 {
		return 0, "", false
	}
	refresher, _ = param(v, "refresher")
	return min(time.Duration(n)*time.Second, maxSE), strings.ToLower(refresher), true
}

func readMinSE(m *message) time.Duration {
	p := splitParams(m.get("min-se"))
	if len(p) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(p[0], 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxSE)
}

// refuseInterval answers 422 to an interval below ours, if the sender can cope with it
// (RFC 4028 §9).
func (tx *serverTx) refuseInterval() bool {
	if tx.method != "INVITE" && tx.method != "UPDATE" {
		return false
	}
	least := tx.c.ua.cfg.MinSE
	interval, _, ok := readInterval(tx.req)
	if !ok || interval >= least || !tx.req.tagged("timer") {
		return false
	}
	tx.c.ua.count.refuse(ReasonInterval)
	tx.respond(422, "", func(w *writer) { w.add("Min-SE", strconv.Itoa(seconds(least))) })
	return true
}

// acceptInterval decides the session timer when we answer INVITE or UPDATE (RFC 4028 §9, table 2)
// and returns what adds it to the response. Where the choice is ours we refresh: a refresh of our
// own finds out that the far end is gone, waiting for one does not.
func (d *Dialog) acceptInterval(m *message) func(*writer) {
	none := func(*writer) {}
	interval, refresher, asked := readInterval(m)
	able := m.tagged("timer")
	if !asked {
		if !able || d.ua.cfg.SessionExpires < 0 {
			d.setSession(0, false)
			return none
		}
		interval = max(d.ua.cfg.SessionExpires, readMinSE(m))
	}
	if !able || refresher == "" {
		refresher = "uas"
	}
	d.setSession(interval, refresher == "uas")
	return func(w *writer) {
		if refresher == "uac" {
			w.add("Require", "timer")
		}
		w.add("Session-Expires", fmt.Sprintf("%d;refresher=%s", seconds(interval), refresher))
	}
}

// agreeInterval takes the session timer out of a 2xx to INVITE or UPDATE of ours. Without one the
// far end has no timer; if we asked, we refresh alone (RFC 4028 §7.2).
func (d *Dialog) agreeInterval(m *message, asked time.Duration) {
	interval, refresher, ok := readInterval(m)
	if !ok {
		d.setSession(max(asked, 0), asked > 0)
		return
	}
	d.setSession(interval, refresher != "uas")
}

// askInterval adds our wish for a session timer to INVITE or UPDATE.
func (d *Dialog) askInterval(w *writer, interval time.Duration) {
	w.add("Supported", "timer")
	if interval <= 0 {
		return
	}
	v := strconv.Itoa(seconds(interval))
	if d.s.Interval > 0 { // roles in the new request: we are its uac
		if d.s.Refresher {
			v += ";refresher=uac"
		} else {
			v += ";refresher=uas"
		}
	}
	w.add("Session-Expires", v)
	w.add("Min-SE", strconv.Itoa(seconds(d.minSE())))
}

func (d *Dialog) minSE() time.Duration { return d.ua.cfg.MinSE }

func (d *Dialog) setSession(interval time.Duration, refresher bool) {
	d.s.Interval, d.s.Refresher = interval, refresher
	d.armSession()
}

// armSession starts the timer of the interval in force.
func (d *Dialog) armSession() {
	if d.session != nil {
		d.session.stop()
		d.session = nil
	}
	switch interval := d.s.Interval; {
	case interval <= 0 || d.phase == phaseOver:
	case d.s.Refresher:
		d.session = &session{d.call.after(interval/2, d.refresh)}
	default:
		d.session = &session{d.call.after(interval-min(32*time.Second, interval/3), d.expired)}
	}
}

// expired: the far end did not refresh. Signalling that is silent says nothing of the media of an
// emergency conversation, so ending it is the application's decision unless configured otherwise.
func (d *Dialog) expired() {
	if d.phase != phaseConfirmed || d.session == nil || d.s.Refresher {
		return
	}
	d.session = nil
	d.ua.count.bump(&d.ua.count.expired)
	if d.ua.cfg.EndOnExpiry {
		d.leave(nil, End{By: PartyNetwork, How: HowTimeout})
		return
	}
	d.emit(Expired{})
}

// refresh renews the session: UPDATE without an offer if the far end takes it, else a re-INVITE
// with the session description unchanged (RFC 4028 §7.4).
func (d *Dialog) refresh() {
	if d.phase == phaseOver || d.phase == phaseEnding || d.session == nil || !d.s.Refresher {
		return
	}
	if d.phase != phaseConfirmed || d.busy() {
		d.session = &session{d.call.after(soon, d.refresh)}
		return
	}
	x := &exchange{d: d, ctx: context.WithoutCancel(d.life), method: "UPDATE", refresh: true}
	if !has(lower(d.s.PeerAllows), "update") {
		x.method, x.offer = "INVITE", d.s.SDP
	}
	x.done = func(_ []byte, err error) {
		if err != nil && d.phase == phaseConfirmed {
			d.armSession()
		}
	}
	d.start(x)
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}
