package session

import (
	"time"

	"text911/engine/msrp"
)

// pending holds what is needed to answer the completing chunks of messages that wait for
// their verdict. Slots are used again, so that a steady conversation allocates none.
type pending struct {
	slots  []owed
	free   []uint32
	open   int
	octets int64
}

// owed is one response that is due after a verdict.
type owed struct {
	turn     uint32 // counts the uses of the slot; odd while in use
	idLength uint8
	id       [64]byte
	to       string // From-Path of the SEND
	message  msrp.MessageID
	length   int64
	success  bool
	failure  msrp.FailureReport
	repeated bool // other slots wait for the same message
	follower bool // a repetition: answered with the first, delivered never
}

func (o *owed) same(id []byte) bool { return string(o.id[:o.idLength]) == string(id) }

func (o *owed) inUse() bool { return o.turn&1 == 1 }

// find gives the slot of a message without verdict, or nil.
func (p *pending) find(id []byte) *owed {
	if p.open == 0 {
		return nil
	}
	for i := range p.slots {
		if o := &p.slots[i]; o.inUse() && !o.follower && string(o.message) == string(id) {
			return o
		}
	}
	return nil
}

func (p *pending) get(t Ticket) *owed {
	if int(t.slot) >= len(p.slots) || t.turn&1 == 0 {
		return nil
	}
	if o := &p.slots[t.slot]; o.turn == t.turn {
		return o
	}
	return nil
}

func (p *pending) release(slot uint32) {
	o := &p.slots[slot]
	*o = owed{turn: o.turn + 1}
	p.free = append(p.free, slot)
	p.open--
}

func (p *pending) clear() {
	for i := range p.slots {
		if p.slots[i].inUse() {
			p.release(uint32(i))
		}
	}
	p.octets = 0
}

// owe keeps what a later answer to f needs. A second one for the same message follows the
// first.
func (s *Session) owe(f *msrp.Frame, id msrp.MessageID, length int64, success bool) Ticket {
	p := &s.pending
	follower := p.find([]byte(id)) != nil
	var slot uint32
	if n := len(p.free); n > 0 {
		slot, p.free = p.free[n-1], p.free[:n-1]
	} else {
		slot = uint32(len(p.slots))
		p.slots = append(p.slots, owed{})
	}
	o := &p.slots[slot]
	o.turn++
	o.idLength = uint8(copy(o.id[:], f.ID()))
	o.to, o.message, o.length = s.intern(f.From()), id, length
	o.success, o.failure, o.follower = success, f.FailureReport, follower
	p.open++
	return Ticket{slot, o.turn}
}

// intern keeps one copy of the From-Path that nearly every frame of a session repeats.
func (s *Session) intern(from msrp.RawPath) string {
	if string(from) != s.fromRaw {
		s.fromRaw = string(from)
	}
	return s.fromRaw
}

// limitPending holds the peer back while too many verdicts are owed.
func (s *Session) limitPending() {
	over := s.conn != nil && (s.pending.open >= s.cfg.MaxPending || s.pending.octets > s.cfg.MaxMemory)
	if over == s.isBlocked || s.conn == nil {
		return
	}
	s.isBlocked = over
	if over {
		s.conn.blocked++
	} else {
		s.conn.blocked--
	}
}

// Accept says that the application has the message durably: the completing chunk is
// answered 200 and the success REPORT goes out if one was asked for. It reports false if
// the ticket is not open, for instance because the connection was lost; what the
// application has stored is then found out by repetition of the message.
func (s *Session) Accept(now time.Time, t Ticket) bool {
	o := s.pending.get(t)
	if o == nil || s.conn == nil {
		return false
	}
	id, length := o.message, o.length
	s.history.add(now, id, length, fingerprint(o.id[:o.idLength]))
	s.settle(now, t.slot, msrp.CodeOK)
	return true
}

// Reject answers the completing chunk with code; the message counts as not received and
// may come again.
func (s *Session) Reject(now time.Time, t Ticket, code int) bool {
	o := s.pending.get(t)
	if o == nil || s.conn == nil {
		return false
	}
	s.conn.stats.Refused++
	s.settle(now, t.slot, code)
	return true
}

// settle answers a slot and those that wait for the same message.
func (s *Session) settle(now time.Time, slot uint32, code int) {
	p := &s.pending
	o := p.slots[slot]
	s.answerOwed(&o, code)
	p.octets -= o.length
	p.release(slot)
	if o.repeated {
		for i := range p.slots {
			if f := &p.slots[i]; f.inUse() && f.follower && f.message == o.message {
				if f.same(o.id[:o.idLength]) {
					f.success = false // the same request again: one REPORT is enough
				}
				s.answerOwed(f, code)
				p.release(uint32(i))
			}
		}
	}
	c := s.conn
	s.limitPending()
	if c.scanner.Buffered() > 0 {
		c.process(now)
	}
}

func (s *Session) answerOwed(o *owed, code int) {
	c := s.conn
	due := o.failure == msrp.FailureYes || o.failure == msrp.FailurePartial && code != msrp.CodeOK
	to := append(c.scratch[:0], o.to...)
	c.scratch = to
	if due {
		c.urgent = msrp.AppendAnswer(c.urgent, o.id[:o.idLength], msrp.RawPath(to).First(), s.localRaw, code)
	}
	if o.success && code == msrp.CodeOK {
		c.sendReport(msrp.RawPath(to), s.localRaw, o.message, wholeMessage(o.length), msrp.CodeOK)
	}
}

func wholeMessage(length int64) msrp.ByteRange {
	return msrp.ByteRange{Start: 1, End: length, Total: length}
}

// sendReport queues a REPORT (RFC 4975 §7.1.2).
func (c *Conn) sendReport(to, from msrp.RawPath, id msrp.MessageID, rng msrp.ByteRange, code int) {
	status := msrp.Status{Code: code}
	r := msrp.Request{
		ID: c.newID(nil), Method: msrp.REPORT, To: to, From: from,
		MessageID: id, Range: &rng, Status: &status,
	}
	if out, err := msrp.AppendRequest(c.urgent, &r, nil, msrp.Complete); err == nil {
		c.urgent = out
	}
}
