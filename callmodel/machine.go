package callmodel

import "time"

// Machine is a call model: a pure function with memory. It is not safe for concurrent use; the
// call's actor owns it.
type Machine interface {
	// Step decides what follows from in and changes nothing. On an error (*Refusal, *Repeat) there
	// are no events and no effects. Events come back without ID, Call, CallSeq and Time; the
	// machine may rely on the first event getting call_seq View().CallSeq+1, and so on.
	Step(now time.Time, in Input) ([]Event, []Effect, error)
	// Apply makes a stored event part of the state. It never fails: events it does not know are
	// counted in call_seq and otherwise ignored, so that an older binary can replay a newer log.
	Apply(ev Event)
	// Resume is what is still owed after a replay, in order.
	Resume() []Effect
	// Deadline says when to Step with TimePassed if nothing else happens.
	Deadline() (time.Time, bool)
	// View is the state for people and programs; a copy the caller owns.
	View() View
}

// View is a call as it stands.
type View struct {
	Call         CallID      `json:"call"`
	Phase        Phase       `json:"phase"`
	Mode         Mode        `json:"mode"`
	PSAP         PSAPID      `json:"psap"`
	Queue        QueueID     `json:"queue,omitempty"`
	CallSeq      uint64      `json:"call_seq"`
	Seq          uint64      `json:"seq"` // newest seq of this call in the log
	Offered      time.Time   `json:"offered"`
	ClaimedAt    time.Time   `json:"claimed_at,omitzero"`  // the first claim: "answered" for the 15-second rule
	AnsweredAt   time.Time   `json:"answered_at,omitzero"` // the leg's final answer, not the taker's claim
	ClosedAt     time.Time   `json:"closed_at,omitzero"`
	Caller       Party       `json:"caller"`
	IDs          Identifiers `json:"ids"`
	Trunk        TrunkID     `json:"trunk,omitempty"`
	Bearer       Bearer      `json:"bearer"`
	Leg          LegID       `json:"leg"`
	LegState     LegState    `json:"leg_state"`
	Capability   Capability  `json:"capability"`
	Locations    []Location  `json:"locations,omitempty"`
	Languages    []string    `json:"languages,omitempty"`
	Priority     string      `json:"priority,omitempty"`
	Test         bool        `json:"test,omitempty"`
	Holder       AgentID     `json:"holder,omitempty"`
	Position     string      `json:"position,omitempty"`
	Fence        Fence       `json:"fence,omitempty"`
	LastIn       time.Time   `json:"last_in,omitzero"`
	LastOut      time.Time   `json:"last_out,omitzero"`
	MessagesIn   int         `json:"messages_in"`
	MessagesOut  int         `json:"messages_out"`
	Unshown      int         `json:"unshown"` // incoming messages nobody has had on screen yet
	Abandoned    bool        `json:"abandoned,omitempty"`
	IdleDeadline time.Time   `json:"idle_deadline,omitzero"`
	ClosedBy     By          `json:"closed_by,omitempty"`
	Cause        *Cause      `json:"cause,omitempty"`
}

// Outcome is what Deliver gives back once the events are durable.
type Outcome struct {
	Call   CallID
	Events []Event // stored, with Seq; empty when the input caused none
	Repeat *Repeat // set when the input was a repeat: the first one's result
}

// Done reports whether the call has ended.
func (v View) Done() bool { return v.Phase == PhaseClosed }
