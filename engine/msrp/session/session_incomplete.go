package session

import (
	"slices"
	"time"

	"text911/engine/msrp"
)

// reserve asks all three caps for memory.
func (s *Session) reserve(n int64) bool {
	c := s.conn
	if s.memory+s.pending.octets+n > s.cfg.MaxMemory || c.memory+n > c.cfg.MaxMemory {
		return false
	}
	if s.cfg.Reserve != nil && n > 0 && !s.cfg.Reserve(n) {
		return false
	}
	s.memory += n
	c.memory += n
	return true
}

func (s *Session) release(n int64) {
	if n == 0 {
		return
	}
	s.memory -= n
	if s.conn != nil {
		s.conn.memory -= n
	}
	if s.cfg.Reserve != nil {
		s.cfg.Reserve(-n)
	}
}

// find gives the incomplete message of that id, or nil.
func (s *Session) find(id []byte) *assembly {
	for _, a := range s.open {
		if string(a.id) == string(id) {
			return a
		}
	}
	return nil
}

// drop frees an incomplete message.
func (s *Session) drop(a *assembly) {
	if i := slices.Index(s.open, a); i >= 0 {
		s.open = slices.Delete(s.open, i, i+1)
		s.release(a.held)
	}
}

// partial ends an incomplete message and shows what came of its beginning, if it is text:
// half a call for help is worth more than none.
func (s *Session) partial(a *assembly, why PartialReason) {
	s.drop(a)
	media := mediaType(a.contentType)
	body := a.prefix()
	if len(body) == 0 && len(a.pieces) > 0 {
		body = a.pieces[0].data // the beginning is missing, not the words
	}
	if !isText(media) || len(body) == 0 {
		return
	}
	s.conn.event(Event{Kind: EventPartial, Session: s, MessageID: a.id, ContentType: a.contentType, Body: body, Partial: why})
}

// expire ends a message whose next chunk does not come. Its chunks were answered 200, so
// the sender believes in them until a failure REPORT says what was thrown away; the end of
// the range is what was received, whatever was announced (RFC 4975 §7.1.4).
func (s *Session) expire(a *assembly) {
	c := s.conn
	if c.in.message == a {
		c.in.discard = true
	}
	a.join()
	if a.failure != msrp.FailureNo && len(a.pieces) > 0 {
		p := a.pieces[0]
		rng := msrp.ByteRange{Start: p.first, End: p.end() - 1, Total: a.length}
		c.sendReport(msrp.RawPath(a.from), s.localRaw, a.id, rng, msrp.CodeStop)
	}
	s.history.refuse(a.id, msrp.CodeStop)
	s.partial(a, Expired)
}

// dropIncoming ends everything that is half received or waits for a verdict.
func (s *Session) dropIncoming(now time.Time) {
	for len(s.open) > 0 && s.conn != nil {
		s.partial(s.open[0], Cut)
	}
	s.pending.clear()
	s.limitPending()
}
