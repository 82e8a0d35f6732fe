package firstparty

import (
	"time"

	"text911/callmodel"
)

// Machine is one 1PCC call. The engine makes it with New when a call is offered or replayed.
type Machine struct {
	cfg  Config
	view callmodel.View

	hold   bool   // the leg rings until somebody claims
	resume []byte // the adapter's newest state for mending

	mendUntil   time.Time // when a broken leg is given up, zero: never
	silentSince time.Time // last sign of life that counts against idling

	number   uint64 // of the newest message, both directions
	in       arrivals
	out      outgoing
	commands commands
}

var _ callmodel.Machine = (*Machine)(nil)

// New returns a machine for a call that has not been offered yet.
func New(cfg Config) *Machine { return &Machine{cfg: cfg.withDefaults()} }

// View returns the call as it stands.
func (m *Machine) View() callmodel.View { return m.view }

// Deadline says when the machine wants to be stepped with TimePassed.
func (m *Machine) Deadline() (time.Time, bool) {
	var at time.Time
	switch m.view.Phase {
	case callmodel.PhaseNew:
	case callmodel.PhaseClosed:
		if m.legOpen() {
			at = m.view.ClosedAt.Add(m.cfg.EndWait)
		}
	default:
		if m.view.LegState == callmodel.LegStateBroken {
			at = m.mendUntil
		}
		at = sooner(at, m.idleAt())
	}
	return at, !at.IsZero()
}

// idleAt is when the silence of a held call has a consequence. A call nobody holds never idles: its
// texter waits for us. Nor does one whose leg is being mended: nobody can break the silence then.
func (m *Machine) idleAt() time.Time {
	switch {
	case m.view.LegState == callmodel.LegStateBroken && !m.mendUntil.IsZero():
		return time.Time{}
	case m.view.Holder == "" || m.cfg.IdleWarning < 0 || m.cfg.IdleClose < 0:
		return time.Time{}
	case !m.view.IdleDeadline.IsZero():
		return m.view.IdleDeadline
	}
	return m.silentSince.Add(m.cfg.IdleWarning)
}

// sooner returns the earlier of two times of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// Resume is what is owed whatever was done before: it is asked for when it is not known whether the
// effects of the newest events were performed.
func (m *Machine) Resume() []callmodel.Effect {
	v := &m.view
	switch {
	case v.Phase == callmodel.PhaseNew || !m.legOpen():
		return nil
	case v.Phase == callmodel.PhaseClosed:
		return []callmodel.Effect{callmodel.EndLeg{Leg: v.Leg, Cause: *v.Cause}}
	case v.LegState == callmodel.LegStateBroken:
		return []callmodel.Effect{m.mend()}
	case v.AnsweredAt.IsZero() && m.hold && v.Holder == "":
		return []callmodel.Effect{callmodel.RingLeg{Leg: v.Leg}}
	case v.AnsweredAt.IsZero():
		return []callmodel.Effect{callmodel.AnswerLeg{Leg: v.Leg}}
	}
	var effs []callmodel.Effect
	for i := range m.out.unsent {
		if u := &m.out.unsent[i]; u.handed && m.out.stateOf(u.id) == callmodel.Queued {
			effs = append(effs, u.send(v.Leg))
		}
	}
	return effs
}

func (m *Machine) mend() callmodel.Effect {
	return callmodel.MendLeg{Leg: m.view.Leg, Bearer: m.view.Bearer, Resume: m.resume}
}

func (m *Machine) legOpen() bool {
	return m.view.Leg != "" && m.view.LegState != callmodel.LegStateClosed
}

// Apply makes a stored event part of the state.
func (m *Machine) Apply(ev callmodel.Event) {
	m.view.Apply(ev)
	m.commands.apply(ev)
	switch d := ev.Data.(type) {
	case callmodel.MessageReceived:
		m.number = max(m.number, d.Number)
		m.silentSince = ev.Time
		m.in.apply(wireKey(d.WireID, d.Message), d.Message, ev.CallSeq, &d.Content)
	case callmodel.MessageQuarantined:
		m.in.apply(wireKey(d.WireID, d.Message), d.Message, ev.CallSeq, nil)
		m.in.show(d.Message)
	case callmodel.MessageQueued:
		m.number = max(m.number, d.Number)
		m.silentSince = ev.Time
		m.in.answered()
		m.out.queue(d, m.view.LegState == callmodel.LegStateEstablished)
	case callmodel.MessageReceipt:
		if d.State == callmodel.Displayed && m.in.show(d.Message) {
			return
		}
		m.out.receipt(d.Message, d.State)
	case callmodel.CallOffered:
		m.hold = d.Hold
	case callmodel.CallClaimed, callmodel.CallExtended:
		m.silentSince = ev.Time
	case callmodel.CallAnswered:
		m.keep(d.Resume)
	case callmodel.LegOpeningEvent:
		m.keep(d.Resume)
	case callmodel.LegEstablishedEvent:
		m.keep(d.Resume)
		if !m.mendUntil.IsZero() { // mended
			m.mendUntil, m.silentSince = time.Time{}, ev.Time
		}
		m.out.hand(true)
	case callmodel.LegBrokenEvent:
		m.mendUntil = d.Until
		m.out.hand(false)
	case callmodel.LegClosedEvent:
		m.mendUntil, m.resume = time.Time{}, nil
		m.out.drop()
	}
}

func (m *Machine) keep(resume []byte) {
	if len(resume) > 0 {
		m.resume = resume
	}
}
