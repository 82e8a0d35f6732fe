package session

import (
	"time"

	"text911/engine/msrp"
)

// receive handles a piece of a SEND for this session (RFC 4975 §7.3.1).
func (s *Session) receive(now time.Time, f *msrp.Frame, in *incoming) {
	if f.First && f.Last && !f.HasBody {
		s.receiveBodiless(now, f)
		return
	}
	if f.First {
		if code := s.begin(now, f, in); code != 0 {
			s.refuseMessage(f, in, code)
			return
		}
	}
	in.octets += int64(len(f.Body))
	switch {
	case in.silent != notRepeated:
	case in.message == nil: // whole, in one piece
		s.receiveWhole(now, f, in)
		return
	default:
		if code := s.collect(now, f, in); code != 0 {
			s.refuseMessage(f, in, code)
			return
		}
	}
	if f.Last {
		s.endChunk(now, f, in)
	}
}

// receiveBodiless answers what only binds or keeps alive, and the abort of a message whose
// sender had no octet left to put into its last chunk.
func (s *Session) receiveBodiless(now time.Time, f *msrp.Frame) {
	if f.Flag == msrp.Abort {
		if a := s.find(f.MessageID()); a != nil {
			s.partial(a, Aborted)
		}
	}
	s.answer(f, msrp.CodeOK)
}

func (s *Session) answer(f *msrp.Frame, code int) {
	if f.FailureReport == msrp.FailureYes {
		s.conn.urgent = msrp.AppendReply(s.conn.urgent, f, s.localRaw, code)
	}
}

// refuseMessage answers with an error as soon as it is known, throws the rest of the chunk
// away, and remembers the message so that its other chunks get the same answer.
func (s *Session) refuseMessage(f *msrp.Frame, in *incoming, code int) {
	if a := s.find(f.MessageID()); a != nil && code != codeNoRange {
		s.drop(a)
	}
	if code == codeNoRange {
		code = msrp.CodeBadRequest
	} else if f.Flag != msrp.Complete || !f.Last {
		s.history.refuse(msrp.MessageID(f.MessageID()), code)
	}
	in.discard = true
	s.conn.refuse(f, s.localRaw, code)
}

// codeNoRange is 400 for a later chunk without Byte-Range: the chunk is refused, the
// message stays.
const codeNoRange = -1

// begin checks the first piece of a chunk and finds what it belongs to. It returns the
// code to refuse it with, or 0.
func (s *Session) begin(now time.Time, f *msrp.Frame, in *incoming) int {
	id := f.MessageID()
	in.start = 1
	total := msrp.Unknown
	if f.HasRange {
		in.start, total = f.Range.Start, f.Range.Total
	}
	if _, ok := s.history.find(now, id); ok {
		in.silent = repeatDone
		return 0
	}
	if s.pending.find(id) != nil {
		in.silent = repeatPending
		return 0
	}
	if code := s.history.refusedCode(id); code != 0 {
		return code
	}
	media, ok := s.acceptable(f.ContentType())
	if !ok {
		return msrp.CodeUnsupportedMedia
	}
	if total > s.cfg.MaxMessage || in.start-1 > s.cfg.MaxMessage {
		return msrp.CodeStop
	}
	a := s.find(id)
	if a != nil {
		switch {
		case !f.HasRange:
			return codeNoRange
		case mediaType(a.contentType) != media:
			return msrp.CodeBadRequest
		}
	}
	if f.Last && f.Flag == msrp.Complete && in.start == 1 {
		if a != nil {
			s.drop(a) // RFC 4975 §7.3.1: a whole message needs nothing of what came before
		}
		return 0
	}
	if a == nil {
		a = &assembly{id: msrp.MessageID(id), contentType: string(f.ContentType()), length: msrp.Unknown, total: total, from: s.intern(f.From())}
		s.open = append(s.open, a)
	}
	a.last, a.failure = now, f.FailureReport
	a.success = a.success || f.SuccessReport
	in.message = a
	return 0
}

// acceptable matches a content type with what was announced. The last one is remembered.
func (s *Session) acceptable(contentType []byte) (media string, ok bool) {
	if string(contentType) == s.acceptRaw && s.acceptRaw != "" {
		return s.acceptType, true
	}
	raw := string(contentType)
	media = mediaType(raw)
	if !accepts(s.cfg.AcceptTypes, media) {
		return media, false
	}
	s.acceptRaw, s.acceptType = raw, media
	return media, true
}

// acceptableInside matches the type inside a container (RFC 4975 §8.6).
func (s *Session) acceptableInside(media string, body []byte) bool {
	if media != typeCPIM || s.cfg.WrappedType == nil {
		return true
	}
	inner, ok := s.cfg.WrappedType(body)
	if !ok {
		return true // the application shows what it can
	}
	inner = mediaType(inner)
	return accepts(s.cfg.AcceptTypes, inner) || len(s.cfg.AcceptWrappedTypes) > 0 && accepts(s.cfg.AcceptWrappedTypes, inner)
}

// collect puts octets into the message. It returns the code to refuse it with, or 0.
func (s *Session) collect(now time.Time, f *msrp.Frame, in *incoming) int {
	a := in.message
	a.last = now
	first := in.start + in.octets - int64(len(f.Body))
	if in.start-1 > s.cfg.MaxMessage-in.octets {
		return msrp.CodeStop
	}
	body := f.Body
	if a.length != msrp.Unknown {
		keep := max(0, min(int64(len(body)), a.length-first+1))
		s.conn.stats.BeyondEnd += uint64(int64(len(body)) - keep)
		body = body[:keep]
	}
	if !s.reserve(int64(len(body))) {
		return msrp.CodeStop
	}
	grown, ok := a.put(first, body)
	s.release(int64(len(body)) - grown)
	if !ok {
		return msrp.CodeStop
	}
	return 0
}

// endChunk handles the end-line of a chunk of a longer or repeated message.
func (s *Session) endChunk(now time.Time, f *msrp.Frame, in *incoming) {
	if f.HasRange && f.Range.End != msrp.Unknown && f.Range.End != in.start+in.octets-1 {
		s.conn.stats.RangeMismatch++
	}
	if in.silent != notRepeated {
		s.endRepeat(now, f, in)
		return
	}
	a := in.message
	switch f.Flag {
	case msrp.Abort:
		s.partial(a, Aborted)
	case msrp.Complete:
		if a.length == msrp.Unknown { // the first last chunk fixes the length
			beyond := a.fix(in.start + in.octets - 1)
			s.conn.stats.BeyondEnd += uint64(beyond)
			s.release(beyond)
			if a.total != msrp.Unknown && a.total != a.length {
				s.conn.stats.RangeMismatch++
			}
		}
	}
	if body, ok := a.complete(); ok && f.Flag != msrp.Abort {
		s.drop(a)
		s.deliver(now, f, a.id, a.contentType, body, a.success)
		return
	}
	if len(s.open) > s.cfg.MaxIncomplete && s.find(f.MessageID()) != nil {
		s.refuseMessage(f, in, msrp.CodeStop) // a message that came whole never counts
		return
	}
	s.answer(f, msrp.CodeOK)
}

// receiveWhole handles a message that came in one piece.
func (s *Session) receiveWhole(now time.Time, f *msrp.Frame, in *incoming) {
	if f.HasRange && (f.Range.End != msrp.Unknown && f.Range.End != in.octets || f.Range.Total != msrp.Unknown && f.Range.Total != in.octets) {
		s.conn.stats.RangeMismatch++
	}
	if in.octets > s.cfg.MaxMessage {
		s.refuseMessage(f, in, msrp.CodeStop)
		return
	}
	body := make([]byte, len(f.Body))
	copy(body, f.Body)
	s.deliver(now, f, msrp.MessageID(f.MessageID()), s.acceptRaw, body, f.SuccessReport)
}

// deliver hands a complete message to the application. Its last chunk stays unanswered
// until the verdict.
func (s *Session) deliver(now time.Time, f *msrp.Frame, id msrp.MessageID, contentType string, body []byte, success bool) {
	media := s.acceptType
	if contentType != s.acceptRaw {
		media = mediaType(contentType)
	}
	switch media {
	case typeHeartbeat:
		s.answer(f, msrp.CodeOK)
		return
	case typeComposing:
		s.answer(f, msrp.CodeOK)
		s.conn.event(Event{Kind: EventComposing, Session: s, MessageID: id, ContentType: contentType, Body: body})
		return
	}
	if !s.acceptableInside(media, body) {
		s.conn.refuse(f, s.localRaw, msrp.CodeUnsupportedMedia)
		return
	}
	t := s.owe(f, id, int64(len(body)), success)
	s.pending.octets += int64(len(body))
	s.limitPending()
	s.conn.event(Event{
		Kind: EventMessage, Session: s, MessageID: id, ContentType: contentType, Body: body,
		Ticket: t, SuccessReport: success,
	})
}

// endRepeat answers the last octets of a chunk whose message the application has already,
// or has to decide on.
func (s *Session) endRepeat(now time.Time, f *msrp.Frame, in *incoming) {
	if f.Flag != msrp.Complete {
		s.answer(f, msrp.CodeOK)
		return
	}
	id := f.MessageID()
	if in.silent == repeatPending {
		if first := s.pending.find(id); first != nil {
			if first.same(f.ID()) {
				s.conn.stats.RepeatedTransactions++
			}
			first.repeated = true
			s.owe(f, first.message, first.length, f.SuccessReport)
			s.limitPending()
			return
		}
	}
	d, known := s.history.find(now, id)
	if !known { // rejected, or forgotten, while this copy was coming in
		s.conn.refuse(f, s.localRaw, msrp.CodeStop)
		return
	}
	if beyond := in.start + in.octets - 1 - d.length; beyond > 0 {
		s.conn.stats.BeyondEnd += uint64(min(beyond, in.octets))
	}
	s.answer(f, msrp.CodeOK)
	if d.transaction == fingerprint(f.ID()) {
		s.conn.stats.RepeatedTransactions++ // the same request again: the same answer again
		return
	}
	s.conn.stats.RepeatedMessages++
	if f.SuccessReport {
		length := max(d.length, in.start+in.octets-1)
		s.conn.sendReport(f.From(), s.localRaw, msrp.MessageID(id), wholeMessage(length), msrp.CodeOK)
	}
	s.conn.event(Event{Kind: EventRepeat, Session: s, MessageID: msrp.MessageID(id)})
}
