package msrp

// scanBody looks for the end of a body: CRLF, seven hyphens, the frame's own id, a flag,
// CRLF. Nothing shorter or different ends it (RFC 4975 §7.1). The search starts at the
// empty line's own CRLF, because some peers let an empty body share it.
func (s *Scanner) scanBody() (ok, progress bool) {
	for {
		at := findEnd(s.data, s.scan, s.pattern)
		if at < 0 {
			s.scan = max(s.scan, len(s.data)-len(s.pattern)+1)
			return s.bodyNeedsMore()
		}
		rest := s.data[at+len(s.pattern):]
		if len(rest) > 0 && !Flag(rest[0]).valid() || len(rest) > 1 && rest[1] != '\r' || len(rest) > 2 && rest[2] != '\n' {
			s.scan = at + len(crlf) // the next CRLF cannot begin earlier
			continue
		}
		if len(rest) > 2 {
			return s.endBody(at, at+len(s.pattern)+3, Flag(rest[0]))
		}
		s.scan = at
		if s.ended && len(rest) > 0 && s.profile == Lenient {
			s.quirks[QuirkMissingLineEnd]++
			return s.endBody(at, len(s.data), Flag(rest[0]))
		}
		return s.bodyNeedsMore()
	}
}

// findEnd finds pattern (CRLF, seven hyphens, id) in data[from:], or gives -1. The hyphens
// are what to look for: a run of seven covers every seventh octet, so six of seven octets
// of an ordinary body are never touched, and no choice of body or id makes it slow. A
// search for the whole pattern stops at every line end of a text, one for the id wherever
// the peer likes.
func findEnd(data []byte, from int, pattern []byte) int {
	const run = len(hyphens)
	first := from + len(crlf)
	for j := first + run - 1; j < len(data); j += run {
		if data[j] != '-' {
			continue
		}
		a, b := j, j+1
		for a > first && data[a-1] == '-' {
			a--
		}
		for b < len(data) && data[b] == '-' {
			b++
		}
		at := a - len(crlf)
		if b-a == run && len(data)-at >= len(pattern) && data[at] == '\r' && data[at+1] == '\n' &&
			string(data[b:at+len(pattern)]) == string(pattern[len(crlf)+run:]) {
			return at
		}
		j = b - 1 // data[b] is no hyphen
	}
	return -1
}

// endBody ends the frame whose body ends before data[at].
func (s *Scanner) endBody(at, end int, flag Flag) (ok, progress bool) {
	f := &s.frame
	if at < s.body && !s.released { // the end-line follows the empty line directly
		at = s.body
		if f.contentType.b == 0 {
			return s.endBlank(end, flag)
		}
	} else if at == s.body && !s.released && f.contentType.b == 0 {
		return s.endBlank(end, flag)
	}
	f.First = !s.released
	if f.First {
		f.head = s.data[:f.headers.b]
		s.checkBody()
	}
	f.HasBody = !f.Response
	if s.skip || f.Fault != nil || f.Response {
		s.skipped += int64(at - s.body)
		s.limitControlBody()
		f.Body = nil
		return s.finish(end, flag)
	}
	f.Body = s.data[s.body:at:at]
	s.skipped += int64(len(f.Body))
	if f.Method != SEND {
		s.limitControlBody()
	}
	return s.finish(end, flag)
}

// endBlank ends a frame that has an empty line but neither Content-Type nor octets.
func (s *Scanner) endBlank(end int, flag Flag) (ok, progress bool) {
	f := &s.frame
	f.head, f.First = s.data[:f.headers.b], true
	if !f.Response {
		s.deviation(QuirkBlankLine, "empty line in bodiless frame")
	}
	s.checkBodiless()
	return s.finish(end, flag)
}

// limitControlBody refuses a body of another request than SEND that is too long
// (RFC 4975 §7.1).
func (s *Scanner) limitControlBody() {
	if !s.frame.Response && s.frame.Method != SEND && s.skipped > int64(s.limits.ControlBody) {
		s.fault("body too long")
	}
}

// bodyNeedsMore hands out or throws away what is certainly body when it is enough to be
// worth it. data[s.scan:] may still belong to the end-line.
func (s *Scanner) bodyNeedsMore() (ok, progress bool) {
	f := &s.frame
	n := s.scan - s.body
	if n < minPiece {
		return false, false
	}
	if f.Method != SEND && !f.Response && !s.skip && n <= s.limits.ControlBody {
		return false, false // a short body stays whole
	}
	if !s.released {
		s.head = append(s.head[:0], s.data[:f.headers.b]...)
		f.head = s.head
		s.checkBody()
		s.skip = f.Response || f.Method != SEND || f.Fault != nil
		f.First = true
		s.released = true
	} else {
		f.First = false
	}
	s.skipped += int64(n)
	s.drop = s.scan
	if s.skip {
		s.limitControlBody()
		s.release()
		s.body = 0
		return false, false
	}
	f.Body, f.HasBody = s.data[s.body:s.scan:s.scan], true
	s.body = s.scan
	return true, true
}
