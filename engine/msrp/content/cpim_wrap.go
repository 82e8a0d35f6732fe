package content

import (
	"strings"
	"time"
)

// AppendWrapped appends m as a message/cpim body: From, To and DateTime always, then NS
// declarations, other headers, an empty line, the MIME headers, an empty line, the body
// (RFC 3862 §2). It refuses what does not fit into a header line, and then appends nothing.
func AppendWrapped(dst []byte, m *Message) ([]byte, error) {
	if err := checkWrapped(m); err != nil {
		return dst, err
	}
	line := func(name, value string) {
		dst = append(dst, name...)
		dst = append(dst, ": "...)
		dst = append(dst, value...)
		dst = append(dst, "\r\n"...)
	}
	line("From", m.From.String())
	line("To", m.To.String())
	for _, a := range m.OtherTo {
		line("To", a.String())
	}
	for _, a := range m.CC {
		line("cc", a.String())
	}
	line("DateTime", m.DateTime.UTC().Format(time.RFC3339))
	if m.Subject != "" {
		line("Subject", escape(m.Subject, false))
	}
	prefixes := map[string]string{NamespaceCPIM: ""}
	for _, h := range m.Headers {
		prefix, known := prefixes[h.Namespace]
		if !known {
			prefix = "x" + string(rune('a'+len(prefixes)-1))
			if h.Namespace == NamespaceIMDN {
				prefix = "imdn"
			}
			prefixes[h.Namespace] = prefix
			line("NS", prefix+" <"+h.Namespace+">")
		}
		name := h.Name
		if prefix != "" {
			name = prefix + "." + name
		}
		line(name, escape(h.Value, false))
	}
	dst = append(dst, "\r\n"...)
	line("Content-Type", m.ContentType)
	for _, h := range m.MIME {
		if !strings.EqualFold(h.Name, "Content-Type") {
			line(h.Name, h.Value)
		}
	}
	dst = append(dst, "\r\n"...)
	return append(dst, m.Body...), nil
}

func checkWrapped(m *Message) error {
	addresses := append([]Address{m.From, m.To}, m.OtherTo...)
	for _, a := range append(addresses, m.CC...) {
		if a.URI == "" || !fitLine(a.URI) || strings.ContainsAny(a.URI, "<> ") || !fitLine(escape(a.Name, true)) {
			return malformed("cpim address")
		}
	}
	if m.DateTime.IsZero() || m.ContentType == "" || !fitLine(m.ContentType) || !fitLine(escape(m.Subject, false)) {
		return malformed("cpim date, subject or content type")
	}
	namespaces := make(map[string]bool)
	for _, h := range m.Headers {
		namespaces[h.Namespace] = true
		if h.Name == "" || strings.ContainsAny(h.Name, " .:;\t") || !fitLine(h.Name) || !fitLine(escape(h.Value, false)) ||
			h.Namespace == "" || !fitLine(h.Namespace) || strings.ContainsAny(h.Namespace, "<> ") {
			return malformed("cpim header")
		}
	}
	if len(namespaces) > 20 {
		return malformed("too many namespaces")
	}
	for _, h := range m.MIME {
		if h.Name == "" || strings.ContainsAny(h.Name, " :\t") || !fitLine(h.Name) || !fitLine(h.Value) {
			return malformed("mime header")
		}
	}
	return nil
}

// Wrap is the short form: one sender, one recipient, a body.
func Wrap(now time.Time, from, to Address, contentType string, body []byte) ([]byte, error) {
	return AppendWrapped(nil, &Message{From: from, To: to, DateTime: now, ContentType: contentType, Body: body})
}
