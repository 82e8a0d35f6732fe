package api

import (
	"encoding/json"

	"text911/callmodel"
)

// Command is what a client asks.
type Command struct {
	// ID is the client's own name for it; unique for 24 hours, best a ULID or UUID.
	ID   callmodel.CommandID `json:"id"`
	Type string              `json:"type"`
	Data json.RawMessage     `json:"data,omitempty"`
}

// Reply is the answer to the command with the same id: OK with Data, or Error. Seq is the newest
// event the command caused, if it caused one: who has seen it has seen the effect.
type Reply struct {
	ID    callmodel.CommandID `json:"id"`
	OK    bool                `json:"ok"`
	Seq   uint64              `json:"seq,omitempty"`
	Data  json.RawMessage     `json:"data,omitempty"`
	Error *Problem            `json:"error,omitempty"`
}

// Caller is who asks.
type Caller struct {
	Agent callmodel.AgentID
	// Roles the caller has; nil: every role.
	Roles []Role
}

// Role is what a caller may do.
type Role string

const (
	// RoleTaker may take calls: every command.
	RoleTaker Role = "taker"
	// RoleReader may look: call.get, call.list, call.transcript, events.read.
	RoleReader Role = "reader"
)

// The types of commands.
const (
	AgentState     = "agent.state"
	CallClaim      = "call.claim"
	CallRelease    = "call.release"
	MessageSend    = "message.send"
	MessageShown   = "message.shown"
	CallTyping     = "call.typing"
	CallNote       = "call.note"
	CallExtend     = "call.extend"
	CallClose      = "call.close"
	CallGet        = "call.get"
	CallList       = "call.list"
	CallTranscript = "call.transcript"
	EventsRead     = "events.read"
)

// Limits of the interface. They are told in the console's hello.
const (
	MaxCommandID  = 128
	MaxText       = 48 << 10 // octets of a text or body, before base64
	MaxNote       = 8 << 10
	MaxName       = 128 // agent, position, reason
	MaxPage       = 500 // entries of a list, a transcript or events.read
	DefaultPage   = 100
	MaxPageOctets = 768 << 10 // a page ends early rather than be larger
	RememberedFor = 24 * 60 * 60
	maxRemembered = 32_768
)

// Data of commands.
type (
	AgentStateData struct {
		State    callmodel.AgentState `json:"state"`
		Position string               `json:"position,omitempty"`
		CanRing  *bool                `json:"can_ring,omitempty"`
	}
	ClaimData struct {
		Call     callmodel.CallID `json:"call"`
		Position string           `json:"position,omitempty"`
	}
	FencedData struct {
		Call  callmodel.CallID `json:"call"`
		Fence callmodel.Fence  `json:"fence"`
	}
	SendData struct {
		Call        callmodel.CallID  `json:"call"`
		Fence       callmodel.Fence   `json:"fence"`
		Text        callmodel.Private `json:"text,omitempty"`
		ContentType string            `json:"content_type,omitempty"`
		Body        []byte            `json:"body,omitempty"`
	}
	ShownData struct {
		Call    callmodel.CallID    `json:"call"`
		Message callmodel.MessageID `json:"message"`
	}
	TypingData struct {
		Call  callmodel.CallID `json:"call"`
		Fence callmodel.Fence  `json:"fence"`
		On    bool             `json:"on"`
	}
	NoteData struct {
		Call callmodel.CallID  `json:"call"`
		Text callmodel.Private `json:"text"`
	}
	CloseData struct {
		Call   callmodel.CallID `json:"call"`
		Fence  callmodel.Fence  `json:"fence"`
		Reason string           `json:"reason,omitempty"`
	}
	GetData struct {
		Call callmodel.CallID `json:"call"`
	}
	ListData struct {
		Phase  callmodel.Phase `json:"phase,omitempty"`
		Limit  int             `json:"limit,omitempty"`
		Cursor string          `json:"cursor,omitempty"`
	}
	TranscriptData struct {
		Call  callmodel.CallID `json:"call"`
		After uint64           `json:"after,omitempty"`
		Limit int              `json:"limit,omitempty"`
	}
	ReadData struct {
		After uint64 `json:"after"`
		Limit int    `json:"limit,omitempty"`
	}
)
