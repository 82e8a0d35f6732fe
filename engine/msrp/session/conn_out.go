package session

import (
	"bytes"
	"unicode/utf8"

	"text911/engine/msrp"
)

// scheduler decides whose octets go out next. Sessions take turns of Quantum octets; a
// SEND longer than that is one frame until something else waits (RFC 4975 §5.1, §7.1.1).
type scheduler struct {
	session *Session // whose turn it is
	credit  int      // octets left of the turn

	message *outgoing // with a chunk begun and not ended
	id      msrp.TransactionID
	octets  int // of the chunk's body so far

	buf []byte // octets read from a Source
}

// lookahead is how far behind a piece its end-line could begin inside the body.
const lookahead = 7 + msrp.TransactionIDLength - 1

// HasOutput reports whether AppendOutput would append something.
func (c *Conn) HasOutput() bool {
	return len(c.urgent) > 0 || c.out.message != nil || !c.lost && !c.closing && c.own.open < c.cfg.Window && c.ready(nil)
}

// AppendOutput appends what goes to the peer next: about max octets, always whole frames
// except for a message larger than Quantum, which continues in the next call unless
// something more urgent is waiting then. Responses and REPORTs come first. It may exceed
// max by one frame of up to Quantum octets of body, or by the responses that wait.
func (c *Conn) AppendOutput(dst []byte, max int) []byte {
	base := len(dst)
	for len(dst)-base < max {
		switch {
		case c.out.message != nil:
			dst = c.continueChunk(dst)
		case len(c.urgent) > 0:
			dst = c.takeUrgent(dst)
		default:
			m := c.pick()
			if m == nil {
				return dst
			}
			dst = c.begin(dst, m)
		}
	}
	return dst
}

// keepUrgent is the most room for responses that an idle connection holds on to.
const keepUrgent = 4096

func (c *Conn) takeUrgent(dst []byte) []byte {
	dst = append(dst, c.urgent...)
	if cap(c.urgent) > keepUrgent {
		c.urgent = nil
	}
	c.urgent = c.urgent[:0]
	return dst
}

// ready reports whether a session other than except has something to send.
func (c *Conn) ready(except *Session) bool {
	for _, s := range c.sessions {
		if s != except && s.next() != nil {
			return true
		}
	}
	return false
}

// pick gives the message whose turn it is, or nil.
func (c *Conn) pick() *outgoing {
	if c.lost || c.closing || c.own.open >= c.cfg.Window {
		return nil
	}
	o := &c.out
	if o.session != nil && o.credit > 0 {
		if m := o.session.next(); m != nil {
			return m
		}
	}
	first := 0
	for i, s := range c.sessions {
		if s == o.session {
			first = i + 1
		}
	}
	for i := range c.sessions {
		s := c.sessions[(first+i)%len(c.sessions)]
		if m := s.next(); m != nil {
			o.session, o.credit = s, Quantum
			return m
		}
	}
	return nil
}

// begin writes a small frame, or opens the chunk of a large message.
func (c *Conn) begin(dst []byte, m *outgoing) []byte {
	if m.broken {
		return c.abortBodiless(dst, m)
	}
	rest := m.size - m.pos
	n := int(min(rest, Quantum))
	if m.aborting {
		n = int(min(rest, 1)) // one octet is enough to carry the flag
	}
	body, err := c.peek(m, n+lookahead)
	if err != nil {
		c.sourceFailed(m)
		return dst
	}
	id := c.newID(body)
	long := rest > Quantum && !m.aborting
	rng := msrp.ByteRange{Start: m.pos + 1, End: m.pos + int64(n), Total: m.size}
	if long {
		rng.End = msrp.Unknown // RFC 4975 §7.1.1: only such a chunk may be interrupted
	}
	s := m.session
	r := msrp.Request{
		ID: id, Method: msrp.SEND, To: s.remoteRaw, From: s.localRaw, MessageID: m.id,
		SuccessReport: m.success, FailureReport: m.failure, Range: &rng, Headers: m.headers, ContentType: m.contentType,
	}
	if m.bodiless {
		dst, err = msrp.AppendRequest(dst, &r, nil, msrp.Complete)
	} else {
		dst, err = msrp.AppendHead(dst, &r)
	}
	if err != nil { // Send checked everything the encoder checks
		panic("session: queued message cannot be encoded: " + err.Error())
	}
	c.out.id, c.out.octets = id, 0
	switch {
	case m.bodiless:
		c.ended(m, msrp.Complete)
	case long:
		c.out.message = m
	default:
		dst = append(dst, body[:n]...)
		m.pos += int64(n)
		c.out.credit -= max(n, 64) // a frame is never free
		dst = c.endChunk(dst, m)
	}
	return dst
}

// abortBodiless gives up a half-sent message of which no octet is at hand.
func (c *Conn) abortBodiless(dst []byte, m *outgoing) []byte {
	s := m.session
	c.out.id = c.newID(nil)
	r := msrp.Request{
		ID: c.out.id, Method: msrp.SEND, To: s.remoteRaw, From: s.localRaw, MessageID: m.id,
		SuccessReport: m.success, FailureReport: m.failure, Range: &msrp.ByteRange{Start: 1, Total: m.size},
	}
	if out, err := msrp.AppendRequest(dst, &r, nil, msrp.Abort); err == nil {
		dst = out
	}
	c.ended(m, msrp.Abort)
	return dst
}

// continueChunk writes the next piece of the running chunk, or ends it.
func (c *Conn) continueChunk(dst []byte) []byte {
	m := c.out.message
	if m.aborting || c.closing || c.out.octets >= Quantum && c.interrupted(m) {
		return c.endChunk(dst, m)
	}
	n := int(min(m.size-m.pos, Quantum))
	body, err := c.peek(m, n+lookahead)
	if err != nil {
		c.sourceFailed(m)
		return c.endChunk(dst, m)
	}
	// RFC 4975 §7.1: the body must not hold its own end-line; what would is sent under
	// another id.
	clash := msrp.IndexEndLine(body, c.out.id)
	if clash >= 0 && clash < n {
		n = clash
	} else {
		clash = -1
		if m.text && m.pos+int64(n) < m.size {
			n = wholeRunes(body, n)
		}
	}
	dst = append(dst, body[:n]...)
	m.pos += int64(n)
	c.out.octets += n
	if clash >= 0 || m.pos == m.size {
		return c.endChunk(dst, m)
	}
	return dst
}

// interrupted reports whether something waits that a running chunk must give way to.
func (c *Conn) interrupted(m *outgoing) bool {
	if len(c.urgent) > 0 {
		return true
	}
	return c.own.open < c.cfg.Window-1 && (c.ready(m.session) || m.session.next() != m)
}

// endChunk writes the end-line of the chunk that is under way.
func (c *Conn) endChunk(dst []byte, m *outgoing) []byte {
	flag := msrp.More
	switch {
	case m.aborting:
		flag = msrp.Abort
	case m.pos == m.size:
		flag = msrp.Complete
	}
	dst = msrp.AppendEnd(dst, c.out.id, flag)
	c.ended(m, flag)
	return dst
}

// ended keeps the books after a frame went out whole.
func (c *Conn) ended(m *outgoing, flag msrp.Flag) {
	c.stats.FramesOut++
	if c.out.message != nil {
		c.out.message, c.out.credit = nil, 0
	}
	c.own.add(c.out.id, m)
	s := m.session
	if flag == msrp.More {
		return
	}
	m.written = true
	s.dequeue(m)
	if flag == msrp.Complete && m.failure != msrp.FailureYes && !m.final {
		s.tell(m, Sent, 0)
		m.accepted = true
		if !m.success {
			s.settleOwn(m)
		}
	}
}

// peek gives up to n octets of the message from where it is.
func (c *Conn) peek(m *outgoing, n int) ([]byte, error) {
	n = int(min(int64(n), m.size-m.pos))
	if m.source == nil {
		return m.body[m.pos : m.pos+int64(n)], nil
	}
	if cap(c.out.buf) < n {
		c.out.buf = make([]byte, Quantum+lookahead)
	}
	buf := c.out.buf[:n]
	if got, err := m.source.ReadAt(buf, m.pos); got < n {
		return nil, err
	}
	return buf, nil
}

// sourceFailed gives up a message whose octets cannot be read.
func (c *Conn) sourceFailed(m *outgoing) {
	m.session.tell(m, Failed, 0)
	m.session.settleOwn(m)
	m.broken = true
}

// wholeRunes moves a cut back to the end of a character, since some peers decode chunk by
// chunk.
func wholeRunes(body []byte, n int) int {
	for back := 0; back < utf8.UTFMax-1 && n-back > 0; back++ {
		if utf8.RuneStart(body[n-back]) {
			return n - back
		}
	}
	return n
}

// newID makes a transaction id that no request under way has and that body does not hold.
func (c *Conn) newID(body []byte) msrp.TransactionID {
	for {
		id := c.ids.TransactionID()
		if c.own.holds(id) || c.owedTo(id) || len(body) > lookahead && bytes.Contains(body, hyphens) && msrp.HoldsEndLine(body, id) {
			continue
		}
		return id
	}
}

var hyphens = []byte("-------")

// owedTo reports whether the peer waits for a response under that id.
func (c *Conn) owedTo(id msrp.TransactionID) bool {
	for _, s := range c.sessions {
		if s.pending.open == 0 {
			continue
		}
		for i := range s.pending.slots {
			if o := &s.pending.slots[i]; o.inUse() && string(o.id[:o.idLength]) == string(id) {
				return true
			}
		}
	}
	return false
}
