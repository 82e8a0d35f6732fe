package msrp

import "bytes"

// scanHead reads header lines until the section or the frame ends. Positions are kept
// relative to the frame's first octet, so that data may move between writes.
func (s *Scanner) scanHead() (ok, progress bool) {
	for {
		i := bytes.IndexByte(s.data[s.scan:], '\n')
		if i < 0 {
			s.scan = len(s.data)
			return s.headNeedsMore()
		}
		nl := s.scan + i
		s.scan = nl + 1
		if over := s.overLimit(nl - 1); over != "" {
			return s.giveUp(over)
		}
		if nl == s.line || s.data[nl-1] != '\r' {
			continue // a lone LF ends nothing; as part of a value it is a fault
		}
		line := s.data[s.line : nl-1]
		if len(line) == 0 {
			s.endHead(s.line)
			s.body, s.scan = nl+1, nl-1 // the body's end may share this CRLF
			s.state = inBody
			return false, true
		}
		if line[0] == '-' {
			if flag, at := s.endLine(line); flag != 0 {
				end := nl + 1
				if at < len(line) {
					end = s.line + at // the next frame follows without CRLF
				}
				return s.endBodiless(end, flag)
			}
		}
		s.headerLine(line)
		s.line = nl + 1
		if s.frame.count > s.limits.Headers {
			return s.giveUp("too many headers")
		}
	}
}

// overLimit tells if the header line that reaches to end is too long, alone or with those
// before it. What may be the end-line counts for its own length only.
func (s *Scanner) overLimit(end int) string {
	switch {
	case end-s.line > s.limits.HeaderLine:
		return "header line too long"
	case end-int(s.frame.headers.a) > s.limits.HeaderSection && end > s.line && s.data[s.line] != '-':
		return "header section too long"
	}
	return ""
}

func (s *Scanner) headNeedsMore() (ok, progress bool) {
	end := len(s.data)
	if end > s.line && s.data[end-1] == '\r' {
		end-- // may be half of the line end
	}
	if over := s.overLimit(end); over != "" {
		return s.giveUp(over)
	}
	if s.ended && s.line < len(s.data) && s.profile == Lenient {
		if flag, at := s.endLine(s.data[s.line:end]); flag != 0 && at == end-s.line {
			s.quirks[QuirkMissingLineEnd]++
			return s.endBodiless(len(s.data), flag)
		}
	}
	return false, false
}

// endLine recognises seven hyphens, the frame's own id and a flag. at is where the end-line
// ends in line: earlier than the line if the next frame follows directly (Lenient).
func (s *Scanner) endLine(line []byte) (flag Flag, at int) {
	mark := s.pattern[len(crlf):]
	if len(line) <= len(mark) || !bytes.HasPrefix(line, mark) {
		return 0, 0
	}
	flag, at = Flag(line[len(mark)]), len(mark)+1
	if !flag.valid() {
		return 0, 0
	}
	if at == len(line) {
		return flag, at
	}
	if s.profile == Lenient && bytes.HasPrefix(line[at:], []byte("MSRP ")) {
		s.quirks[QuirkMissingLineEnd]++
		return flag, at
	}
	return 0, 0
}

func (s *Scanner) endBodiless(end int, flag Flag) (ok, progress bool) {
	f := &s.frame
	s.endHead(s.line)
	f.head, f.First = s.data[:s.line], true
	if f.contentType.b != 0 && !f.Response {
		s.deviation(QuirkNoBodyPart, "content type without body")
	}
	s.checkBodiless()
	return s.finish(end, flag)
}

// endHead closes the header section, which ends before data[end].
func (s *Scanner) endHead(end int) {
	s.frame.headers.b = uint32(end)
	s.frame.head = s.data[:end]
	s.checkPaths()
}

// headerLine reads one header.
func (s *Scanner) headerLine(line []byte) {
	f := &s.frame
	f.count++
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		s.fault("header without name")
		return
	}
	known := knownHeader(line[:colon])
	if known == headerOther && !validHeaderName(line[:colon]) {
		s.fault("header name")
		return
	}
	value := line[colon+1:]
	if len(value) > 0 && value[0] == ' ' && (len(value) == 1 || value[1] != ' ' && value[1] != '\t') {
		value = value[1:]
	} else {
		value = trimBlanks(value)
		s.deviation(QuirkHeaderSpace, "not one space after colon")
	}
	if f.contentType.b != 0 && !f.afterContentType {
		f.afterContentType = true
		s.deviation(QuirkContentTypeOrder, "content type is not the last header")
	}
	if known == headerOther {
		if !validText(value) {
			s.fault("header value")
		}
		return
	}
	if f.seen&(1<<known) != 0 {
		s.fault("header repeated")
		return
	}
	f.seen |= 1 << known
	a := uint32(s.line + len(line) - len(value))
	s.knownHeader(known, value, span{a, a + uint32(len(value))})
}

func (s *Scanner) knownHeader(h header, value []byte, at span) {
	f := &s.frame
	switch h {
	case headerTo:
		f.to = at
		f.badOrder = f.badOrder || f.count != 1
	case headerFrom:
		f.from = at
		f.badOrder = f.badOrder || f.count != 2
	case headerMessageID:
		s.messageID(value, at)
	case headerRange:
		r, fault := parseByteRange(value)
		if fault != "" {
			s.fault(fault)
			return
		}
		f.Range, f.HasRange = r, true
	case headerSuccess:
		f.SuccessReport = equalFold(value, "yes")
		if !f.SuccessReport && !equalFold(value, "no") {
			s.fault("success report")
		}
	case headerFailure:
		s.failureReport(value)
	case headerStatus:
		f.Status, f.HasStatus = parseStatus(value)
		if !f.HasStatus || !validText(value) {
			s.fault("status")
		}
	case headerContentType:
		f.contentType = at
		if len(value) == 0 || !validText(value) {
			s.fault("content type")
		}
	default:
		if !validText(value) {
			s.fault("header value")
		}
	}
}

func (s *Scanner) failureReport(value []byte) {
	f := &s.frame
	switch {
	case equalFold(value, "yes"):
	case equalFold(value, "no"):
		f.FailureReport = FailureNo
	case equalFold(value, "partial"):
		f.FailureReport = FailurePartial
	default:
		s.fault("failure report")
	}
}

// messageID checks the ident grammar. Lenient takes what other id schemes put here, as long
// as it can be repeated in a REPORT without harm.
func (s *Scanner) messageID(value []byte, at span) {
	if !validIdent(value, minIdent, maxIdent) {
		if len(value) < minIdentLenient || len(value) > maxIdentLenient || !visible(value) {
			s.fault("message id")
			return
		}
		s.deviation(QuirkMessageID, "message id")
	}
	s.frame.messageID = at
}

func visible(s []byte) bool {
	for _, c := range s {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// checkPaths validates both paths. The last valid one of each kind is remembered, because
// nearly every frame of a session repeats it.
func (s *Scanner) checkPaths() {
	f := &s.frame
	s.okTo = s.checkPath(&f.to, s.okTo, "to-path missing")
	s.okFrom = s.checkPath(&f.from, s.okFrom, "from-path missing")
	if f.badOrder && f.Fault == nil {
		s.deviation(QuirkPathOrder, "to-path and from-path are not the first headers")
	}
}

func (s *Scanner) checkPath(at *span, known []byte, missing string) []byte {
	if at.b == 0 {
		s.fault(missing)
		return known
	}
	raw := s.frame.view(*at)
	if bytes.Equal(raw, known) {
		return known
	}
	noTransport, fault := checkPath(raw, s.profile, s.limits.PathURIs)
	if fault != "" {
		*at = span{}
		s.fault(fault)
		return known
	}
	if noTransport {
		s.quirks[QuirkNoTransport]++
		return known // counted again next time
	}
	if len(raw) > 512 {
		return known
	}
	return append(known[:0], raw...)
}

// checkBodiless and checkBody hold the rules that depend on whether there is a body.
func (s *Scanner) checkBodiless() {
	f := &s.frame
	if f.Response || f.messageID.b != 0 || f.Fault != nil {
		return
	}
	switch f.Method {
	case SEND:
		s.deviation(QuirkMessageID, "message id missing")
	case REPORT:
		s.fault("message id missing")
	}
}

func (s *Scanner) checkBody() {
	f := &s.frame
	if f.Response {
		s.quirks[QuirkResponseBody]++
		return
	}
	if f.contentType.b == 0 {
		s.fault("body without content type")
	}
	if f.messageID.b == 0 && (f.Method == SEND || f.Method == REPORT) {
		s.fault("message id missing")
	}
}
