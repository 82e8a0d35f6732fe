package content

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Namespaces of CPIM headers.
const (
	NamespaceCPIM = "urn:ietf:params:cpim-headers:"
	NamespaceIMDN = "urn:ietf:params:imdn"
)

// Address is a CPIM address: a name, which may be empty, and an absolute URI.
type Address struct{ Name, URI string }

// Header is a CPIM header. Namespace and Name together say what it is; the prefix it had
// on the wire does not matter.
type Header struct {
	Namespace, Name string
	Params          string // what stood between the colon and the space, such as ";lang=en"
	Value           string // without escapes
}

// MIMEHeader is a header of the wrapped content.
type MIMEHeader struct{ Name, Value string }

// Message is a message/cpim body (RFC 3862). Body is a slice of what was parsed; the
// octets of a received message are never rewritten, a change is a new Message.
type Message struct {
	From, To    Address
	OtherTo     []Address // further To headers
	CC          []Address
	DateTime    time.Time // zero if absent or unreadable
	Subject     string
	Headers     []Header // all others
	ContentType string   // of Body; "text/plain; charset=utf-8" if the sender named none
	MIME        []MIMEHeader
	Body        []byte

	// Unknown lists the names that the sender requires and nobody here understands: show
	// the text with a warning and confirm nothing (RFC 3862 §3.5).
	Unknown []string
	// Quirks lists tolerated deviations: "merged", "header_case", "no_from", "no_to",
	// "no_content_type", "repeated_subject".
	Quirks []string
}

// Unwrap reads a message/cpim body. Strict refuses what lenient reading lists as Quirks,
// and anything the sender requires that is unknown.
func Unwrap(body []byte, strict bool) (*Message, error) {
	m := &Message{}
	p := cpimParser{message: m, prefixes: map[string]string{"": NamespaceCPIM}}
	rest, err := p.head(body)
	if err != nil {
		return nil, err
	}
	if rest, err = p.mime(rest); err != nil {
		return nil, err
	}
	m.Body = rest
	if err := p.finish(); err != nil {
		return nil, err
	}
	if strict {
		if len(m.Quirks) > 0 {
			return nil, malformed(m.Quirks[0])
		}
		if len(m.Unknown) > 0 {
			return nil, malformed("required header is unknown")
		}
	}
	return m, nil
}

func malformed(what string) error { return fmt.Errorf("%s: %w", what, ErrMalformed) }

// WrappedType gives the content type inside a message/cpim body.
func WrappedType(body []byte) (string, bool) {
	m, err := Unwrap(body, false)
	if err != nil {
		return "", false
	}
	return m.ContentType, true
}

// Find gives the value of the first header of that namespace and name.
func (m *Message) Find(namespace, name string) (string, bool) {
	for _, h := range m.Headers {
		if h.Namespace == namespace && h.Name == name {
			return h.Value, true
		}
	}
	return "", false
}

// FindMIME gives a header of the wrapped content; names compare without case.
func (m *Message) FindMIME(name string) (string, bool) {
	for _, h := range m.MIME {
		if strings.EqualFold(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}

type cpimParser struct {
	message  *Message
	prefixes map[string]string // by prefix
	required []string
	folded   map[string]string // headers in the wrong case, by right name
	from, to int
}

// head reads the CPIM headers. Some senders leave out the empty line between them and the
// MIME headers: the first header named Content-something then starts the MIME part.
func (p *cpimParser) head(body []byte) ([]byte, error) {
	for rest := body; ; {
		line, after, ok := cutLine(rest)
		if !ok {
			return nil, malformed("cpim headers have no end")
		}
		if len(line) == 0 {
			return after, nil
		}
		if len(line) > 8 && strings.EqualFold(string(line[:8]), "content-") {
			p.quirk("merged")
			return rest, nil
		}
		if err := p.header(string(line)); err != nil {
			return nil, err
		}
		rest = after
	}
}

func cutLine(b []byte) (line, after []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return nil, b, false
	}
	return bytes.TrimSuffix(b[:i], []byte{'\r'}), b[i+1:], true
}

func (p *cpimParser) quirk(name string) { p.message.Quirks = append(p.message.Quirks, name) }

func (p *cpimParser) header(line string) error {
	name, rest, ok := strings.Cut(line, ":")
	if !ok || name == "" || strings.ContainsAny(name, " \t") {
		return malformed("cpim header")
	}
	params := ""
	if strings.HasPrefix(rest, ";") {
		params, rest, _ = strings.Cut(rest, " ")
	}
	value := strings.TrimLeft(rest, " ")
	prefix, local, hasPrefix := strings.Cut(name, ".")
	if !hasPrefix {
		prefix, local = "", name
	}
	namespace, known := p.prefixes[prefix]
	if !known {
		namespace, local = "", name // a prefix nobody introduced
	}
	if namespace == NamespaceCPIM {
		return p.standard(local, params, value)
	}
	p.message.Headers = append(p.message.Headers, Header{namespace, local, params, unescape(value)})
	return nil
}

// standard reads a header of RFC 3862 itself.
func (p *cpimParser) standard(name, params, value string) error {
	m := p.message
	switch name {
	case "From":
		p.from++
		if p.from > 1 {
			return malformed("cpim from repeated")
		}
		m.From = parseAddress(value)
	case "To":
		p.to++
		if p.to > 1 {
			m.OtherTo = append(m.OtherTo, parseAddress(value))
			break
		}
		m.To = parseAddress(value)
	case "cc":
		m.CC = append(m.CC, parseAddress(value))
	case "DateTime":
		m.DateTime, _ = time.Parse(time.RFC3339, value)
	case "Subject":
		if m.Subject != "" {
			p.quirk("repeated_subject") // in several languages; the first is as good as any
			break
		}
		m.Subject = unescape(value)
	case "Require":
		for one := range strings.SplitSeq(value, ",") {
			p.required = append(p.required, strings.TrimSpace(one))
		}
	case "NS":
		a := parseAddress(value)
		p.prefixes[a.Name] = a.URI
	default:
		p.otherCase(name, params, value)
	}
	return nil
}

// otherCase keeps a standard header in the wrong case for the end: it counts if the right
// one never came.
func (p *cpimParser) otherCase(name, params, value string) {
	for _, right := range []string{"From", "To", "DateTime", "cc", "Subject"} {
		if strings.EqualFold(name, right) {
			if p.folded == nil {
				p.folded = make(map[string]string)
			}
			if right == "cc" {
				p.message.CC = append(p.message.CC, parseAddress(value))
				p.quirk("header_case")
			} else if _, twice := p.folded[right]; !twice {
				p.folded[right] = value
			}
			return
		}
	}
	p.message.Headers = append(p.message.Headers, Header{NamespaceCPIM, name, params, unescape(value)})
}

// mime reads the headers of the content.
func (p *cpimParser) mime(rest []byte) ([]byte, error) {
	m := p.message
	headers, body, err := parseMIMEHeaders(rest)
	if err != nil {
		return nil, err
	}
	m.MIME = headers
	if t, ok := m.FindMIME("Content-Type"); ok {
		m.ContentType = t
	} else {
		m.ContentType = "text/plain; charset=utf-8"
		p.quirk("no_content_type")
	}
	return body, nil
}

// finish settles what only the whole message tells.
func (p *cpimParser) finish() error {
	m := p.message
	use := func(name string, missing bool, set func(string)) {
		if v, ok := p.folded[name]; ok && missing {
			set(v)
			p.quirk("header_case")
		}
	}
	use("From", p.from == 0, func(v string) { m.From = parseAddress(v); p.from++ })
	use("To", p.to == 0, func(v string) { m.To = parseAddress(v); p.to++ })
	use("DateTime", m.DateTime.IsZero(), func(v string) { m.DateTime, _ = time.Parse(time.RFC3339, v) })
	use("Subject", m.Subject == "", func(v string) { m.Subject = unescape(v) })
	if p.from == 0 {
		p.quirk("no_from")
	}
	if p.to == 0 {
		p.quirk("no_to")
	}
	for _, name := range p.required {
		prefix, local, ok := strings.Cut(name, ".")
		if !ok {
			prefix, local = "", name
		}
		if !understood(p.prefixes[prefix], local) {
			m.Unknown = append(m.Unknown, name)
		}
	}
	return nil
}

func understood(namespace, name string) bool {
	switch namespace {
	case NamespaceCPIM:
		switch name {
		case "From", "To", "cc", "DateTime", "Subject", "NS", "Require":
			return true
		}
	case NamespaceIMDN:
		switch name {
		case "Message-ID", "Disposition-Notification", "Original-To", "IMDN-Record-Route", "IMDN-Route":
			return true
		}
	}
	return false
}

// parseMIMEHeaders reads ordinary MIME headers: any case, folded or not.
func parseMIMEHeaders(rest []byte) (headers []MIMEHeader, body []byte, err error) {
	for {
		line, after, ok := cutLine(rest)
		if !ok {
			return nil, nil, malformed("mime headers have no end")
		}
		rest = after
		if len(line) == 0 {
			return headers, rest, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(headers) == 0 {
				return nil, nil, malformed("mime header")
			}
			headers[len(headers)-1].Value += " " + strings.Trim(string(line), " \t")
			continue
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || name == "" {
			return nil, nil, malformed("mime header")
		}
		headers = append(headers, MIMEHeader{name, strings.Trim(value, " \t")})
	}
}
