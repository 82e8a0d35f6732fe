package sipua

import (
	"context"
	"errors"
	"time"
)

// ErrOver is returned when the call or dialog a method belongs to has ended, or was answered.
var ErrOver = errors.New("dialog is over")

// ErrPending is returned when a request of the same kind is still open on the dialog.
var ErrPending = errors.New("a request is pending on this dialog")

// UA is a SIP user agent. New binds its sockets, Run serves them.
type UA struct{}

// New checks the configuration and binds the listeners; it starts nothing. h takes incoming calls.
func New(cfg Config, h Handler) (*UA, error) { return nil, errors.ErrUnsupported }

// Run serves until ctx ends, then closes every socket, ends every dialog with HowShutdown
// without telling the far end, and returns when all its goroutines have. Drain before, with
// Policy.Admit and Dialog.Bye, to be polite.
func (u *UA) Run(ctx context.Context) error { return errors.ErrUnsupported }

// Close releases the sockets of a UA that is never run.
func (u *UA) Close() error { return nil }

// Bound lists the sockets with their actual addresses, in the order of Config.Listeners.
func (u *UA) Bound() []Bound { return nil }

// Invite places a call and returns when the far end has answered: the dialog, and the session
// description of its 2xx when out.Offer was set. The ACK has been sent then. h gets Progress
// events meanwhile and everything later. When ctx ends first, CANCEL is sent (RFC 3261 §9.1).
// A refusal is returned as *Refusal, any other failure as *EndError.
func (u *UA) Invite(ctx context.Context, out Outgoing, h DialogHandler) (*Dialog, []byte, error) {
	return nil, nil, errors.ErrUnsupported
}

// Restore takes up a confirmed dialog from its state: requests of the far end are matched again
// and ours can be sent. It sends nothing itself.
func (u *UA) Restore(s State, h DialogHandler) (*Dialog, error) { return nil, errors.ErrUnsupported }

// Options asks a peer for its capabilities and returns the status of its final response.
func (u *UA) Options(ctx context.Context, target string) (int, error) {
	return 0, errors.ErrUnsupported
}

// Stats returns the counters.
func (u *UA) Stats() Stats { return Stats{} }

// Ringing sends 180 and repeats it about every 3 s until the final answer
// (NENA-STA-010.3 §3.1.1.1). Calling it again does nothing.
func (in *Invitation) Ringing() error { return errors.ErrUnsupported }

// Answer sends 200 with the session description: the answer, or our offer when in.Offer is nil.
// It returns when the 200 is on its way; Confirmed follows when the ACK arrives, or Ended.
func (in *Invitation) Answer(ctx context.Context, sdp []byte) error { return errors.ErrUnsupported }

// Refuse sends a final response of 300 to 699. retryAfter 0 leaves Retry-After out.
func (in *Invitation) Refuse(code int, reason string, retryAfter time.Duration) error {
	return errors.ErrUnsupported
}

// Dialog is one SIP dialog. Its methods may be called from any goroutine except those that wait
// for the far end (Bye, Reinvite, Update, Send, Invitation.Answer is not one of them), which must
// not be called from the dialog's own callbacks.
type Dialog struct{}

// CallID is the dialog's Call-ID.
func (d *Dialog) CallID() string { return "" }

// Peer is the trunk name Policy gave, or Outgoing.Peer.
func (d *Dialog) Peer() string { return "" }

// Context ends with the dialog; its cause is an *EndError.
func (d *Dialog) Context() context.Context { return nil }

// State returns a snapshot for Restore. It is meaningful from Answer or Invite's return on.
func (d *Dialog) State() State { return State{} }

// Bye ends the dialog: BYE after the ACK, CANCEL or 487 before an answer. It returns when the far
// end answered, nobody did in time, or ctx ended; the dialog is over in each case.
func (d *Dialog) Bye(ctx context.Context, reasons ...Reason) error { return errors.ErrUnsupported }

// Reinvite negotiates with a re-INVITE and returns the answer. A nil offer asks the far end for
// one; it comes through OnOffer and nil is returned. 491 is retried by the rules of RFC 3261
// §14.1. A *Refusal leaves the session as it was.
func (d *Dialog) Reinvite(ctx context.Context, offer []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Update negotiates with UPDATE (RFC 3311); a nil offer refreshes only.
func (d *Dialog) Update(ctx context.Context, offer []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Send sends a request of another method inside the dialog and returns the final status.
func (d *Dialog) Send(ctx context.Context, m Message) (int, error) {
	return 0, errors.ErrUnsupported
}
