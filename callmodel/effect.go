package callmodel

// Effect is what somebody must do. Effects of one leg are performed in order; what comes of them
// returns as an Input. The set is closed: every type is in this file.
type Effect interface {
	// LegOf is the leg that must perform it.
	LegOf() LegID
}

type (
	// RingLeg: tell the network the call is waiting (SIP 180, repeated by the adapter until another
	// effect ends the ringing).
	RingLeg struct{ Leg LegID }
	// AnswerLeg: give the final answer (SIP 200) and open the bearer. Comes back as LegAnswered,
	// then LegEstablished, or LegEnded.
	AnswerLeg struct{ Leg LegID }
	// EndLeg: end it (SIP final refusal before the answer, BYE after it). Comes back as LegEnded.
	EndLeg struct {
		Leg   LegID
		Cause Cause
	}
	// MendLeg: a broken leg should be made whole (re-INVITE with our own path). Resume is what the
	// adapter last gave. Comes back as LegEstablished or LegEnded.
	MendLeg struct {
		Leg    LegID
		Bearer Bearer
		Resume []byte
	}
	// SendMessage: comes back as MessageProgress.
	SendMessage struct {
		Leg     LegID
		Message MessageID
		From    ParticipantID
		Content Content
	}
	// SendTyping: is-composing towards the far side; no result.
	SendTyping struct {
		Leg LegID
		On  bool
	}
)

func (e RingLeg) LegOf() LegID     { return e.Leg }
func (e AnswerLeg) LegOf() LegID   { return e.Leg }
func (e EndLeg) LegOf() LegID      { return e.Leg }
func (e MendLeg) LegOf() LegID     { return e.Leg }
func (e SendMessage) LegOf() LegID { return e.Leg }
func (e SendTyping) LegOf() LegID  { return e.Leg }
