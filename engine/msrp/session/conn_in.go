package session

import (
	"crypto/subtle"
	"time"

	"text911/engine/msrp"
)

// incoming is the SEND being received, across its pieces.
type incoming struct {
	session *Session
	message *assembly
	start   int64 // position of the chunk's first octet
	octets  int64 // received of this chunk
	discard bool  // answered with an error: the rest is thrown away
	silent  int   // 200 is due at the end although the body is thrown away: see repeat kinds
}

// What a chunk of an already complete message is.
const (
	notRepeated = iota
	repeatDone
	repeatPending
)

// frame handles one frame, or one piece of a large SEND.
func (c *Conn) frame(now time.Time, f *msrp.Frame) {
	if f.Last {
		c.stats.FramesIn++
	}
	switch {
	case f.Response:
		c.response(now, f)
	case f.Method == msrp.REPORT:
		c.report(now, f)
	case f.Fault != nil:
		c.refuseFaulty(f)
	case f.Method == msrp.SEND:
		c.send(now, f)
	default: // RFC 4975 §12: an endpoint knows no other method
		if s, code := c.bound(f.To()); code != 0 {
			c.refuse(f, f.To().First(), code)
		} else {
			c.refuse(f, s.localRaw, msrp.CodeUnknownMethod)
		}
	}
}

// refuseFaulty answers a frame that could not be understood. Without To-Path the answer
// can only come from a session that is bound here; else the connection is not worth keeping.
func (c *Conn) refuseFaulty(f *msrp.Frame) {
	own := f.To().First()
	if len(own) == 0 && len(c.sessions) > 0 {
		own = c.sessions[0].localRaw
	}
	if len(own) == 0 || len(f.From()) == 0 && len(c.sessions) == 0 {
		c.fail("request without usable paths")
		return
	}
	c.refuse(f, own, f.Fault.Code)
}

// refuse answers with an error unless the sender does not want to know (RFC 4975 §7.2).
func (c *Conn) refuse(f *msrp.Frame, own msrp.RawPath, code int) {
	c.stats.Refused++
	if f.Method != msrp.SEND || f.FailureReport != msrp.FailureNo {
		c.urgent = msrp.AppendReply(c.urgent, f, own, code)
	}
	if c.bad++; c.cfg.Incoming && len(c.sessions) == 0 && c.bad >= maxBadRequests {
		c.fail("too many requests for no session")
	}
}

// send handles a piece of a SEND.
func (c *Conn) send(now time.Time, f *msrp.Frame) {
	if f.First {
		c.in = incoming{}
		s, code := c.find(now, f)
		if code != 0 {
			c.in.discard = true
			c.refuse(f, f.To().First(), code)
			return
		}
		c.in.session = s
		s.active = now
	}
	if c.in.discard || c.in.session == nil {
		return
	}
	if c.in.session.conn != c { // ended while its chunk was coming in
		c.in.discard = true
		c.refuse(f, c.in.session.localRaw, msrp.CodeNoSession)
		return
	}
	c.in.session.receive(now, f, &c.in)
}

// find gives the session that the request is for, binding it if this is its first request
// (RFC 4975 §5.4, §7.3).
func (c *Conn) find(now time.Time, f *msrp.Frame) (*Session, int) {
	s, code := c.bound(f.To())
	if code == 0 || c.cfg.Sessions == nil || f.To().Count() != 1 {
		return s, code
	}
	to, err := f.To().Parse(c.cfg.Profile)
	if err != nil {
		return nil, code
	}
	if s, code = c.cfg.Sessions.Claim(to[0].Key()); code != 0 {
		return nil, code
	}
	if s.ended || !c.mayBind(s, f) {
		c.cfg.Sessions.Release(s)
		return nil, msrp.CodeNoSession
	}
	c.bind(now, s)
	return s, 0
}

// mayBind compares From-Path with what the peer announced. Lenient lets a mismatch pass:
// whoever knows the session-id knows the secret, and middleboxes change addresses.
func (c *Conn) mayBind(s *Session, f *msrp.Frame) bool {
	if len(s.remote) == 0 {
		return true
	}
	from, err := f.From().Last().Parse(c.cfg.Profile)
	if err == nil && from[0].Equal(s.remote[len(s.remote)-1]) {
		return true
	}
	c.stats.PathMismatch++
	return c.cfg.Profile == msrp.Lenient
}

// bound gives the session on this connection that a To-Path names. The To-Path of the last
// frame is remembered as it stood, so that a conversation compares octets once a frame.
func (c *Conn) bound(to msrp.RawPath) (*Session, int) {
	if c.recent != nil && subtle.ConstantTimeCompare(to, c.recentTo) == 1 {
		return c.recent, 0
	}
	if to.Count() != 1 {
		return nil, msrp.CodeNoSession
	}
	path, err := to.Parse(c.cfg.Profile)
	if err != nil {
		return nil, msrp.CodeNoSession
	}
	key := path[0].Key()
	for _, s := range c.sessions {
		if s.key.Equal(key) {
			c.recent, c.recentTo = s, append(c.recentTo[:0], to...)
			return s, 0
		}
	}
	return nil, msrp.CodeNoSession
}

// forget ends the binding of a session.
func (c *Conn) forget(s *Session) {
	for i, other := range c.sessions {
		if other == s {
			c.sessions = append(c.sessions[:i:i], c.sessions[i+1:]...)
			break
		}
	}
	if c.recent == s {
		c.recent = nil
	}
	if c.out.session == s {
		c.out.session, c.out.credit = nil, 0
	}
	if s.isBlocked {
		s.isBlocked = false
		c.blocked--
	}
	s.conn = nil
}
