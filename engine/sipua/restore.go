package sipua

import (
	"context"
	"errors"
	"slices"

	"text911/callmodel"
)

// restoreGap is how far our CSeq jumps when a dialog is taken up again: the state may be older
// than the last request we sent, and numbers must rise (RFC 3261 §12.2.1.1 allows gaps).
const restoreGap = 16

// Restore takes up a confirmed dialog from its state: requests of the far end are matched again
// and ours can be sent. It sends nothing itself.
func (u *UA) Restore(s State, h DialogHandler) (*Dialog, error) {
	if s.CallID == "" || s.LocalTag == "" || s.Target == "" {
		return nil, errors.New("restore: incomplete dialog state")
	}
	u.mu.Lock()
	if u.shut {
		u.mu.Unlock()
		return nil, ErrOver
	}
	c := u.calls[s.CallID]
	if c == nil {
		c = u.addCall(s.CallID)
	}
	var d *Dialog
	done := make(chan error, 1)
	posted := c.box.force(func() { // under the lock, so that the call cannot be dropped meanwhile
		if slices.ContainsFunc(c.dialogs, func(o *Dialog) bool {
			return o.s.LocalTag == s.LocalTag && o.s.RemoteTag == s.RemoteTag
		}) {
			done <- errors.New("restore: the dialog is alive here")
			return
		}
		s.LocalSeq += restoreGap
		d = newDialog(c, s.Peer, s)
		*d.hook = h
		if s.Transport == UDP && len(u.packets) > 0 {
			d.packet = u.packets[0]
		}
		d.s.Contact = callmodel.Private(u.contact(u.faceFor(s.Transport))) // this node may have another address
		d.phase = phaseConfirmed
		d.armSession()
		done <- nil
	})
	u.mu.Unlock()
	if !posted {
		return nil, ErrOver
	}
	if err := <-done; err != nil {
		return nil, err
	}
	return d, nil
}

// Options asks a peer for its capabilities and returns the status of its final response
// (RFC 3261 §11): 408 when nobody answered, 503 when it could not be sent.
func (u *UA) Options(ctx context.Context, target string) (int, error) {
	to, err := nextHop(target, u.preferred())
	if err != nil {
		return 0, err
	}
	id := u.mustToken(22)
	u.mu.Lock()
	if u.shut {
		u.mu.Unlock()
		return 0, ErrOver
	}
	c := u.addCall(id)
	u.mu.Unlock()
	got := make(chan int, 1)
	err = c.do(func() error {
		f, branch := u.faceFor(to.transport), u.newBranch()
		w := new(writer).start("OPTIONS " + uriText(target) + " SIP/2.0")
		w.add("Via", u.via(f, branch)).add("Max-Forwards", "70")
		w.add("From", "<"+u.contact(f)+">;tag="+u.mustToken(16)).add("To", "<"+uriText(target)+">")
		w.add("Call-ID", id).add("CSeq", "1 OPTIONS").add("Contact", "<"+u.contact(f)+">")
		w.add("Accept", acceptBodies).add("User-Agent", u.cfg.Agent)
		c.transact("OPTIONS", branch, to, w.end("", nil), func(m *message) {
			if m.code >= 200 {
				got <- m.code
			}
		}, func(code int) { got <- code })
		return nil
	})
	if err != nil {
		return 0, err
	}
	select {
	case code := <-got:
		return code, nil
	case <-u.life.Done():
		return 0, ErrOver
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
