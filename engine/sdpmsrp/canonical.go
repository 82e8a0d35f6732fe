package sdpmsrp

import (
	"strconv"
	"strings"
)

// line is one <type>=<value> line and where it stood in the canonical text.
type line struct {
	kind   byte
	text   string // with its type, as received, without line end
	number int
}

func (l line) value() string { return l.text[2:] }

// block is a session part or a media part: its lines by type, in order.
type block struct {
	lines []line
}

func (b *block) all(kind byte) []line {
	var out []line
	for _, l := range b.lines {
		if l.kind == kind {
			out = append(out, l)
		}
	}
	return out
}

func (b *block) first(kind byte) (line, bool) {
	for _, l := range b.lines {
		if l.kind == kind {
			return l, true
		}
	}
	return line{}, false
}

// slot is an m= line taken apart: what must come back in the answer whatever it is.
type slot struct {
	line
	media, port, protocol string
	formats               []string
}

// canonical is a description in the order and spelling the strict parser wants.
type canonical struct {
	session block
	media   []block
	slots   []slot
	origin  string // o= value exactly as received
	quirks  Quirks
}

const knownLines = "vosiuepcbtrzkam"

// sessionOrder and mediaOrder are the orders of RFC 8866 §5 and §5.14.
const (
	sessionOrder = "vosiuepcbtrzka"
	mediaOrder   = "micbka"
)

// canonicalise sorts the lines of a description into their places. What it
// repairs it names as a quirk; it refuses only what is not SDP at all.
func canonicalise(in []byte) (*canonical, error) {
	if len(in) > MaxSize {
		return nil, refuse(warnMiscellaneous, "description too large")
	}
	c := &canonical{}
	current, rank, order := &c.session, -1, sessionOrder
	for i, text := range c.split(string(in)) {
		if len(text) < 2 || text[1] != '=' {
			if text != "" {
				c.quirks.add(QuirkNotALine)
			}
			continue
		}
		l := line{kind: text[0], text: text, number: i + 1}
		if strings.IndexByte(knownLines, l.kind) < 0 {
			c.quirks.add(QuirkUnknownLine)
			continue
		}
		if l.kind == 'm' {
			if len(c.media) == MaxMedia {
				return nil, refuse(warnMiscellaneous, "too many media lines").at(l)
			}
			c.media = append(c.media, block{})
			current, rank, order = &c.media[len(c.media)-1], -1, mediaOrder
			c.slots = append(c.slots, c.slot(l))
		}
		place := strings.IndexByte(order, l.kind)
		if place < rank {
			// t= and r= repeat as pairs, so a later t= is not out of place.
			if !(l.kind == 't' && order[rank] == 'r') {
				c.quirks.add(QuirkOrder)
			}
		} else {
			rank = place
		}
		current.lines = append(current.lines, l)
	}
	if len(c.media) == 0 {
		return nil, refuse(warnMediaTypeNotAvailable, "no media line")
	}
	return c, c.validateSession()
}

// split ends lines at CRLF, LF or CR and trims trailing blanks.
func (c *canonical) split(text string) []string {
	unix := strings.ReplaceAll(text, "\r\n", "\n")
	if strings.Count(unix, "\n") != strings.Count(text, "\r\n") || strings.Contains(unix, "\r") {
		c.quirks.add(QuirkLineEnd)
		unix = strings.ReplaceAll(unix, "\r", "\n")
	}
	if !strings.HasSuffix(unix, "\n") {
		c.quirks.add(QuirkFinalLineEnd)
	}
	lines := strings.Split(strings.TrimSuffix(unix, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return lines
}

// validateSession checks version and origin, which decide whether this is a
// description at all and whether it changed.
func (c *canonical) validateSession() error {
	if v, ok := c.session.first('v'); !ok {
		c.quirks.add(QuirkMissing)
	} else if strings.TrimSpace(v.value()) != "0" {
		return refuse(warnMiscellaneous, "version is not 0").at(v)
	}
	if o, ok := c.session.first('o'); ok {
		c.origin = o.value()
		if len(strings.Fields(c.origin)) != 6 {
			c.quirks.add(QuirkOrigin)
		}
	} else {
		c.quirks.add(QuirkMissing)
	}
	if _, ok := c.session.first('s'); !ok {
		c.quirks.add(QuirkMissing)
	}
	if t, ok := c.session.first('t'); !ok {
		c.quirks.add(QuirkMissing)
	} else if !validTiming(t.value()) {
		c.quirks.add(QuirkTiming)
	}
	return nil
}

func validTiming(value string) bool {
	f := strings.Fields(value)
	if len(f) != 2 {
		return false
	}
	for _, n := range f {
		if _, err := strconv.ParseUint(n, 10, 64); err != nil {
			return false
		}
	}
	return true
}

// slot takes an m= line apart without judging it.
func (c *canonical) slot(l line) slot {
	s := slot{line: l}
	f := strings.Fields(l.value())
	if len(f) > 0 {
		s.media = strings.ToLower(f[0])
		if s.media != f[0] && s.media == "message" {
			c.quirks.add(QuirkMediaCase)
		}
	}
	if len(f) > 1 {
		s.port = f[1]
	}
	if len(f) > 2 {
		s.protocol = f[2]
		if upper := strings.ToUpper(f[2]); upper != f[2] && isMSRPProtocol(upper) {
			c.quirks.add(QuirkProtocolCase)
			s.protocol = upper
		}
		s.formats = f[3:]
	}
	return s
}

// isMSRP reports whether the line is one this package negotiates.
func (s slot) isMSRP() bool { return s.media == "message" && isMSRPProtocol(s.protocol) }

func isMSRPProtocol(p string) bool {
	return p == string(TCP) || p == string(TLS)
}

// refused is the m= value that answers the slot with port 0: the same media,
// protocol and formats, as received (RFC 3264 §6).
func (s slot) refused() (media, protocol string, formats []string) {
	f := strings.Fields(s.value())
	media, protocol, formats = "message", string(TCP), []string{"*"}
	if len(f) > 0 {
		media = f[0]
	}
	if len(f) > 2 {
		protocol = f[2]
	}
	if len(f) > 3 {
		formats = f[3:]
	}
	return media, protocol, formats
}

// strict renders what the strict parser is given. Only lines that bear on an
// MSRP session are in it: a faulty b= or u= must not cost the caller the
// session, and lines of other media are blanked, keeping their position.
func (c *canonical) strict() string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n")
	c.writeConnection(&b, &c.session)
	b.WriteString("t=0 0\r\n")
	writeAttributes(&b, &c.session)
	for i := range c.media {
		s := c.slots[i]
		if !s.isMSRP() {
			if !knownMedia(s.media) {
				c.quirks.add(QuirkUnknownMedia)
			}
			b.WriteString("m=audio 9 RTP/AVP 0\r\n")
			continue
		}
		port, err := strconv.ParseUint(s.port, 10, 16)
		if err != nil {
			c.quirks.add(QuirkUnknownMedia)
			b.WriteString("m=message 0 TCP/MSRP *\r\n")
			continue
		}
		if len(s.formats) != 1 || s.formats[0] != "*" {
			c.quirks.add(QuirkFormat)
		}
		b.WriteString("m=message " + strconv.FormatUint(port, 10) + " " + s.protocol + " *\r\n")
		c.writeConnection(&b, &c.media[i])
		writeAttributes(&b, &c.media[i])
	}
	return b.String()
}

func knownMedia(m string) bool {
	switch m {
	case "audio", "video", "text", "application", "message":
		return true
	}
	return false
}

// writeConnection writes the first usable c= line of a block.
func (c *canonical) writeConnection(b *strings.Builder, from *block) {
	written := false
	for _, l := range from.all('c') {
		f := strings.Fields(l.value())
		usable := len(f) == 3 && strings.EqualFold(f[0], "IN") &&
			(strings.EqualFold(f[1], "IP4") || strings.EqualFold(f[1], "IP6"))
		if !usable || written {
			c.quirks.add(QuirkConnection)
			continue
		}
		b.WriteString("c=IN " + strings.ToUpper(f[1]) + " " + f[2] + "\r\n")
		written = true
	}
}

func writeAttributes(b *strings.Builder, from *block) {
	for _, l := range from.all('a') {
		b.WriteString(l.text + "\r\n")
	}
}
