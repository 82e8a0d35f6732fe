package callmodel

// Distinct types so that a swap does not compile. All are opaque; ids made by the engine are
// ULIDs and sort by time.
type (
	// CallID names a call from offer to close and ever after.
	CallID string
	// PSAPID names a PSAP, usually a domain name.
	PSAPID string
	// LegID names one attachment of a call to a bearer.
	LegID string
	// MessageID is the engine's name for one message in either direction.
	MessageID string
	// EventID names one event; it is also what makes storing it twice harmless.
	EventID string
	// CommandID is the client's own name for a command (psap/api).
	CommandID string
	// AgentID names a person or program that may take calls.
	AgentID string
	// QueueID names a queue of a PSAP.
	QueueID string
	// TrunkID names a configured SIP peer.
	TrunkID string
	// ParticipantID names a participant within a call.
	ParticipantID string
	// EmergencyCallID is the i3 call identifier, urn:emergency:uid:callid:… (NENA-STA-010 §2.1.6).
	EmergencyCallID string
	// IncidentID is the i3 incident identifier, urn:emergency:uid:incidentid:… (NENA-STA-010 §2.1.7).
	IncidentID string
)

// PSAPLevel stands in place of a call for events that belong to the PSAP as a whole.
const PSAPLevel CallID = "_"

// Fence is the number a claim gives. A newer claim has a higher one, and whoever acts with an
// older one is refused. It is the call_seq of the call.claimed event. 0 is no claim.
type Fence uint64

// Mode says who does the call control.
type Mode string

const (
	FirstParty Mode = "1pcc"
	ThirdParty Mode = "3pcc"
)

// Bearer is what a leg is carried on.
type Bearer string

const (
	BearerMSRP Bearer = "msrp"
	BearerSMS  Bearer = "sms"
)

// Role is what a participant is to the call.
type Role string

const (
	RoleCaller     Role = "caller"
	RoleTaker      Role = "taker"
	RoleSupervisor Role = "supervisor"
	RoleTarget     Role = "transfer_target"
	RoleSystem     Role = "system"
)

// Phase is where a call stands.
type Phase string

const (
	PhaseNew     Phase = ""        // before call.offered
	PhaseQueued  Phase = "queued"  // offered, waiting for a taker
	PhaseClaimed Phase = "claimed" // a taker has it, the leg is not answered yet
	PhaseActive  Phase = "active"  // a taker has it and the leg was answered
	PhaseClosed  Phase = "closed"
)

// LegState is where a leg stands.
type LegState string

const (
	LegStateOpening     LegState = "opening"     // offered or being answered
	LegStateEstablished LegState = "established" // texts can pass
	LegStateBroken      LegState = "broken"      // connection lost, dialog not ended: may be mended
	LegStateClosed      LegState = "closed"
)

// DeliveryState is what is known of an outgoing message, or (displayed) of an incoming one.
type DeliveryState string

const (
	Queued    DeliveryState = "queued"    // in the log, not yet handed on
	Submitted DeliveryState = "submitted" // written to the wire
	Accepted  DeliveryState = "accepted"  // next hop answered 200
	Delivered DeliveryState = "delivered" // success REPORT or receipt
	Displayed DeliveryState = "displayed" // shown to a person
	Failed    DeliveryState = "failed"
	Unknown   DeliveryState = "unknown" // no proof either way
)
