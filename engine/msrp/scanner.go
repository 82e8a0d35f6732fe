package msrp

import "bytes"

// Scanner turns the octets of one connection into frames. Give it octets with Write in
// any cut, then call Next until it asks for more:
//
//	s.Write(p)
//	for {
//		f, ok, err := s.Next()
//		if err != nil { /* the peer broke the protocol: close */ }
//		if !ok { break } // more octets needed
//		...
//	}
//
// Every octet is searched once: what was looked at is remembered across writes.
type Scanner struct {
	profile Profile
	limits  Limits
	state   scanState
	ended   bool // the peer closed its side
	err     error
	quirks  Quirks

	data     []byte // unread octets; the frame being read starts at data[0] until its head moved
	own      []byte // storage of data unless borrowed
	borrowed bool   // data is a slice of the caller's
	drop     int    // octets of data behind the frame last handed out

	line  int // start of the line being read, in data
	scan  int // where the search goes on, in data
	body  int // start of the unread body, in data
	stray int // line ends skipped since the last frame

	released bool // octets of the body have left data
	skip     bool // the body is thrown away
	skipped  int64
	head     []byte // head of a frame whose body no longer starts behind it
	pattern  []byte // CRLF, hyphens and id of the frame being read
	okTo     []byte // the To-Path that was last found valid, and From-Path
	okFrom   []byte
	frame    Frame
}

type scanState uint8

const (
	atStart scanState = iota
	inHead
	inBody
)

// keepStorage is the most storage an idle scanner holds on to.
const keepStorage = 4096

// NewScanner makes a scanner for one connection.
func NewScanner(p Profile, l Limits) *Scanner {
	return &Scanner{profile: p, limits: l.withDefaults()}
}

// Write adds octets. The scanner reads p in place: p must stay unchanged until Next has
// returned ok == false or Keep has been called.
func (s *Scanner) Write(p []byte) {
	s.release()
	if s.err != nil {
		s.data, s.own = nil, nil // nobody will read on
		return
	}
	if len(s.data) == 0 {
		s.data, s.borrowed = p, true
		return
	}
	s.store(p)
}

// Keep copies what is still unread of the last Write, so that its slice may be reused
// although Next has not been drained. It ends the validity of the last Frame.
func (s *Scanner) Keep() {
	s.release()
	if s.borrowed {
		s.store(nil)
	}
}

// store moves data into own storage and appends p.
func (s *Scanner) store(p []byte) {
	need := len(s.data) + len(p)
	switch {
	case !s.borrowed && cap(s.data) >= need:
	case cap(s.own) >= need:
		s.data = s.own[:copy(s.own[:need], s.data)]
	default:
		grown := make([]byte, len(s.data), max(need+need/4, 512))
		copy(grown, s.data)
		s.own, s.data = grown, grown
	}
	s.borrowed = false
	s.data = append(s.data, p...)
}

// End tells the scanner that the peer closed its side. Next then gives a frame whose last
// line end is missing (Lenient), an error for a frame cut short, or ok == false.
func (s *Scanner) End() { s.ended = true }

// Next gives the next frame, or the next piece of a large one. ok is false when more
// octets are needed. An error means that the peer broke the protocol beyond repair; it
// stays.
func (s *Scanner) Next() (f *Frame, ok bool, err error) {
	s.release()
	for s.err == nil {
		var progress bool
		switch s.state {
		case atStart:
			progress = s.scanStart()
		case inHead:
			ok, progress = s.scanHead()
		case inBody:
			ok, progress = s.scanBody()
		}
		if ok {
			return &s.frame, true, nil
		}
		if !progress {
			break
		}
	}
	if s.err == nil && s.ended && (len(s.data) > 0 || s.state != atStart) {
		s.err = badRequest("frame cut short")
	}
	if s.borrowed && len(s.data) > 0 {
		s.store(nil)
	}
	if len(s.data) == 0 && cap(s.own) > keepStorage {
		s.own = nil
	}
	return nil, false, s.err
}

// Progress reports what the scanner is in the middle of, for the clocks that end slow
// peers.
func (s *Scanner) Progress() Progress {
	switch {
	case s.state == inBody:
		return InBody
	case s.state == inHead || len(s.data) > s.drop:
		return InHead
	}
	return Idle
}

// Buffered is the number of octets held that no frame has taken yet.
func (s *Scanner) Buffered() int { return len(s.data) - s.drop }

// Quirks gives the deviations tolerated so far.
func (s *Scanner) Quirks() Quirks { return s.quirks }

// Progress is what a Scanner is in the middle of.
type Progress uint8

// The three kinds of progress.
const (
	Idle   Progress = iota
	InHead          // a start line or header section has begun
	InBody          // a body has begun
)

// release forgets what the last Next handed out.
func (s *Scanner) release() {
	if s.drop == 0 {
		return
	}
	n := s.drop
	s.drop = 0
	s.data = s.data[n:]
	s.line -= n
	s.scan -= n
	s.body -= n
}

// finish hands the frame out complete; the next one starts at data[end].
func (s *Scanner) finish(end int, flag Flag) (ok, progress bool) {
	f := &s.frame
	f.Flag, f.Last = flag, true
	s.drop, s.line, s.scan = end, end, end
	s.state, s.stray, s.released, s.skip, s.skipped = atStart, 0, false, false, 0
	if f.Response && (f.Fault != nil || flag != Complete) {
		s.quirks[QuirkResponseDropped]++ // RFC 4975 §7.2: a response is complete or it is none
		s.release()
		return false, true
	}
	if f.Fault != nil || f.Response {
		f.First, f.Body = true, nil
	}
	return true, true
}

// giveUp hands out a frame whose head is over a limit, as far as it is known; nothing
// after it can be read.
func (s *Scanner) giveUp(fault string) (ok, progress bool) {
	f := &s.frame
	s.err = badRequest(fault)
	if f.Response {
		return false, false
	}
	f.head, f.headers.b = s.data, uint32(s.line)
	f.Fault, f.Final, f.First, f.Last, f.Flag = badRequest(fault), true, true, true, Complete
	s.checkPaths()
	return true, true
}

func (s *Scanner) scanStart() (progress bool) {
	const magic = "MSRP "
	d := s.data
	if len(d) > 0 && d[0] == '\r' {
		return s.skipStray()
	}
	if n := min(len(d), len(magic)); string(d[:n]) != magic[:n] {
		s.err = badRequest("start line")
		return false
	}
	i := bytes.IndexByte(d[s.scan:], '\n')
	if i < 0 {
		s.scan = len(d)
		if len(d) > s.limits.StartLine+1 {
			s.err = badRequest("start line too long")
		}
		return false
	}
	end := s.scan + i
	if end-1 > s.limits.StartLine {
		s.err = badRequest("start line too long")
		return false
	}
	if d[end-1] != '\r' || !s.startLine(d[:end-1]) {
		s.err = badRequest("start line")
		return false
	}
	s.line, s.scan = end+1, end+1
	s.state = inHead
	return true
}

// skipStray takes one CRLF between frames.
func (s *Scanner) skipStray() (progress bool) {
	if len(s.data) < 2 && !s.ended {
		return false
	}
	if s.profile == Strict || s.stray == maxStrayCRLF || !bytes.HasPrefix(s.data, crlf) {
		s.err = badRequest("octets between frames")
		return false
	}
	s.stray++
	s.quirks[QuirkStrayLineEnd]++
	s.data, s.line, s.scan = s.data[2:], 0, 0
	return true
}

// startLine reads "MSRP id method" or "MSRP id code [comment]" (RFC 4975 §9). It returns
// false if not even the id can be used. Only the third token tells a response from a
// request.
func (s *Scanner) startLine(line []byte) bool {
	const idStart = len("MSRP ")
	n := bytes.IndexByte(line[idStart:], ' ')
	if n < 0 {
		return false
	}
	id := line[idStart : idStart+n]
	if !validIdent(id, minIdent, maxIdent) {
		if s.profile == Strict || !validIdent(id, minIdentLenient, maxIdentLenient) {
			return false
		}
		s.quirks[QuirkTransactionID]++
	}
	f := &s.frame
	*f = Frame{headers: span{uint32(len(line) + 2), uint32(len(line) + 2)}}
	f.id = span{uint32(idStart), uint32(idStart + n)}
	third := idStart + n + 1
	rest := line[third:]
	word := rest
	if sp := bytes.IndexByte(rest, ' '); sp >= 0 {
		word = rest[:sp]
		f.comment = span{uint32(third + sp + 1), uint32(len(line))}
	}
	s.pattern = append(append(append(s.pattern[:0], '\r', '\n'), hyphens...), id...)
	if code, ok := threeDigits(word); ok {
		f.Response, f.Code = true, code
		return true
	}
	s.method(word, len(word) == len(rest))
	return true
}

func (s *Scanner) method(word []byte, alone bool) {
	f := &s.frame
	switch string(word) {
	case "SEND":
		f.Method = SEND
	case "REPORT":
		f.Method = REPORT
	default:
		f.Method = Method(word)
	}
	switch {
	case len(word) == 0 || !alone || !validText(word):
		s.fault("request line")
	case !allOf(word, classUpper) && s.profile == Strict:
		s.fault("method is not a token of upper-case letters")
	case !allOf(word, classUpper):
		s.quirks[QuirkMethodToken]++
	}
}

// fault marks the frame; the first fault is the one that is told.
func (s *Scanner) fault(text string) {
	if s.frame.Fault == nil {
		s.frame.Fault = badRequest(text)
	}
}

// deviation counts a quirk in Lenient and is a fault in Strict.
func (s *Scanner) deviation(q Quirk, text string) {
	if s.profile == Strict {
		s.fault(text)
		return
	}
	s.quirks[q]++
}
