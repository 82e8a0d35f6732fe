package callmodel

import "time"

// Event is a fact about a call. The machine fills Data (and Command, when a command caused it);
// the engine gives it ID, CallSeq and Time before it is stored. Seq is the log's own number, known
// only after storage.
type Event struct {
	ID      EventID
	Call    CallID
	CallSeq uint64
	Time    time.Time
	Command *CommandRef
	Data    EventData
	Seq     uint64 // sequence in the PSAP's log; 0 = not stored (ephemeral, or not yet)
}

// CommandRef ties an event to the command that caused it, so that a repeat is recognised even
// after a restart. Digest is over the command's body.
type CommandRef struct {
	ID     CommandID `json:"id"`
	Digest string    `json:"digest"`
	Agent  AgentID   `json:"agent,omitempty"`
}

// Kind is "<noun>.<verb>", verb in the past tense.
type Kind string

// EventData is the payload of one kind of event. The set is closed: every type is in this file.
type EventData interface {
	Kind() Kind
}

// Ephemeral reports whether events of this kind are shown and forgotten instead of stored.
func (k Kind) Ephemeral() bool {
	switch k {
	case KindTypingChanged, KindAgentPresence, KindQueueStats:
		return true
	}
	return false
}

const (
	KindCallOffered     Kind = "call.offered"
	KindCallQueued      Kind = "call.queued"
	KindCallClaimed     Kind = "call.claimed"
	KindCallReleased    Kind = "call.released"
	KindCallAnswered    Kind = "call.answered"
	KindCallIdleWarning Kind = "call.idle_warning"
	KindCallExtended    Kind = "call.extended"
	KindCallClosed      Kind = "call.closed"

	KindParticipantJoined Kind = "participant.joined"
	KindParticipantLeft   Kind = "participant.left"

	KindMessageReceived    Kind = "message.received"
	KindMessageQueued      Kind = "message.queued"
	KindMessageReceipt     Kind = "message.receipt"
	KindMessageQuarantined Kind = "message.quarantined"

	KindLocationUpdated Kind = "location.updated"
	KindLocationFailed  Kind = "location.failed"

	KindNoteAdded Kind = "note.added"

	KindLegOpening     Kind = "leg.opening"
	KindLegEstablished Kind = "leg.established"
	KindLegBroken      Kind = "leg.broken"
	KindLegClosed      Kind = "leg.closed"

	KindAgentChanged Kind = "agent.changed"
	KindAlertRaised  Kind = "alert.raised"
	KindAlertCleared Kind = "alert.cleared"

	KindTypingChanged Kind = "typing.changed" // ephemeral
	KindAgentPresence Kind = "agent.presence" // ephemeral
	KindQueueStats    Kind = "queue.stats"    // ephemeral
)

// CallOffered opens every call.
type CallOffered struct {
	Mode       Mode             `json:"mode"`
	PSAP       PSAPID           `json:"psap"`
	Trunk      TrunkID          `json:"trunk,omitempty"`
	Bearer     Bearer           `json:"bearer"`
	Caller     Party            `json:"caller"`
	IDs        Identifiers      `json:"ids"`
	ServiceURN string           `json:"service_urn,omitempty"`
	QueueURI   string           `json:"queue_uri,omitempty"` // Route URI the ESRP addressed us by
	Priority   string           `json:"priority,omitempty"`  // Resource-Priority value, esnet.1
	Languages  []string         `json:"languages,omitempty"`
	Locations  []Location       `json:"locations,omitempty"`
	Additional []AdditionalData `json:"additional,omitempty"`
	Test       bool             `json:"test,omitempty"`
	// Hold is true when the leg rings until a taker claims; false when it is answered at once.
	Hold bool `json:"hold,omitempty"`
}

// CallQueued says the call waits for a taker, with the reason it came (back) to the queue.
type CallQueued struct {
	Queue  QueueID `json:"queue"`
	Reason string  `json:"reason"` // offered, released, lease_expired
}

// CallClaimed is a taker taking the call. This is "answered" for the 15-second rule.
type CallClaimed struct {
	Agent    AgentID   `json:"agent"`
	Position string    `json:"position,omitempty"`
	Fence    Fence     `json:"fence"`
	Until    time.Time `json:"until"` // end of the lease unless renewed by the holder's heartbeat
}

// CallReleased gives the call back.
type CallReleased struct {
	Agent  AgentID `json:"agent"`
	Fence  Fence   `json:"fence"`
	Reason string  `json:"reason"` // by_taker, lease_expired, superseded
}

// CallAnswered says the leg's final answer was given to the network (SIP 200).
type CallAnswered struct {
	Leg LegID `json:"leg"`
	// Resume is the adapter's own state (JSON) needed to mend the leg after a restart.
	Resume []byte `json:"resume,omitempty"`
}

// CallIdleWarning says the call will be closed at Deadline unless somebody writes or extends.
type CallIdleWarning struct {
	Deadline time.Time `json:"deadline"`
}

// CallExtended says a taker wants a silent call kept; the silence is counted anew from here.
type CallExtended struct {
	Agent AgentID `json:"agent,omitempty"`
	// Until is when the call would be closed if it stays silent; zero: never.
	Until time.Time `json:"until,omitzero"`
}

// CallClosed is the last state-changing event of a call; late messages may still follow it.
type CallClosed struct {
	By    By    `json:"by"`
	Cause Cause `json:"cause"`
	// Abandoned is true when the far side ended it before any taker had claimed it.
	Abandoned bool    `json:"abandoned,omitempty"`
	Agent     AgentID `json:"agent,omitempty"`
}

// ParticipantJoined and ParticipantLeft tell who is in the conversation.
type ParticipantJoined struct {
	Participant ParticipantID `json:"participant"`
	Role        Role          `json:"role"`
	Agent       AgentID       `json:"agent,omitempty"`
}

type ParticipantLeft struct {
	Participant ParticipantID `json:"participant"`
	Role        Role          `json:"role"`
}

// MessageReceived is a text from the far side, stored before it was acknowledged.
type MessageReceived struct {
	Message   MessageID     `json:"message"`
	Number    uint64        `json:"number"` // position in the conversation, both directions, from 1
	Leg       LegID         `json:"leg"`
	From      ParticipantID `json:"from"`
	Content   Content       `json:"content"`
	WireID    string        `json:"wire_id,omitempty"` // MSRP Message-ID
	Claimed   time.Time     `json:"claimed_time,omitzero"`
	Late      bool          `json:"late,omitempty"`      // claims a time more than 10 s before arrival, or came after close
	Duplicate bool          `json:"duplicate,omitempty"` // same content as an earlier one, sent again by the texter
}

// MessageQueued is a text towards the far side: in the log, on its way.
type MessageQueued struct {
	Message MessageID     `json:"message"`
	Number  uint64        `json:"number"`
	Leg     LegID         `json:"leg"`
	From    ParticipantID `json:"from"`
	Agent   AgentID       `json:"agent,omitempty"`
	Content Content       `json:"content"`
}

// MessageReceipt says what became of a message.
type MessageReceipt struct {
	Message MessageID     `json:"message"`
	State   DeliveryState `json:"state"`
	Cause   *Cause        `json:"cause,omitempty"`
	Agent   AgentID       `json:"agent,omitempty"` // who it was shown to (displayed)
}

// MessageQuarantined is content that could not be taken in: kept for the administrator.
type MessageQuarantined struct {
	Message MessageID `json:"message"`
	Leg     LegID     `json:"leg"`
	WireID  string    `json:"wire_id,omitempty"`
	Cause   Cause     `json:"cause"`
	Content Content   `json:"content"`
}

type LocationUpdated struct {
	Location Location `json:"location"`
}

type LocationFailed struct {
	Cause Cause `json:"cause"`
}

type NoteAdded struct {
	Agent AgentID `json:"agent"`
	Text  Private `json:"text"`
}

// LegOpeningEvent and the other leg events follow one attachment to a bearer.
type LegOpeningEvent struct {
	Leg    LegID  `json:"leg"`
	Bearer Bearer `json:"bearer"`
	// Resume is the adapter's own state (JSON) needed to mend the leg after a restart.
	Resume []byte `json:"resume,omitempty"`
}

type LegEstablishedEvent struct {
	Leg        LegID      `json:"leg"`
	Capability Capability `json:"capability"`
	Resume     []byte     `json:"resume,omitempty"`
}

type LegBrokenEvent struct {
	Leg   LegID     `json:"leg"`
	Cause Cause     `json:"cause"`
	Until time.Time `json:"until,omitzero"` // given up at this time
}

type LegClosedEvent struct {
	Leg   LegID `json:"leg"`
	Cause Cause `json:"cause"`
}

// AgentChanged is PSAP-level: a position's state was set (agent.state).
type AgentChanged struct {
	Agent    AgentID    `json:"agent"`
	Position string     `json:"position,omitempty"`
	State    AgentState `json:"state"`
	Reason   string     `json:"reason,omitempty"`
}

// AgentState is whether an agent takes calls.
type AgentState string

const (
	AgentReady   AgentState = "ready"
	AgentPaused  AgentState = "paused"
	AgentOffline AgentState = "offline"
)

// AlertRaised and AlertCleared are PSAP-level unless they name a call.
type AlertRaised struct {
	Alert    string `json:"alert"`    // journal, waiting, no_console, …
	Severity string `json:"severity"` // info, warning, alarm
	Sentence string `json:"sentence"` // short, plain, speakable; no personal data
	About    CallID `json:"about,omitempty"`
}

type AlertCleared struct {
	Alert string `json:"alert"`
	About CallID `json:"about,omitempty"`
}

// TypingChanged is ephemeral.
type TypingChanged struct {
	From  ParticipantID `json:"from"`
	Role  Role          `json:"role"`
	Agent AgentID       `json:"agent,omitempty"`
	On    bool          `json:"on"`
}

// AgentPresence is ephemeral: a console of the agent came or went.
type AgentPresence struct {
	Agent     AgentID `json:"agent"`
	Connected bool    `json:"connected"`
	CanRing   bool    `json:"can_ring"`
}

// QueueStats is ephemeral.
type QueueStats struct {
	Queue        QueueID `json:"queue"`
	Waiting      int     `json:"waiting"`
	OldestMillis int64   `json:"oldest_ms"`
	AgentsReady  int     `json:"agents_ready"`
}

func (CallOffered) Kind() Kind         { return KindCallOffered }
func (CallQueued) Kind() Kind          { return KindCallQueued }
func (CallClaimed) Kind() Kind         { return KindCallClaimed }
func (CallReleased) Kind() Kind        { return KindCallReleased }
func (CallAnswered) Kind() Kind        { return KindCallAnswered }
func (CallIdleWarning) Kind() Kind     { return KindCallIdleWarning }
func (CallExtended) Kind() Kind        { return KindCallExtended }
func (CallClosed) Kind() Kind          { return KindCallClosed }
func (ParticipantJoined) Kind() Kind   { return KindParticipantJoined }
func (ParticipantLeft) Kind() Kind     { return KindParticipantLeft }
func (MessageReceived) Kind() Kind     { return KindMessageReceived }
func (MessageQueued) Kind() Kind       { return KindMessageQueued }
func (MessageReceipt) Kind() Kind      { return KindMessageReceipt }
func (MessageQuarantined) Kind() Kind  { return KindMessageQuarantined }
func (LocationUpdated) Kind() Kind     { return KindLocationUpdated }
func (LocationFailed) Kind() Kind      { return KindLocationFailed }
func (NoteAdded) Kind() Kind           { return KindNoteAdded }
func (LegOpeningEvent) Kind() Kind     { return KindLegOpening }
func (LegEstablishedEvent) Kind() Kind { return KindLegEstablished }
func (LegBrokenEvent) Kind() Kind      { return KindLegBroken }
func (LegClosedEvent) Kind() Kind      { return KindLegClosed }
func (AgentChanged) Kind() Kind        { return KindAgentChanged }
func (AlertRaised) Kind() Kind         { return KindAlertRaised }
func (AlertCleared) Kind() Kind        { return KindAlertCleared }
func (TypingChanged) Kind() Kind       { return KindTypingChanged }
func (AgentPresence) Kind() Kind       { return KindAgentPresence }
func (QueueStats) Kind() Kind          { return KindQueueStats }
