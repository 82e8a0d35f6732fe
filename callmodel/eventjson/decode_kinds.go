package eventjson

import "text911/callmodel"

// decoderOf is the table of all kinds this version knows.
func decoderOf(k callmodel.Kind) (decoder, bool) {
	switch k {
	case callmodel.KindCallOffered:
		return as[callmodel.CallOffered], true
	case callmodel.KindCallQueued:
		return as[callmodel.CallQueued], true
	case callmodel.KindCallClaimed:
		return as[callmodel.CallClaimed], true
	case callmodel.KindCallReleased:
		return as[callmodel.CallReleased], true
	case callmodel.KindCallAnswered:
		return as[callmodel.CallAnswered], true
	case callmodel.KindCallIdleWarning:
		return as[callmodel.CallIdleWarning], true
	case callmodel.KindCallExtended:
		return as[callmodel.CallExtended], true
	case callmodel.KindCallClosed:
		return as[callmodel.CallClosed], true
	case callmodel.KindParticipantJoined:
		return as[callmodel.ParticipantJoined], true
	case callmodel.KindParticipantLeft:
		return as[callmodel.ParticipantLeft], true
	case callmodel.KindMessageReceived:
		return as[callmodel.MessageReceived], true
	case callmodel.KindMessageQueued:
		return as[callmodel.MessageQueued], true
	case callmodel.KindMessageReceipt:
		return as[callmodel.MessageReceipt], true
	case callmodel.KindMessageQuarantined:
		return as[callmodel.MessageQuarantined], true
	case callmodel.KindLocationUpdated:
		return as[callmodel.LocationUpdated], true
	case callmodel.KindLocationFailed:
		return as[callmodel.LocationFailed], true
	case callmodel.KindNoteAdded:
		return as[callmodel.NoteAdded], true
	case callmodel.KindLegOpening:
		return as[callmodel.LegOpeningEvent], true
	case callmodel.KindLegEstablished:
		return as[callmodel.LegEstablishedEvent], true
	case callmodel.KindLegBroken:
		return as[callmodel.LegBrokenEvent], true
	case callmodel.KindLegClosed:
		return as[callmodel.LegClosedEvent], true
	case callmodel.KindAgentChanged:
		return as[callmodel.AgentChanged], true
	case callmodel.KindAlertRaised:
		return as[callmodel.AlertRaised], true
	case callmodel.KindAlertCleared:
		return as[callmodel.AlertCleared], true
	case callmodel.KindTypingChanged:
		return as[callmodel.TypingChanged], true
	case callmodel.KindAgentPresence:
		return as[callmodel.AgentPresence], true
	case callmodel.KindQueueStats:
		return as[callmodel.QueueStats], true
	}
	return nil, false
}
