package firstparty

import (
	"bytes"
	"time"

	"text911/callmodel"
)

// Every transition of a 1PCC call is in this file, which is long for that reason: what a call does is
// understood from one place or not at all.
//
//	                     LegOffered
//	       (new) ───────────────────────► queued ◄─────────────────────┐
//	                                        │ ClaimRequested           │
//	                   leg not answered yet │ leg answered already     │ ReleaseRequested
//	                  ┌─────────────────────┴───────────┐              │ (taker, or lease expired)
//	                  ▼            LegAnswered          ▼              │
//	               claimed ──────────────────────────► active ─────────┤
//	                  └────────────────────────────────────────────────┘
//	   queued, claimed, active ── LegEnded ──────────────► closed   by texter, network … (before any
//	                                                                claim: abandoned)
//	                           ── TimePassed, not mended ► closed   by network  ┐ EndLeg; leg.closed
//	   claimed, active         ── TimePassed, silence ───► closed   by timeout  │ follows
//	                           ── CloseRequested ────────► closed   by taker    ┘
//	   leg never answered      ── Restarted ─────────────► closed   by engine
//
//	leg:  opening ── LegEstablished ──► established ── LegBroken, Restarted ──► broken
//	         │                            ▲                                       │
//	         │ LegEnded, Restarted        └───────────── LegEstablished ──────────┤
//	         ▼                                                                    │
//	       closed ◄── LegEnded (from any state), EndWait over after the close ────┘
//
// Who may do what in which phase (r: refused with the code):
//
//	                   new            queued        claimed, active     closed
//	LegOffered         offer          already_exists                    already_exists
//	leg inputs         unknown_call   done          done                done; a leg that comes up is ended
//	MessageArrived     unknown_call   recorded      recorded            recorded, late
//	MessageProgress    unknown_call   receipt       receipt             receipt
//	location           unknown_call   recorded      recorded            ignored
//	ClaimRequested     unknown_call   claim         holder: anew        call_closed
//	                                                others: already_claimed
//	Release, Reply,
//	Typing, Extend,
//	Close              unknown_call   not_claimed   holder with fence   call_closed
//	Note               unknown_call   recorded      recorded            call_closed
//	Shown              unknown_call   receipt       receipt             receipt
//	TimePassed         unknown_call   what is due   what is due         leg given up
//	Restarted          unknown_call   leg broken, or call closed        leg closed
//	anything else      unexpected everywhere

// facts collects what a step decides.
type facts struct {
	by       *callmodel.CommandRef
	events   []callmodel.Event
	effects  []callmodel.Effect
	legEnded bool // leg.closed is among events
}

func (f *facts) add(d callmodel.EventData) {
	f.events = append(f.events, callmodel.Event{Command: f.by, Data: d})
}

func (f *facts) do(e callmodel.Effect) { f.effects = append(f.effects, e) }

// Step decides what follows from in.
func (m *Machine) Step(now time.Time, in callmodel.Input) ([]callmodel.Event, []callmodel.Effect, error) {
	var f facts
	if by, ok := commandOf(in); ok && by.ID != "" {
		if err := m.commands.check(now, by); err != nil {
			return nil, nil, err
		}
		cause := by // a copy of its own, so that other inputs need no allocation
		f.by = &cause
	}
	var err error
	switch m.view.Phase {
	case callmodel.PhaseNew:
		err = m.unborn(&f, in)
	case callmodel.PhaseQueued:
		err = m.queued(&f, now, in)
	case callmodel.PhaseClaimed, callmodel.PhaseActive:
		err = m.held(&f, now, in)
	case callmodel.PhaseClosed:
		err = m.over(&f, now, in)
	}
	if err != nil {
		return nil, nil, err
	}
	return f.events, f.effects, nil
}

// unborn: nothing was offered yet.
func (m *Machine) unborn(f *facts, in callmodel.Input) error {
	switch in := in.(type) {
	case callmodel.LegOffered:
		return m.offer(f, in)
	default:
		return callmodel.Refuse(callmodel.CodeUnknownCall, "the call was never offered")
	}
}

// queued: offered, nobody has it.
func (m *Machine) queued(f *facts, now time.Time, in callmodel.Input) error {
	switch in := in.(type) {
	case callmodel.ClaimRequested:
		return m.claim(f, now, in)
	case callmodel.ReleaseRequested:
		if in.Reason == reasonLeaseExpired {
			return nil // the claim it speaks of is gone already
		}
		return notClaimed()
	case callmodel.ReplyRequested, callmodel.TypingRequested, callmodel.ExtendRequested, callmodel.CloseRequested:
		return notClaimed()
	default:
		return m.open(f, now, in)
	}
}

// held: a taker has it. Claimed and active differ only in whether the leg was answered.
func (m *Machine) held(f *facts, now time.Time, in callmodel.Input) error {
	switch in := in.(type) {
	case callmodel.ClaimRequested:
		if in.By.Agent != m.view.Holder {
			return callmodel.Refuse(callmodel.CodeAlreadyTaken, "another taker has the call")
		}
		f.add(callmodel.CallReleased{Agent: m.view.Holder, Fence: m.view.Fence, Reason: reasonSuperseded})
		return m.claim(f, now, in)
	case callmodel.ReleaseRequested:
		return m.release(f, in)
	case callmodel.ReplyRequested:
		return m.reply(f, in)
	case callmodel.TypingRequested:
		return m.typing(f, in)
	case callmodel.ExtendRequested:
		if err := m.mayAct(in.By, in.Fence); err != nil {
			return err
		}
		f.add(callmodel.CallExtended{Agent: in.By.Agent, Until: m.silentUntil(now)})
		return nil
	case callmodel.CloseRequested:
		if err := m.mayAct(in.By, in.Fence); err != nil {
			return err
		}
		if in.Reason != "" && !isWord(in.Reason) {
			return invalid("the reason is not a word")
		}
		m.close(f, callmodel.ByTaker, callmodel.Cause{Class: callmodel.ClassNormal, Reason: orWord(in.Reason, "closed")})
		return nil
	default:
		return m.open(f, now, in)
	}
}

// open is what happens to every call that is not closed, held or not.
func (m *Machine) open(f *facts, now time.Time, in callmodel.Input) error {
	switch in := in.(type) {
	case callmodel.LegOffered:
		return callmodel.Refuse(callmodel.CodeAlreadyExists, "the call has its leg")
	case callmodel.LegAnswered:
		return m.answered(f, in)
	case callmodel.LegEstablished:
		return m.established(f, in)
	case callmodel.LegBroken:
		return m.broken(f, now, in)
	case callmodel.LegEnded:
		return m.ended(f, in)
	case callmodel.MessageArrived:
		return m.arrived(f, now, in)
	case callmodel.MessageBad:
		return m.bad(f, in)
	case callmodel.MessageProgress:
		return m.progress(f, in)
	case callmodel.TypingSeen:
		if in.Leg != m.view.Leg {
			return unknownLeg()
		}
		f.add(callmodel.TypingChanged{From: callerID, Role: callmodel.RoleCaller, On: in.On})
		return nil
	case callmodel.LocationFound:
		f.add(callmodel.LocationUpdated(in))
		return nil
	case callmodel.LocationNotFound:
		f.add(callmodel.LocationFailed(in))
		return nil
	case callmodel.ShownRequested:
		return m.shown(f, in)
	case callmodel.NoteRequested:
		if in.Text == "" || in.By.Agent == "" {
			return invalid("a note needs a text and an author")
		}
		if len(in.Text) > m.cfg.MaxContent {
			return tooLarge()
		}
		f.add(callmodel.NoteAdded{Agent: in.By.Agent, Text: in.Text})
		return nil
	case callmodel.TimePassed:
		m.timePassed(f, now)
		return nil
	case callmodel.Restarted:
		m.restarted(f, now)
		return nil
	default:
		return callmodel.Refuse(callmodel.CodeUnexpected, "not an input of a first-party call")
	}
}

// over: the call is closed. Its leg may still be ending, its texter's last words still on the way.
func (m *Machine) over(f *facts, now time.Time, in callmodel.Input) error {
	switch in := in.(type) {
	case callmodel.LegOffered:
		return callmodel.Refuse(callmodel.CodeAlreadyExists, "the call had its leg")
	case callmodel.LegAnswered:
		return m.ghost(f, in.Leg)
	case callmodel.LegEstablished:
		return m.ghost(f, in.Leg)
	case callmodel.LegEnded:
		if in.Leg != m.view.Leg {
			return unknownLeg()
		}
		if m.legOpen() {
			m.legClosed(f, in.Cause)
		}
		return nil
	case callmodel.MessageArrived:
		return m.arrived(f, now, in)
	case callmodel.MessageBad:
		return m.bad(f, in)
	case callmodel.MessageProgress:
		return m.progress(f, in)
	case callmodel.ShownRequested:
		return m.shown(f, in)
	case callmodel.TimePassed:
		if at, ok := m.Deadline(); ok && !now.Before(at) {
			m.legClosed(f, callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "end_not_confirmed"})
		}
		return nil
	case callmodel.Restarted:
		if m.legOpen() {
			m.legClosed(f, callmodel.Cause{Class: callmodel.ClassOurs, Reason: "restart"})
		}
		return nil
	case callmodel.LegBroken, callmodel.TypingSeen, callmodel.LocationFound, callmodel.LocationNotFound:
		return nil // it no longer matters
	case callmodel.ReleaseRequested:
		if in.Reason == reasonLeaseExpired {
			return nil
		}
		return callClosed()
	case callmodel.ClaimRequested, callmodel.ReplyRequested, callmodel.TypingRequested,
		callmodel.NoteRequested, callmodel.ExtendRequested, callmodel.CloseRequested:
		return callClosed()
	default:
		return callmodel.Refuse(callmodel.CodeUnexpected, "not an input of a first-party call")
	}
}

// offer opens the call. A leg that is not to ring is answered at once, so that texts are accepted,
// stored and shown while the call is queued.
func (m *Machine) offer(f *facts, in callmodel.LegOffered) error {
	if in.Leg == "" || in.Offer.PSAP == "" || in.Offer.Bearer == "" {
		return invalid("an offer names its PSAP, bearer and leg")
	}
	offer := m.bounded(in.Offer)
	offer.Mode = callmodel.FirstParty
	f.add(offer)
	f.add(callmodel.LegOpeningEvent{Leg: in.Leg, Bearer: offer.Bearer, Resume: in.Resume})
	f.add(callmodel.ParticipantJoined{Participant: callerID, Role: callmodel.RoleCaller})
	f.add(callmodel.CallQueued{Queue: in.Queue, Reason: "offered"})
	if offer.Hold {
		f.do(callmodel.RingLeg{Leg: in.Leg})
	} else {
		f.do(callmodel.AnswerLeg{Leg: in.Leg})
	}
	return nil
}

// claim gives the call to a taker. The fence is the call_seq of the claim itself, so that it only
// ever rises.
func (m *Machine) claim(f *facts, now time.Time, in callmodel.ClaimRequested) error {
	if in.By.Agent == "" || in.Lease < 0 {
		return invalid("a claim names its agent and a lease that is not negative")
	}
	fence := callmodel.Fence(m.view.CallSeq + uint64(len(f.events)) + 1)
	f.add(callmodel.CallClaimed{
		Agent: in.By.Agent, Position: in.Position, Fence: fence, Until: now.Add(or(in.Lease, m.cfg.Lease)),
	})
	if m.view.Holder == "" {
		f.add(callmodel.ParticipantJoined{Participant: takerID(in.By.Agent), Role: callmodel.RoleTaker, Agent: in.By.Agent})
	}
	if m.view.AnsweredAt.IsZero() && m.hold {
		f.do(callmodel.AnswerLeg{Leg: m.view.Leg})
	}
	return nil
}

// release puts the call back into the queue. The lease clock speaks for a fence, not for an agent;
// what it says of an older claim is late, not wrong.
func (m *Machine) release(f *facts, in callmodel.ReleaseRequested) error {
	queued, reason := "released", orWord(in.Reason, "by_taker")
	if in.Reason == reasonLeaseExpired {
		if in.Fence != m.view.Fence {
			return nil
		}
		queued = reasonLeaseExpired
	} else if err := m.mayAct(in.By, in.Fence); err != nil {
		return err
	}
	if !isWord(reason) {
		return invalid("the reason is not a word")
	}
	f.add(callmodel.CallReleased{Agent: m.view.Holder, Fence: m.view.Fence, Reason: reason})
	f.add(callmodel.ParticipantLeft{Participant: takerID(m.view.Holder), Role: callmodel.RoleTaker})
	f.add(callmodel.CallQueued{Queue: m.view.Queue, Reason: queued})
	return nil
}

// reply takes a text of the taker into the log. It is sent now, or when the leg comes up or is whole
// again.
func (m *Machine) reply(f *facts, in callmodel.ReplyRequested) error {
	if err := m.mayAct(in.By, in.Fence); err != nil {
		return err
	}
	if !m.legOpen() {
		return callmodel.Refuse(callmodel.CodeLegNotReady, "the leg has ended")
	}
	if err := m.sendable(in.Message, in.Content); err != nil {
		return err
	}
	q := callmodel.MessageQueued{
		Message: in.Message, Number: m.number + 1, Leg: m.view.Leg,
		From: takerID(in.By.Agent), Agent: in.By.Agent, Content: in.Content,
	}
	f.add(q)
	if m.view.LegState == callmodel.LegStateEstablished {
		f.do(callmodel.SendMessage{Leg: q.Leg, Message: q.Message, From: q.From, Content: q.Content})
	}
	return nil
}

// typing cannot wait, so it needs a leg that is up.
func (m *Machine) typing(f *facts, in callmodel.TypingRequested) error {
	if err := m.mayAct(in.By, in.Fence); err != nil {
		return err
	}
	if m.view.LegState != callmodel.LegStateEstablished {
		return callmodel.Refuse(callmodel.CodeLegNotReady, "the leg is not established")
	}
	f.add(callmodel.TypingChanged{From: takerID(in.By.Agent), Role: callmodel.RoleTaker, Agent: in.By.Agent, On: in.On})
	f.do(callmodel.SendTyping{Leg: m.view.Leg, On: in.On})
	return nil
}

func (m *Machine) answered(f *facts, in callmodel.LegAnswered) error {
	if in.Leg != m.view.Leg {
		return unknownLeg()
	}
	if m.view.AnsweredAt.IsZero() {
		f.add(callmodel.CallAnswered(in))
	}
	return nil
}

// established: texts can pass, for the first time or again. What waits is sent, in order and with
// the ids it had; what the far side now says it cannot take has failed.
func (m *Machine) established(f *facts, in callmodel.LegEstablished) error {
	if in.Leg != m.view.Leg {
		return unknownLeg()
	}
	if m.view.LegState == callmodel.LegStateEstablished {
		known := len(in.Resume) == 0 || bytes.Equal(in.Resume, m.resume)
		if known && sameCapability(in.Capability, m.view.Capability) {
			return nil
		}
		f.add(callmodel.LegEstablishedEvent(in))
		return nil
	}
	f.add(callmodel.LegEstablishedEvent(in))
	for i := range m.out.unsent {
		u := &m.out.unsent[i]
		if code := fits(in.Capability, u.content); code != "" {
			f.add(callmodel.MessageReceipt{Message: u.id, State: callmodel.Failed,
				Cause: &callmodel.Cause{Class: callmodel.ClassTheirs, Reason: string(code)}})
			continue
		}
		f.do(u.send(in.Leg))
	}
	return nil
}

// broken: the connection is gone, the dialog is not. What was handed on without a confirmation is
// unknown until the leg is mended.
func (m *Machine) broken(f *facts, now time.Time, in callmodel.LegBroken) error {
	switch {
	case in.Leg != m.view.Leg:
		return unknownLeg()
	case m.view.LegState == callmodel.LegStateBroken:
		return nil
	case m.view.AnsweredAt.IsZero():
		return callmodel.Refuse(callmodel.CodeUnexpected, "a leg that was not answered cannot break, only end")
	}
	m.breakLeg(f, now, in.Cause)
	return nil
}

func (m *Machine) breakLeg(f *facts, now time.Time, cause callmodel.Cause) {
	e := callmodel.LegBrokenEvent{Leg: m.view.Leg, Cause: cause}
	if m.cfg.MendWait > 0 {
		e.Until = now.Add(m.cfg.MendWait)
	}
	f.add(e)
	m.inDoubt(f, cause)
	f.do(m.mend())
}

// inDoubt gives a receipt for every message that was handed on and never confirmed.
func (m *Machine) inDoubt(f *facts, cause callmodel.Cause) {
	for i := range m.out.unsent {
		if u := &m.out.unsent[i]; u.handed && m.out.stateOf(u.id) != callmodel.Unknown {
			f.add(callmodel.MessageReceipt{Message: u.id, State: callmodel.Unknown, Cause: &cause})
		}
	}
}

// ended: the far side hung up (also before the answer, and also at the same moment as a claim), the
// leg could not be opened, or it could not be mended.
func (m *Machine) ended(f *facts, in callmodel.LegEnded) error {
	if in.Leg != m.view.Leg {
		return unknownLeg()
	}
	by := in.By
	if by == "" {
		by = callmodel.ByNetwork
	}
	m.legClosed(f, in.Cause)
	m.close(f, by, in.Cause)
	return nil
}

// legClosed ends the leg in the record, and says of every message that was on its way what is known:
// nothing if it was handed on, failure if it never was.
func (m *Machine) legClosed(f *facts, cause callmodel.Cause) {
	f.legEnded = true
	f.add(callmodel.LegClosedEvent{Leg: m.view.Leg, Cause: cause})
	for i := range m.out.unsent {
		u := &m.out.unsent[i]
		state := m.out.stateOf(u.id)
		switch {
		case state == callmodel.Unknown:
		case u.handed:
			f.add(callmodel.MessageReceipt{Message: u.id, State: callmodel.Unknown, Cause: &cause})
		default:
			f.add(callmodel.MessageReceipt{Message: u.id, State: callmodel.Failed, Cause: &cause})
		}
	}
}

// close ends the call. A leg that is still there is told to end; that it has ended comes later.
func (m *Machine) close(f *facts, by callmodel.By, cause callmodel.Cause) {
	f.add(callmodel.CallClosed{By: by, Cause: cause, Abandoned: m.view.ClaimedAt.IsZero(), Agent: m.view.Holder})
	if !f.legEnded && m.legOpen() {
		f.do(callmodel.EndLeg{Leg: m.view.Leg, Cause: cause})
	}
}

// ghost: a leg came up after the call was closed, because the answer and the end crossed. If its end
// was recorded already it must be ended again; otherwise EndLeg is under way.
func (m *Machine) ghost(f *facts, leg callmodel.LegID) error {
	if leg != m.view.Leg {
		return unknownLeg()
	}
	if !m.legOpen() {
		f.do(callmodel.EndLeg{Leg: leg, Cause: *m.view.Cause})
	}
	return nil
}

// arrived: a text of the texter's. It is recorded in every phase, also after the close; the same
// message again from the wire is a repeat, the same words in a new message are marked.
func (m *Machine) arrived(f *facts, now time.Time, in callmodel.MessageArrived) error {
	if in.Leg != m.view.Leg {
		return unknownLeg()
	}
	if in.Message == "" || in.Content.ContentType == "" {
		return invalid("a message has an id and a content type")
	}
	if contentSize(in.Content) > m.cfg.MaxContent {
		return tooLarge()
	}
	if rep := m.in.find(wireKey(in.WireID, in.Message)); rep != nil {
		return rep
	}
	claimed := sane(in.Claimed)
	late := !claimed.IsZero() && now.Sub(claimed) > lateAfter
	f.add(callmodel.MessageReceived{
		Message: in.Message, Number: m.number + 1, Leg: in.Leg, From: callerID,
		Content: in.Content, WireID: in.WireID, Claimed: claimed,
		Late:      late || m.view.Phase == callmodel.PhaseClosed,
		Duplicate: m.in.repeats(&in.Content),
	})
	return nil
}

// bad: content that could not be taken in is kept for the administrator, once.
func (m *Machine) bad(f *facts, in callmodel.MessageBad) error {
	if in.Leg != m.view.Leg {
		return unknownLeg()
	}
	if in.Message == "" {
		return invalid("a message has an id")
	}
	if contentSize(in.Content) > m.cfg.MaxContent {
		return tooLarge()
	}
	if rep := m.in.find(wireKey(in.WireID, in.Message)); rep != nil {
		return rep
	}
	f.add(callmodel.MessageQuarantined{
		Message: in.Message, Leg: in.Leg, WireID: in.WireID, Cause: in.Cause, Content: in.Content,
	})
	return nil
}

// progress: what became of a reply. News that is older than what is known is passed over.
func (m *Machine) progress(f *facts, in callmodel.MessageProgress) error {
	if in.Leg != m.view.Leg {
		return unknownLeg()
	}
	state := m.out.stateOf(in.Message)
	if state == "" {
		return callmodel.Refuse(callmodel.CodeUnknownItem, "no such message was sent lately")
	}
	if follows(state, in.State) {
		f.add(callmodel.MessageReceipt{Message: in.Message, State: in.State, Cause: in.Cause})
	}
	return nil
}

// shown: somebody has a text on screen. The first time counts.
func (m *Machine) shown(f *facts, in callmodel.ShownRequested) error {
	if in.By.Agent == "" {
		return invalid("a line is shown to somebody")
	}
	known, before := m.in.seen(in.Message)
	if !known {
		return callmodel.Refuse(callmodel.CodeUnknownItem, "no such message arrived lately")
	}
	if !before {
		f.add(callmodel.MessageReceipt{Message: in.Message, State: callmodel.Displayed, Agent: in.By.Agent})
	}
	return nil
}

// timePassed: what is due of the deadlines of an open call.
func (m *Machine) timePassed(f *facts, now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case m.view.LegState == callmodel.LegStateBroken && due(m.mendUntil):
		m.close(f, callmodel.ByNetwork, callmodel.Cause{Class: callmodel.ClassUnknown, Reason: "not_mended"})
	case !due(m.idleAt()):
	case m.view.IdleDeadline.IsZero():
		f.add(callmodel.CallIdleWarning{Deadline: now.Add(m.cfg.IdleClose)})
	default:
		m.close(f, callmodel.ByTimeout, callmodel.Cause{Class: callmodel.ClassNormal, Reason: "idle"})
	}
}

// restarted: the connections of the former process are gone. An answered leg is mended. A leg that
// still rang cannot be: its transaction died with the process, the network will give it up or offer
// it again as a new call, and nobody should claim a ghost. What it had received stays. A leg that was
// broken before is waited for anew: while we were away nobody could mend it.
func (m *Machine) restarted(f *facts, now time.Time) {
	cause := callmodel.Cause{Class: callmodel.ClassOurs, Reason: "restart"}
	switch {
	case m.view.AnsweredAt.IsZero():
		m.legClosed(f, cause)
		m.close(f, callmodel.ByEngine, cause)
	default:
		m.breakLeg(f, now, cause)
	}
}
