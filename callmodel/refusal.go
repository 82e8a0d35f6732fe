package callmodel

// Code is the stable word of a refusal, as clients see it.
type Code string

const (
	CodeUnknownCall   Code = "unknown_call"
	CodeUnknownLeg    Code = "unknown_leg"
	CodeUnknownItem   Code = "unknown_message"
	CodeCallClosed    Code = "call_closed"
	CodeAlreadyTaken  Code = "already_claimed"
	CodeNotClaimed    Code = "not_claimed"
	CodeStaleFence    Code = "stale_fence"
	CodeNotYours      Code = "not_yours"
	CodeLegNotReady   Code = "leg_not_ready"
	CodeTooLarge      Code = "too_large"
	CodeTypeRefused   Code = "type_not_accepted"
	CodeInvalid       Code = "invalid"
	CodeIDReused      Code = "id_reused"
	CodeUnexpected    Code = "unexpected"
	CodeUnavailable   Code = "journal_unavailable"
	CodeTooMany       Code = "too_many"
	CodeAlreadyExists Code = "already_exists"
)

// Refusal is Step's way to say no: nothing changed and nothing will be stored. Detail is one
// plain sentence without personal data.
type Refusal struct {
	Code   Code
	Detail string
}

func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail }

// Refuse builds a Refusal.
func Refuse(code Code, detail string) error { return &Refusal{Code: code, Detail: detail} }

// Repeat is Step's answer to an input it has already acted upon (same command, or same message
// from the wire): no second effect. It is a success for the sender.
type Repeat struct {
	CallSeq uint64    // call_seq of the first event the first one caused, 0 if it caused none
	Message MessageID // the message concerned, if any
	Fence   Fence     // the claim concerned, if any
}

func (r *Repeat) Error() string { return "repeat of an input already handled" }
