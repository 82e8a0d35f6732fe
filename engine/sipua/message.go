package sipua

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// message is one SIP message as read: sipgo parses it, this keeps what the core asks for often.
type message struct {
	method string // of a request
	uri    string // Request-URI as received
	code   int    // of a response, 0 for a request

	fields []field
	body   []byte
	raw    []byte // the bytes as received
	at     time.Time
	flow   string // where a response came from

	via        viaValue
	callID     string
	fromTag    string
	toTag      string
	seq        uint32
	seqMethod  string
	sipVersion string
}

// field is one header field line; name is the long form in lower case.
type field struct{ name, value string }

// viaValue is the topmost Via (RFC 3261 §20.42), read leniently: a branch may be missing.
type viaValue struct {
	host   string
	port   int
	branch string
	rport  bool // present without a value: answer to the source port (RFC 3581)
}

var errNotSIP = errors.New("not a SIP message")

// compact maps the short header names to the long ones (RFC 3261 §7.3.3 and extensions).
func compact(name string) string {
	switch name {
	case "v":
		return "via"
	case "f":
		return "from"
	case "t":
		return "to"
	case "i":
		return "call-id"
	case "m":
		return "contact"
	case "c":
		return "content-type"
	case "l":
		return "content-length"
	case "e":
		return "content-encoding"
	case "k":
		return "supported"
	case "s":
		return "subject"
	case "o":
		return "event"
	case "u":
		return "allow-events"
	case "r":
		return "refer-to"
	case "b":
		return "referred-by"
	case "x":
		return "session-expires"
	}
	return name
}

// codec is sipgo's parser, told to leave every header as the text it was except the length: what
// we copy into a response must be what came, and one odd header must not cost the message.
type codec struct{ parser *sip.Parser }

func newCodec(limit int) codec {
	all := sip.DefaultHeadersParser()
	p := sip.NewParser(sip.WithHeadersParsers(map[string]sip.HeaderParser{
		"content-length": all["content-length"],
		"l":              all["l"],
	}))
	p.MaxMessageLength = limit
	return codec{parser: p}
}

// parse reads one whole message. Bytes that break the grammar get a second try after repair.
func (c codec) parse(data []byte) (*message, error) {
	if end := bytes.Index(data, []byte("\r\n\r\n")); end < 0 || bareLineEnd(data[:end]) {
		data = repair(data)
	}
	parsed, err := c.parser.ParseSIP(data)
	if err != nil {
		if parsed, err = c.parser.ParseSIP(repair(data)); err != nil {
			return nil, errNotSIP
		}
	}
	m := &message{raw: bytes.Clone(data), body: parsed.Body()}
	switch p := parsed.(type) {
	case *sip.Request:
		m.method, m.sipVersion = strings.ToUpper(string(p.Method)), p.SipVersion
		m.uri = secondWord(data)
		m.take(p.Headers())
	case *sip.Response:
		m.code, m.sipVersion = p.StatusCode, p.SipVersion
		if m.code < 100 || m.code > 699 {
			return nil, errNotSIP
		}
		m.take(p.Headers())
	}
	return m, nil
}

func (m *message) take(headers []sip.Header) {
	m.fields = make([]field, 0, len(headers))
	for _, h := range headers {
		name := compact(strings.ToLower(h.Name()))
		m.fields = append(m.fields, field{name, h.Value()})
	}
	if vias := splitList(m.get("via")); len(vias) > 0 {
		m.via = parseVia(vias[0])
	}
	m.callID = strings.TrimSpace(m.get("call-id"))
	m.fromTag, _ = param(m.get("from"), "tag")
	m.toTag, _ = param(m.get("to"), "tag")
	if w := strings.Fields(m.get("cseq")); len(w) == 2 {
		n, err := strconv.ParseUint(w[0], 10, 31)
		if err == nil {
			m.seq, m.seqMethod = uint32(n), strings.ToUpper(w[1])
		}
	}
}

// fault names what is missing of the fields every request needs (RFC 3261 §8.1.1), "" for none.
func (m *message) fault() string {
	switch {
	case m.via.host == "":
		return "Via"
	case m.get("from") == "":
		return "From"
	case m.get("to") == "":
		return "To"
	case m.callID == "":
		return "Call-ID"
	case m.seqMethod == "" || (m.method != "" && m.seqMethod != m.method):
		return "CSeq"
	}
	return ""
}

// get returns the last value of a single-valued field, "" when absent.
func (m *message) get(name string) string {
	for i := len(m.fields) - 1; i >= 0; i-- {
		if m.fields[i].name == name {
			return m.fields[i].value
		}
	}
	return ""
}

// list returns all values of a comma-separated field over all its lines.
func (m *message) list(name string) []string {
	var out []string
	for _, f := range m.fields {
		if f.name == name {
			out = append(out, splitList(f.value)...)
		}
	}
	if len(out) > maxValues {
		out = out[:maxValues]
	}
	return out
}

// tokens is list in lower case with parameters dropped.
func (m *message) tokens(name string) []string {
	out := m.list(name)
	for i, v := range out {
		v, _, _ = strings.Cut(v, ";")
		out[i] = strings.ToLower(strings.TrimSpace(v))
	}
	return out
}

// tagged says whether an option tag stands in Supported or Require.
func (m *message) tagged(tag string) bool {
	return has(m.tokens("supported"), tag) || has(m.tokens("require"), tag)
}

// sdp is the session description of the message, nil when it has none.
func (m *message) sdp() []byte {
	if len(m.body) == 0 {
		return nil
	}
	f := Facts{Parts: readParts(m)}
	return f.SDP()
}

func parseVia(s string) viaValue {
	var v viaValue
	pieces := splitParams(s)
	if len(pieces) == 0 {
		return v
	}
	words := strings.Fields(pieces[0]) // SIP/2.0/UDP host:port, with optional blanks around slashes
	if len(words) < 2 {
		return v
	}
	v.host, v.port = splitHostPort(words[len(words)-1])
	v.branch, _ = param(s, "branch")
	if r, ok := param(s, "rport"); ok && r == "" {
		v.rport = true
	}
	return v
}

// splitHostPort takes host, host:port, [v6] and [v6]:port; a bad port becomes 0.
func splitHostPort(s string) (string, int) {
	host, rest := s, ""
	if strings.HasPrefix(s, "[") {
		if i := strings.IndexByte(s, ']'); i > 0 {
			host, rest = s[1:i], strings.TrimPrefix(s[i+1:], ":")
		}
	} else if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, rest = s[:i], s[i+1:]
	}
	port, err := strconv.ParseUint(rest, 10, 16)
	if err != nil {
		port = 0
	}
	return host, int(port)
}

func secondWord(data []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimLeft(data, "\r\n"), []byte("\r\n"))
	_, rest, _ := bytes.Cut(line, []byte(" "))
	word, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	return string(word)
}

// bareLineEnd finds an LF without CR or a CR without LF: echoed into a response, such a line end
// would let a sender write header lines of its own.
func bareLineEnd(head []byte) bool {
	for i, c := range head {
		if c == '\n' && (i == 0 || head[i-1] != '\r') {
			return true
		}
		if c == '\r' && (i+1 >= len(head) || head[i+1] != '\n') {
			return true
		}
	}
	return bytes.IndexByte(head, 0) >= 0
}

// repair makes what can be made of a message that breaks the grammar: line ends become CRLF, NUL
// goes, lines that are no header are dropped, and a length that is wrong for the bytes at hand is
// left out so that the rest counts as the body.
func repair(data []byte) []byte {
	head, body, _ := cutHead(data)
	var b bytes.Buffer
	for i, line := range bytes.FieldsFunc(head, func(r rune) bool { return r == '\r' || r == '\n' }) {
		line = bytes.ReplaceAll(line, []byte{0}, nil)
		if len(line) == 0 {
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if i > 0 && !ok && line[0] != ' ' && line[0] != '\t' {
			continue
		}
		key := compact(strings.ToLower(string(bytes.TrimSpace(name))))
		if n, err := strconv.Atoi(string(bytes.TrimSpace(value))); i > 0 && key == "content-length" && (err != nil || n < 0 || n > len(body)) {
			continue
		}
		b.Write(line)
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// cutHead splits at the first empty line of any style.
func cutHead(data []byte) (head, body []byte, ok bool) {
	best, skip := -1, 0
	for _, sep := range []string{"\r\n\r\n", "\n\n", "\r\r"} {
		if i := bytes.Index(data, []byte(sep)); i >= 0 && (best < 0 || i < best) {
			best, skip = i, len(sep)
		}
	}
	if best < 0 {
		return data, nil, false
	}
	return data[:best], data[best+skip:], true
}
