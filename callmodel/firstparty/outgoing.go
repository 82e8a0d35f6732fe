package firstparty

import (
	"slices"

	"text911/callmodel"
)

const (
	maxStates     = 128     // replies whose state is remembered, beside those not confirmed
	maxUnsentSize = 1 << 20 // octets of bodies not confirmed
)

// outgoing is what is known of the replies: states of the newest, bodies of those nobody has
// confirmed.
type outgoing struct {
	states []sentState
	unsent []unsent
	size   int // of the bodies of unsent
}

type sentState struct {
	id    callmodel.MessageID
	state callmodel.DeliveryState
}

// unsent is a reply that may have to be sent, or sent again.
type unsent struct {
	id      callmodel.MessageID
	from    callmodel.ParticipantID
	content callmodel.Content
	handed  bool // it was given to the leg as it is now
}

func (u *unsent) send(leg callmodel.LegID) callmodel.Effect {
	return callmodel.SendMessage{Leg: leg, Message: u.id, From: u.from, Content: u.content}
}

func (o *outgoing) queue(d callmodel.MessageQueued, handed bool) {
	o.states = append(o.states, sentState{id: d.Message, state: callmodel.Queued})
	o.unsent = append(o.unsent, unsent{id: d.Message, from: d.From, content: d.Content, handed: handed})
	o.size += contentSize(d.Content)
	if len(o.states) > maxStates+len(o.unsent) {
		o.forget()
	}
}

// forget drops the oldest state that is not of an unconfirmed message.
func (o *outgoing) forget() {
	i := slices.IndexFunc(o.states, func(s sentState) bool { return settled(s.state) })
	if i < 0 {
		i = 0
	}
	o.states = slices.Delete(o.states, i, i+1)
}

// stateOf returns the state of a reply, empty if it is not remembered.
func (o *outgoing) stateOf(id callmodel.MessageID) callmodel.DeliveryState {
	for i := len(o.states) - 1; i >= 0; i-- {
		if o.states[i].id == id {
			return o.states[i].state
		}
	}
	return ""
}

func (o *outgoing) receipt(id callmodel.MessageID, state callmodel.DeliveryState) {
	for i := len(o.states) - 1; i >= 0; i-- {
		if o.states[i].id == id {
			o.states[i].state = state
			break
		}
	}
	if !settled(state) {
		return
	}
	if i := slices.IndexFunc(o.unsent, func(u unsent) bool { return u.id == id }); i >= 0 {
		o.size -= contentSize(o.unsent[i].content)
		o.unsent = slices.Delete(o.unsent, i, i+1)
	}
}

// hand marks everything unconfirmed as given to the leg, or as not given to the leg to come.
func (o *outgoing) hand(handed bool) {
	for i := range o.unsent {
		o.unsent[i].handed = handed
	}
}

// drop forgets the bodies: the leg they were for is closed.
func (o *outgoing) drop() { o.unsent, o.size = nil, 0 }

// settled: nobody has to send it again.
func settled(s callmodel.DeliveryState) bool {
	switch s {
	case callmodel.Accepted, callmodel.Delivered, callmodel.Displayed, callmodel.Failed:
		return true
	}
	return false
}

// follows reports whether next is news after state. Receipts only move forward; what is unknown may
// still turn out well or badly; failed and displayed are final, delivered can only become displayed.
//
//	queued → submitted → accepted → delivered → displayed
//	   └──────────┴──────────┴──► unknown ──► any of submitted … displayed, failed
//	   └──────────┴──────────┴──► failed
func follows(state, next callmodel.DeliveryState) bool {
	switch state {
	case callmodel.Failed, callmodel.Displayed:
		return false
	case callmodel.Delivered:
		return next == callmodel.Displayed
	case callmodel.Unknown:
		return next != callmodel.Queued && next != callmodel.Unknown && rank(next) > 0
	}
	return rank(next) > rank(state)
}

// rank orders the states of a message whose fate is known; 0 is no state to move to.
func rank(s callmodel.DeliveryState) int {
	switch s {
	case callmodel.Queued:
		return 0
	case callmodel.Submitted:
		return 1
	case callmodel.Accepted:
		return 2
	case callmodel.Unknown:
		return 3
	case callmodel.Failed, callmodel.Delivered:
		return 4
	case callmodel.Displayed:
		return 5
	}
	return 0
}
