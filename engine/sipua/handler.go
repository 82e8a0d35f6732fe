package sipua

import (
	"context"
)

// A Handler takes new calls. It is implemented by the application and called by the UA.
type Handler interface {
	// OnInvite is called once for every new call that passed Policy, on the call's own ordered
	// goroutine. It decides who hears about the dialog: the returned DialogHandler gets every
	// later event of it, the end before an answer (CANCEL) included. A nil DialogHandler refuses
	// offers with 488 and ignores events.
	//
	// OnInvite should return soon: events of this dialog wait for it. The answer may be given from
	// here or later, from any goroutine, through in.Ringing, in.Answer and in.Refuse. ctx ends when
	// the call is over; context.Cause then is an *EndError.
	OnInvite(ctx context.Context, in *Invitation) DialogHandler
}

// A DialogHandler hears what happens on one dialog. Calls to it never overlap and come in the
// order in which things happened on the wire.
type DialogHandler interface {
	// OnOffer is called when the far end wants to negotiate: a re-INVITE or UPDATE with a session
	// description, or a 2xx to an INVITE we sent without one. o.SDP is nil when the far end asks
	// for an offer of ours (re-INVITE without a body); the returned description is then that
	// offer, and the answer follows as Confirmed.
	//
	// A returned error refuses: *Refusal gives the code, anything else becomes 488. When the offer
	// came in a 2xx and cannot be accepted, return an answer and an error: the answer is sent in
	// the ACK and a BYE follows (RFC 3261 §13.3.1.3, §14.2).
	OnOffer(ctx context.Context, d *Dialog, o Offer) (sdp []byte, err error)
	// OnRequest is called for a request inside the dialog that carries content: MESSAGE, INFO, and
	// NOTIFY of a subscription we made. It is answered when OnRequest returns: 200 for nil, the
	// code of a *Refusal, 500 otherwise. So a text in a MESSAGE is acknowledged only after the
	// application has made it safe. ctx ends when the far end stops waiting.
	OnRequest(ctx context.Context, d *Dialog, r Request) error
	// OnEvent is called for everything else. Ended is always the last event and comes exactly once.
	OnEvent(ctx context.Context, d *Dialog, ev Event)
}

// A Request is a request inside the dialog, other than those the UA answers by itself.
type Request struct {
	Method string
	Facts  Facts
}

// An Offer is the far end's wish to set or change the session.
type Offer struct {
	SDP    []byte // nil: the far end asks us for an offer
	Method string // INVITE, UPDATE or PRACK; "2xx" when it came in a response
	Facts  Facts  // headers and body parts of the carrying message; a moved caller is seen here
}

// An Event is one thing that happened on a dialog: Confirmed, Progress, Refreshed, Expired, Ended.
type Event interface{ event() }

// Confirmed says that the ACK to our 2xx arrived. Answer is the session description it carried
// when our 2xx was an offer; otherwise it is nil. (RFC 3261 §13.3.1.4)
type Confirmed struct {
	Answer []byte
}

// Progress is a provisional response other than 100 to an INVITE of ours.
type Progress struct {
	Code     int
	SDP      []byte // nil when none; an unreliable one is only a copy of the later answer (RFC 6337 §2)
	Reliable bool   // came with 100rel: its SDP is the answer, and media may start (RFC 3262 §5)
}

// Refreshed says that the far end refreshed the session or its target without an offer
// (RFC 4028 §7.4, RFC 3311 §5.1). Facts may carry a new location.
type Refreshed struct {
	Facts Facts
}

// Expired says that the session interval ran out without a refresh by the far end, and that the
// dialog was left up because Config.EndOnExpiry is false. An emergency conversation is ended only
// when its media is silent too, which the application knows (RFC 4028 §10).
type Expired struct{}

// Ended says that the dialog is over. It is the last event.
type Ended struct {
	End End
}

func (Confirmed) event() {}
func (Progress) event()  {}
func (Expired) event()   {}
func (Refreshed) event() {}
func (Ended) event()     {}
