package callmodel

import "time"

// Input is what the world says to a machine. The set is closed: every type is in this file.
type Input interface{ input() }

// Inputs from a leg.
type (
	// LegOffered opens a call: somebody wants to text. Answer policy is in Hold.
	LegOffered struct {
		Leg    LegID
		Offer  CallOffered // as it will be recorded
		Queue  QueueID
		Resume []byte // adapter's state for mending
	}
	// LegAnswered: the network has our final answer (SIP 200 sent).
	LegAnswered struct {
		Leg    LegID
		Resume []byte
	}
	// LegEstablished: texts can pass now (MSRP session bound). Also after a mend.
	LegEstablished struct {
		Leg        LegID
		Capability Capability
		Resume     []byte
	}
	// LegBroken: the connection is gone but the dialog is not.
	LegBroken struct {
		Leg   LegID
		Cause Cause
	}
	// LegEnded: the far side ended it, or it could not be opened, or our own EndLeg is done.
	LegEnded struct {
		Leg   LegID
		By    By
		Cause Cause
	}
	// MessageArrived: a whole message from the far side. Deliver's nil is the permission to
	// acknowledge it. WireID is the bearer's own id and absorbs repeats.
	MessageArrived struct {
		Leg     LegID
		Message MessageID
		WireID  string
		Content Content
		Claimed time.Time // time the message itself claims, zero if none
	}
	// MessageBad: content that could not be taken in.
	MessageBad struct {
		Leg     LegID
		Message MessageID
		WireID  string
		Cause   Cause
		Content Content
	}
	// MessageProgress: what became of an outgoing message.
	MessageProgress struct {
		Leg     LegID
		Message MessageID
		State   DeliveryState
		Cause   *Cause
	}
	// TypingSeen: the far side started or stopped typing (RFC 3994).
	TypingSeen struct {
		Leg LegID
		On  bool
	}
	// LocationFound and LocationNotFound: a new position, or none to be had.
	LocationFound struct {
		Location Location
	}
	LocationNotFound struct {
		Cause Cause
	}
)

// Inputs from people and programs on the PSAP side. By carries the command for idempotency.
type (
	ClaimRequested struct {
		By       CommandRef
		Position string
		Lease    time.Duration
	}
	// ReleaseRequested: by the taker (Fence must match), or by the PSAP's lease clock (Reason lease_expired).
	ReleaseRequested struct {
		By     CommandRef
		Fence  Fence
		Reason string
	}
	ReplyRequested struct {
		By      CommandRef
		Fence   Fence
		Message MessageID
		Content Content
	}
	// ShownRequested: a person has the message on screen.
	ShownRequested struct {
		By      CommandRef
		Message MessageID
	}
	TypingRequested struct {
		By    CommandRef
		Fence Fence
		On    bool
	}
	NoteRequested struct {
		By   CommandRef
		Text Private
	}
	ExtendRequested struct {
		By    CommandRef
		Fence Fence
	}
	CloseRequested struct {
		By     CommandRef
		Fence  Fence
		Reason string
	}
)

// TimePassed is given when Deadline has come.
type TimePassed struct{}

// Restarted is the first input after a replay: connections of the former process are gone.
type Restarted struct{}

func (LegOffered) input()       {}
func (LegAnswered) input()      {}
func (LegEstablished) input()   {}
func (LegBroken) input()        {}
func (LegEnded) input()         {}
func (MessageArrived) input()   {}
func (MessageBad) input()       {}
func (MessageProgress) input()  {}
func (TypingSeen) input()       {}
func (LocationFound) input()    {}
func (LocationNotFound) input() {}
func (ClaimRequested) input()   {}
func (ReleaseRequested) input() {}
func (ReplyRequested) input()   {}
func (ShownRequested) input()   {}
func (TypingRequested) input()  {}
func (NoteRequested) input()    {}
func (ExtendRequested) input()  {}
func (CloseRequested) input()   {}
func (TimePassed) input()       {}
func (Restarted) input()        {}
