package sdpmsrp

// Result is the outcome of one offer/answer exchange.
type Result struct {
	// SDP is the answer to send; nil when an answer was read.
	SDP []byte
	// Streams are the MSRP streams that live after the exchange, by slot.
	Streams []Stream
	// Unchanged is true when the peer's o= is the one of its last description:
	// nothing changed, though an offer is answered all the same.
	Unchanged bool
	// Refused are the MSRP lines that cannot be used, with their Fault. Lines
	// the peer itself ended with port 0 are not among them.
	Refused []Section
	// Quirks are the deviations that were tolerated.
	Quirks Quirks
}

// Stream is one negotiated MSRP session.
type Stream struct {
	// Slot is the index of its m= line.
	Slot int
	// Local and Remote are the two descriptions. Remote's direction is already
	// limited to what the own one allows, and the other way round.
	Local, Remote *Media
	// Role says whether the own side connects and sends first.
	Role Role
	// KeepListening asks to leave the listener open beside an own connection.
	KeepListening bool
	// KeepConnection is true when both paths are those of the exchange before:
	// a live connection stays, whatever a=setup says.
	KeepConnection bool
	// CEMA is true when c=/m= and not the path say where to connect.
	CEMA bool
	// Host and Port are where an active own side connects to.
	Host string
	Port int
	// Reoffer asks for a new offer without CEMA (RFC 6714 §4.2).
	Reoffer bool
	// ownRelay is true when the own next hop is an own relay.
	ownRelay bool
}

// MaySend reports whether user payload may be started now (RFC 4975 §8.9).
func (s *Stream) MaySend() bool { return s.Local.Direction.Sends() && s.Remote.Direction.Receives() }

// OnHold reports whether the peer holds the stream by its connection address.
func (s *Stream) OnHold() bool { return s.Remote.OnHold }

// WrapsCPIM reports whether instant messages go out wrapped in message/cpim.
func (s *Stream) WrapsCPIM() bool { return s.Remote.AcceptTypes.PrefersCPIM() }

// PeerFingerprints are those the next hop's certificate must match; nil means
// the certificate is checked by chain and name. Fingerprints are end to end, so
// they say nothing about a relay (RFC 6135 §4.3).
func (s *Stream) PeerFingerprints() Fingerprints {
	if s.ownRelay || usesRelay(s.Remote.Path) {
		return nil
	}
	return s.Remote.Fingerprints
}

// Answer makes the answer to an offer read with Parse. The first of lines is
// the own side of the first MSRP line that is live and usable, and so on; lines
// without own parameters are answered with port 0. When no stream would live
// and the offer meant one to, the error is an *Error with the code to answer,
// and what was in force stays so.
func (n *Negotiation) Answer(offer *Description, lines ...Params) (*Result, error) {
	r := &Result{Unchanged: n.remote != nil && offer.Origin != "" && n.remote.Origin == offer.Origin,
		Quirks: append(Quirks(nil), offer.Quirks...)}
	for i := range lines {
		if err := lines[i].check(); err != nil {
			return nil, err
		}
	}
	common := &Params{}
	if len(lines) > 0 {
		common = &lines[0]
	}
	var slots []ownSlot
	var fault *Error
	next := 0
	for i := range offer.Sections {
		section := offer.Sections[i]
		slot := refusedSlot(&section, common)
		if m := section.Media; m != nil && m.Live() && section.Fault == nil {
			section.Fault = n.initialFault(&section)
		}
		if m := section.Media; m != nil && section.Fault == nil && m.Live() && next < len(lines) {
			own := &lines[next]
			next++
			var stream *Stream
			if stream, section.Fault = n.accept(&section, own, r); stream != nil {
				slot = newSlot(i, own, stream.Local)
				r.Streams = append(r.Streams, *stream)
			}
		}
		if section.Fault != nil {
			r.Refused = append(r.Refused, section)
			if fault == nil {
				fault = section.Fault
			}
		}
		slots = append(slots, slot)
	}
	if len(r.Streams) == 0 && (fault != nil || n.remote == nil) {
		if fault == nil {
			fault = refuse(warnMediaTypeNotAvailable, "no MSRP stream to accept")
		}
		return nil, fault
	}
	if len(slots) < len(n.slots) {
		return nil, refuse(warnMiscellaneous, "media lines of the last description are missing")
	}
	text, err := n.render(slots)
	if err != nil {
		return nil, err
	}
	n.adopt(text, slots)
	n.remote = offer
	r.SDP = text
	return r, nil
}

// initialFault refuses a stream that starts on hold with nowhere to connect to
// (RFC 3264 §8.4 allows that only for a stream that already lives).
func (n *Negotiation) initialFault(s *Section) *Error {
	if before := n.slotBefore(s.Index); before != nil && before.live != nil {
		return nil
	}
	if hostUnspecified(s.Media.Path[0].Host) {
		return refuse(warnIncompatibleProtocol, "path has no usable host").at(s.slot.line)
	}
	return nil
}

func (n *Negotiation) slotBefore(i int) *ownSlot {
	if i < len(n.slots) {
		return &n.slots[i]
	}
	return nil
}

// accept settles roles, types and direction of one offered stream.
func (n *Negotiation) accept(s *Section, own *Params, r *Result) (*Stream, *Error) {
	offer := s.Media
	fail := func(warning int, text string) (*Stream, *Error) { return nil, refuse(warning, text).at(s.slot.line) }
	if own.secure() != offer.Secure() {
		return fail(warnIncompatibleProtocol, "transport protocol not offered here")
	}
	local := own.media()
	if !local.AcceptTypes.shares(offer.AcceptTypes) {
		return fail(warnIncompatibleFormat, "no common media type")
	}
	if offer.File != nil && own.File == nil {
		return fail(warnIncompatibleFormat, "file transfer not wanted")
	}
	var ok bool
	if local.Setup, ok = answerSetup(offer.Setup, own.Situation); !ok {
		return fail(warnIncompatibleProtocol, "no side can connect")
	}
	role := roleOf(local.Setup)
	cema, fault := n.cfg.cemaAnswer(offer, own, role, &r.Quirks)
	if fault != nil {
		return nil, fault.at(s.slot.line)
	}
	local.CEMA = cema
	local.Direction = within(offer.Direction, local.Direction)
	if offer.File != nil {
		if offer.Direction.Sends() {
			local.File = offer.File.pushAnswer()
		} else {
			local.File = own.File
		}
	}
	stream := n.stream(s.Index, local, offer, own, role)
	if cema && role == RoleActive {
		stream.CEMA, stream.Host, stream.Port = true, offer.Host, offer.Port
	}
	return stream, nil
}

// stream puts one negotiated session together; an active side connects to the
// leftmost path URI of the peer (RFC 4975 §8.2).
func (n *Negotiation) stream(slot int, local, remote *Media, own *Params, role Role) *Stream {
	s := &Stream{Slot: slot, Local: local, Remote: remote, Role: role,
		Host: remote.Path[0].Host, Port: int(remote.Path[0].Port), ownRelay: own.Relay}
	before, beforeRemote := n.slotBefore(slot), n.remoteBefore(slot)
	s.KeepConnection = before != nil && before.live != nil && beforeRemote != nil &&
		before.live.Path.Equal(local.Path) && beforeRemote.Path.Equal(remote.Path) &&
		(!remote.Secure() || beforeRemote.Fingerprints.equal(remote.Fingerprints))
	return s
}

func (n *Negotiation) remoteBefore(slot int) *Media {
	if n.remote == nil || slot >= len(n.remote.Sections) {
		return nil
	}
	if s := n.remote.Sections[slot]; s.Fault == nil && s.Media != nil && s.Media.Live() {
		return s.Media
	}
	return nil
}

// ParseAnswer reads the answer to the last Offer. When no stream lives although
// the offer had one, the error is an *Error; the exchange is over either way
// and the own offer is in force.
func (n *Negotiation) ParseAnswer(answer []byte) (*Result, error) {
	if n.offered == nil {
		return nil, ErrNoOffer
	}
	d, err := Parse(answer, n.cfg.Options)
	if err != nil {
		return nil, err
	}
	if len(d.Sections) != len(n.offered) {
		return nil, refuse(warnMiscellaneous, "answer has another number of media lines than the offer")
	}
	r := &Result{Unchanged: n.remote != nil && d.Origin != "" && n.remote.Origin == d.Origin, Quirks: d.Quirks}
	var fault *Error
	wanted := false
	for i := range d.Sections {
		section, own := d.Sections[i], n.offered[i].live
		if own == nil {
			continue
		}
		wanted = true
		if section.Media == nil && section.Fault == nil {
			section.Fault = refuse(warnMediaTypeNotAvailable, "answer changes the medium").at(section.slot.line)
		}
		var stream *Stream
		if section.Fault == nil && section.Media.Live() {
			stream, section.Fault = n.taken(&section, own, n.offeredParams[i], r)
		}
		if stream != nil {
			r.Streams = append(r.Streams, *stream)
			continue
		}
		if section.Fault != nil {
			r.Refused = append(r.Refused, section)
			fault = section.Fault
		}
		n.offered[i].live = nil
	}
	n.adopt(n.offeredSDP, n.offered)
	n.remote = d
	if wanted && len(r.Streams) == 0 {
		if fault == nil {
			fault = refuse(warnMediaTypeNotAvailable, "the peer refused every MSRP stream")
		}
		return r, fault
	}
	return r, nil
}

// taken settles one stream of an own offer by its answer.
func (n *Negotiation) taken(s *Section, own *Media, p *Params, r *Result) (*Stream, *Error) {
	answer := s.Media
	if answer.Transport != own.Transport {
		return nil, refuse(warnIncompatibleProtocol, "answer changes the transport protocol").at(s.slot.line)
	}
	if hostUnspecified(answer.Path[0].Host) {
		if before := n.remoteBefore(s.Index); before == nil {
			return nil, refuse(warnIncompatibleProtocol, "path has no usable host").at(s.slot.line)
		}
	}
	outcome := offererRole(own.Setup, answer.Setup, p.Situation, int(answer.Path[0].Port))
	if outcome.role == RoleNone {
		return nil, refuse(warnIncompatibleProtocol, "both sides want to connect and neither listens").at(s.slot.line)
	}
	if allowed := within(own.Direction, answer.Direction); allowed != answer.Direction {
		r.Quirks.add(QuirkDirection)
		limited := *answer
		limited.Direction = allowed
		answer = &limited
	}
	local := *own
	local.Direction = within(answer.Direction, own.Direction)
	stream := n.stream(s.Index, &local, answer, p, outcome.role)
	stream.KeepListening = outcome.keepListening
	stream.Reoffer = n.cfg.cemaReoffer(p, answer, outcome.role)
	if n.cfg.CEMA && answer.CEMA && outcome.role == RoleActive {
		stream.CEMA, stream.Host, stream.Port = true, answer.Host, answer.Port
	}
	return stream, nil
}
