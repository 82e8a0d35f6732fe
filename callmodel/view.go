package callmodel

import "time"

// maxViewLocations bounds View.Locations: the first one, on which the call was routed, and the
// newest of the rest. All of them are in the log.
const maxViewLocations = 8

// Apply makes an event of this call part of the view. It asks nothing of the mode, so that the
// machines, a PSAP's board and a client can share it. It never fails: an event of a kind it does
// not know only moves CallSeq and Seq on. Slices in the view are replaced, never changed, so a
// copy of a View stays as it was.
func (v *View) Apply(ev Event) {
	if ev.CallSeq > v.CallSeq {
		v.CallSeq = ev.CallSeq
	}
	if ev.Seq > v.Seq {
		v.Seq = ev.Seq
	}
	switch d := ev.Data.(type) {
	case MessageReceived:
		v.MessagesIn++
		v.Unshown++
		v.LastIn = ev.Time
		v.wake()
	case MessageQueued:
		v.MessagesOut++
		v.LastOut = ev.Time
		v.wake()
	case MessageReceipt:
		// A receipt with an agent is a line of the texter's put on that agent's screen.
		if d.State == Displayed && d.Agent != "" && v.Unshown > 0 {
			v.Unshown--
		}
	case LocationUpdated:
		v.locate(d.Location)
	case CallOffered:
		v.offer(ev, d)
	default:
		v.applyCall(ev)
		v.applyLeg(ev)
	}
}

// wake ends an idle warning: somebody wrote, or can write again, or it no longer matters.
func (v *View) wake() {
	if v.Phase != PhaseClosed {
		v.IdleDeadline = time.Time{}
	}
}

func (v *View) offer(ev Event, d CallOffered) {
	v.Call, v.PSAP, v.Mode, v.Phase = ev.Call, d.PSAP, d.Mode, PhaseQueued
	v.Offered = ev.Time
	v.Caller, v.IDs, v.Trunk, v.Bearer = d.Caller, d.IDs, d.Trunk, d.Bearer
	v.Languages, v.Priority, v.Test = d.Languages, d.Priority, d.Test
	for _, l := range d.Locations {
		v.locate(l)
	}
}

// locate adds a location without its raw form, which only the log keeps.
func (v *View) locate(l Location) {
	l.Raw = ""
	old := v.Locations
	if len(old) >= maxViewLocations {
		kept := make([]Location, 0, maxViewLocations)
		old = append(append(kept, old[0]), old[len(old)-maxViewLocations+2:]...)
	}
	all := make([]Location, len(old), len(old)+1)
	copy(all, old)
	v.Locations = append(all, l)
}

// applyCall follows who has the call. A release alone does not put it back into the queue:
// call.queued does, so that a claim that supersedes another never looks like a waiting call.
func (v *View) applyCall(ev Event) {
	switch d := ev.Data.(type) {
	case CallQueued:
		v.Queue, v.Phase = d.Queue, PhaseQueued
		v.Holder, v.Position, v.Fence = "", "", 0
		v.wake()
	case CallClaimed:
		v.Holder, v.Position, v.Fence = d.Agent, d.Position, d.Fence
		v.Phase = PhaseClaimed
		if !v.AnsweredAt.IsZero() {
			v.Phase = PhaseActive
		}
		if v.ClaimedAt.IsZero() {
			v.ClaimedAt = ev.Time
		}
		v.wake()
	case CallReleased:
		v.Holder, v.Position, v.Fence = "", "", 0
	case CallAnswered:
		v.AnsweredAt = ev.Time
		if v.Phase == PhaseClaimed {
			v.Phase = PhaseActive
		}
	case CallIdleWarning:
		v.IdleDeadline = d.Deadline
	case CallExtended:
		v.wake()
	case CallClosed:
		cause := d.Cause
		v.Phase, v.ClosedAt, v.ClosedBy, v.Cause = PhaseClosed, ev.Time, d.By, &cause
		v.Abandoned, v.IdleDeadline = d.Abandoned, time.Time{}
	}
}

func (v *View) applyLeg(ev Event) {
	switch d := ev.Data.(type) {
	case LegOpeningEvent:
		v.Leg, v.Bearer, v.LegState = d.Leg, d.Bearer, LegStateOpening
	case LegEstablishedEvent:
		if v.LegState == LegStateBroken {
			v.wake() // until now nobody could write
		}
		v.LegState, v.Capability = LegStateEstablished, d.Capability
	case LegBrokenEvent:
		v.LegState = LegStateBroken
	case LegClosedEvent:
		v.LegState = LegStateClosed
	}
}
