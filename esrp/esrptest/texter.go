package esrptest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"text911/callmodel"
	"text911/engine/msrp"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// ErrEnded is returned by what needs a conversation that is over.
var ErrEnded = errors.New("the conversation is over")

// Mode is how a texter sets its MSRP session up.
type Mode struct {
	// Offerless sends the INVITE without SDP: the engine offers in its 200.
	Offerless bool
	// Passive lets the engine connect (a=setup:passive, which some networks send).
	Passive bool
	// Wrap lists message/cpim first, so that the engine wraps every text.
	Wrap bool
	// Dead takes the answer and never connects, until the engine negotiates anew.
	Dead bool
	// Plain sends texts bare; otherwise they are wrapped in message/cpim when the engine lists it first.
	Plain bool
}

// Texter is one person's conversation.
type Texter struct {
	net    *Network
	caller Caller
	mode   Mode
	ids    struct{ call, incident, source string }

	mu       sync.Mutex // guards the rest
	account  Account
	dialog   *sipua.Dialog
	cancel   context.CancelFunc // of the INVITE, until its answer
	sdp      *sdpmsrp.Negotiation
	session  *transport.Session
	stream   sdpmsrp.Stream
	conn     net.Conn
	sent     map[msrp.MessageID]int // index into account.Sent
	changed  chan struct{}          // closed and replaced whenever something happened
	end      sipua.End
	byeOnly  bool // the MSRP session outlives the dialog for a while
	finished bool
}

// Texter makes a texter who has not called yet.
func (n *Network) Texter(c Caller, m Mode) *Texter {
	t := &Texter{net: n, caller: c, mode: m, sent: map[msrp.MessageID]int{}, changed: make(chan struct{})}
	t.account.Number = n.next()
	if t.caller.Number == "" {
		t.caller.Number = callmodel.Private(fmt.Sprintf("+1202555%04d", 100+t.account.Number%100))
	}
	if t.caller.Languages == nil {
		t.caller.Languages = []string{"en"}
	}
	id := string(n.endpoint.NewMessageID())
	t.ids.call, t.ids.incident, t.ids.source = id, "i"+id, "s"+id
	t.account.EmergencyCallID = t.EmergencyCallID()
	return t
}

// Account is what happened so far.
func (t *Texter) Account() Account {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.account
	a.Sent = append([]SentText(nil), a.Sent...)
	a.Received = append([]ReceivedText(nil), a.Received...)
	return a
}

// EmergencyCallID is the identifier in the INVITE, for finding the call on the other side.
func (t *Texter) EmergencyCallID() callmodel.EmergencyCallID {
	return callmodel.EmergencyCallID("urn:emergency:uid:callid:" + t.ids.call + ":" + t.net.cfg.Element)
}

// Invite places the call and returns when texts can pass, or it was refused, cancelled or ctx
// ended. A refusal is a *sipua.Refusal.
func (t *Texter) Invite(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	offer, err := t.prepare()
	if err != nil {
		return t.fail(err)
	}
	t.mu.Lock()
	t.cancel = cancel
	t.account.Invited = t.net.cfg.Now()
	t.mu.Unlock()
	service := t.net.cfg.Service
	if t.caller.Service != "" {
		service = t.caller.Service
	}
	d, answer, err := t.net.ua.Invite(ctx, sipua.Outgoing{
		Target: service, Route: []string{t.route()}, From: callmodel.Private(t.identity()), To: "<urn:service:sos>",
		Offer: offer, Headers: t.headers(), Parts: t.parts(), Peer: "engine",
	}, t)
	if err != nil {
		return t.notAnswered(err)
	}
	t.mu.Lock()
	t.dialog, t.cancel = d, nil
	t.account.Answered, t.account.CallID = t.net.cfg.Now(), d.CallID()
	t.mu.Unlock()
	if answer != nil {
		if err := t.agree(answer); err != nil {
			return t.fail(err)
		}
	}
	if t.mode.Dead {
		return nil
	}
	if err := t.connect(ctx); err != nil {
		return t.fail(err)
	}
	return t.fail(t.until(ctx, func() bool { return t.bindingOf().Bound() }))
}

// route is the queue URI on top of the engine's address.
func (t *Texter) route() string {
	scheme, rest, _ := strings.Cut(t.net.cfg.Target, ":")
	if _, after, ok := strings.Cut(rest, "@"); ok {
		rest = after
	}
	return scheme + ":" + t.net.cfg.Queue + "@" + rest + ";lr"
}

func (t *Texter) notAnswered(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cancel = nil
	var r *sipua.Refusal
	if errors.As(err, &r) {
		t.account.Refused = r.Code
	}
	t.account.Err = err
	t.session.Close()
	t.wake()
	return err
}

// fail notes the first error of the script and returns it.
func (t *Texter) fail(err error) error {
	if err == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.account.Err == nil {
		t.account.Err = err
	}
	return err
}

// Cancel gives the call up before the answer.
func (t *Texter) Cancel() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cancel != nil {
		t.cancel()
	}
}

// HangUp ends the call with BYE.
func (t *Texter) HangUp(ctx context.Context) error {
	t.mu.Lock()
	d := t.dialog
	t.mu.Unlock()
	if d == nil {
		return ErrEnded
	}
	err := errors.Join(d.Bye(ctx), t.Over(ctx)) // then the account says how it ended
	t.close()
	return err
}

// Bye ends the dialog and leaves the MSRP session open, as a gateway does that has texts waiting.
func (t *Texter) Bye(ctx context.Context) error {
	t.mu.Lock()
	d := t.dialog
	t.byeOnly = true
	t.mu.Unlock()
	return d.Bye(ctx)
}

// End is how the dialog ended.
func (t *Texter) End() sipua.End {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

// close ends the MSRP session.
func (t *Texter) close() {
	t.mu.Lock()
	s := t.session
	t.finished = true
	t.wake()
	t.mu.Unlock()
	if s != nil {
		s.Close()
	}
}

// wake tells everybody who waits that something happened. It needs mu.
func (t *Texter) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// until waits for a condition, which is asked without mu, or for the end of the conversation.
func (t *Texter) until(ctx context.Context, ok func() bool) error {
	for {
		t.mu.Lock()
		changed, over := t.changed, t.finished
		t.mu.Unlock()
		switch {
		case ok():
			return nil
		case over:
			return ErrEnded
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// Ringing waits for the first 180.
func (t *Texter) Ringing(ctx context.Context) error {
	return t.until(ctx, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return !t.account.Rang.IsZero()
	})
}

// Over waits for the end of the conversation.
func (t *Texter) Over(ctx context.Context) error {
	err := t.until(ctx, func() bool { return false })
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// OnOffer answers the engine's re-INVITE.
func (t *Texter) OnOffer(_ context.Context, _ *sipua.Dialog, o sipua.Offer) ([]byte, error) {
	if o.SDP == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.sdp.Offer(t.params())
	}
	return t.answer(o.SDP)
}

// OnRequest takes what comes inside the dialog.
func (t *Texter) OnRequest(context.Context, *sipua.Dialog, sipua.Request) error { return nil }

// OnEvent follows the dialog.
func (t *Texter) OnEvent(_ context.Context, _ *sipua.Dialog, ev sipua.Event) {
	switch ev := ev.(type) {
	case sipua.Progress:
		t.mu.Lock()
		if ev.Code == 180 && t.account.Rang.IsZero() {
			t.account.Rang = t.net.cfg.Now()
		}
		t.wake()
		t.mu.Unlock()
	case sipua.Confirmed:
		if ev.Answer != nil {
			_ = t.fail(t.agree(ev.Answer))
		}
	case sipua.Ended:
		t.mu.Lock()
		t.account.Ended, t.end = t.net.cfg.Now(), ev.End
		t.account.EndedBy = map[sipua.Party]string{sipua.PartyPeer: "engine", sipua.PartyLocal: "texter"}[ev.End.By]
		if t.account.EndedBy == "" {
			t.account.EndedBy = "network"
		}
		stay := t.byeOnly
		t.mu.Unlock()
		if !stay {
			t.close()
		}
	}
}

// connected keeps the connection, so that Cut can cut it.
func (t *Texter) connected(c net.Conn) {
	t.mu.Lock()
	t.conn = c
	t.mu.Unlock()
}

// Wait is a pause of the script.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
