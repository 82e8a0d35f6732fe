package content

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

const (
	k01 = "From: \"Dana \\\"D\\\" Roe\" <sip:dana@caller.example.net>\r\nTo: <sip:sos@psap.example.org>\r\nDateTime: 2026-02-03T04:05:06Z\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324jQw8Lm4Zt\r\nimdn.Disposition-Notification: positive-delivery, display\r\n\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHelp"
	k02 = "From: <sip:dana@caller.example.net>\r\nTo: <sip:sos@psap.example.org>\r\nDateTime: 2026-02-03T04:05:06Z\r\nContent-Type: text/plain\r\n\r\nHelp"
	k03 = "From: <im:a@example.net>\r\nTo: <im:b@example.net>\r\nSubject:;lang=en tab\\there \\u00e9 \\q end\\\r\n\r\nContent-Type: text/plain\r\n\r\nx"
	k04 = "from: <im:a@example.net>\r\nTo: <im:b@example.net>\r\n\r\nContent-Type: text/plain\r\n\r\nx"
	k05 = "From: <im:a@example.net>\r\nTo: <im:b@example.net>\r\nNS: z <urn:ietf:params:imdn>\r\nz.Message-ID: abcdEFGH1234\r\nz.Disposition-Notification: display\r\nDateTime: 2026-02-03T04:05:06+02:00\r\n\r\nContent-Type: text/plain\r\n\r\nx"
	k06 = "From: <im:a@example.net>\r\nTo: <im:b@example.net>\r\nNS: F <mid:f@example.net>\r\nRequire: F.Vital\r\nF.Vital: 1\r\n\r\nContent-Type: text/plain\r\n\r\nx"
)

func unwrap(t *testing.T, body string) *Message {
	t.Helper()
	m, err := Unwrap([]byte(body), false)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func strictRefuses(t *testing.T, body string) {
	t.Helper()
	if _, err := Unwrap([]byte(body), true); !errors.Is(err, ErrMalformed) {
		t.Errorf("strict gives %v", err)
	}
}

// CPIM-01 CPIM-04 CPIM-06 CPIM-07 CPIM-08 IMDN-01: K01.
func TestUnwrap(t *testing.T) {
	m := unwrap(t, k01)
	if m.From.Name != `Dana "D" Roe` || m.From.URI != "sip:dana@caller.example.net" || m.To.URI != "sip:sos@psap.example.org" ||
		!m.DateTime.Equal(at) || m.ContentType != "text/plain; charset=utf-8" || string(m.Body) != "Help" || len(m.Quirks) != 0 {
		t.Error("K01 is read wrongly")
	}
	if r, ok := m.IMDNRequest(); !ok || r.MessageID != "34jk324jQw8Lm4Zt" || !r.Positive || !r.Displayed || r.Negative {
		t.Error("its request is read wrongly")
	}
	if _, err := Unwrap([]byte(k01), true); err != nil {
		t.Error("strict", err)
	}
}

// CPIM-09: K02, the merged form.
func TestMergedForm(t *testing.T) {
	m := unwrap(t, k02)
	if string(m.Body) != "Help" || m.ContentType != "text/plain" || !slices.Equal(m.Quirks, []string{"merged"}) {
		t.Errorf("quirks %v, type %s", m.Quirks, m.ContentType)
	}
	strictRefuses(t, k02)
}

// CPIM-07: K03, escapes there and back.
func TestEscapes(t *testing.T) {
	if got := unwrap(t, k03).Subject; got != "tab\there é q end" {
		t.Errorf("subject %q", got)
	}
	for _, s := range []string{"plain", "a\tb", "a\r\nb", "a\\b", "\b\x01\x7f", `say "hi"`, "日本", ""} {
		for _, quoted := range []bool{false, true} {
			e := escape(s, quoted)
			if unescape(e) != s || strings.ContainsAny(e, "\r\n\t\b\x01\x7f") {
				t.Errorf("%q becomes %q", s, e)
			}
		}
	}
	for in, want := range map[string]string{`\u`: "u", `\u12`: "u12", `\uzzzz`: "uzzzz", `a\`: "a", `\u0041`: "A"} {
		if got := unescape(in); got != want {
			t.Errorf("%q gives %q", in, got)
		}
	}
}

// CPIM-03 CPIM-15: K04, names in the wrong case, and what may be missing.
func TestHeaderCase(t *testing.T) {
	m := unwrap(t, k04)
	if m.From.URI != "im:a@example.net" || !slices.Equal(m.Quirks, []string{"header_case"}) {
		t.Errorf("quirks %v", m.Quirks)
	}
	strictRefuses(t, k04)
	both := strings.Replace(k04, "To:", "From: <im:right@example.net>\r\nTo:", 1)
	if m := unwrap(t, both); m.From.URI != "im:right@example.net" || len(m.Quirks) != 0 {
		t.Error("the exact name does not win")
	}
	none := "\r\n\r\nhello"
	if m := unwrap(t, none); m.ContentType != "text/plain; charset=utf-8" || string(m.Body) != "hello" ||
		!slices.Equal(m.Quirks, []string{"no_content_type", "no_from", "no_to"}) {
		t.Errorf("quirks %v", m.Quirks)
	}
	strictRefuses(t, none)
}

// CPIM-04: what may repeat.
func TestRepeatedHeaders(t *testing.T) {
	strictRefuses(t, strings.Replace(k05, "To:", "From: <im:c@example.net>\r\nTo:", 1))
	if _, err := Unwrap([]byte(strings.Replace(k05, "To:", "From: <im:c@example.net>\r\nTo:", 1)), false); err == nil {
		t.Error("a second From is accepted")
	}
	m := unwrap(t, strings.Replace(k05, "NS:", "To: <im:c@example.net>\r\ncc: <im:d@example.net>\r\nCC: <im:e@example.net>\r\nSubject: a\r\nSubject: b\r\nNS:", 1))
	if len(m.OtherTo) != 1 || len(m.CC) != 2 || m.Subject != "a" {
		t.Errorf("%d To, %d cc", 1+len(m.OtherTo), len(m.CC))
	}
}

// CPIM-08 IMDN-01: K05, any prefix, for later lines only, and a changed default.
func TestNamespaces(t *testing.T) {
	if r, ok := unwrap(t, k05).IMDNRequest(); !ok || !r.Displayed || r.Positive || r.MessageID != "abcdEFGH1234" {
		t.Error("K05 is read wrongly")
	}
	if !unwrap(t, k05).DateTime.Equal(at.Add(-2 * time.Hour)) {
		t.Error("the zone of DateTime is lost")
	}
	late := strings.Replace(strings.Replace(k05, "NS: z <urn:ietf:params:imdn>\r\n", "", 1), "DateTime", "NS: z <urn:ietf:params:imdn>\r\nDateTime", 1)
	if _, ok := unwrap(t, late).IMDNRequest(); ok {
		t.Error("a prefix applies to earlier lines")
	}
	m := unwrap(t, strings.Replace(k05, "DateTime", "NS: <urn:x>\r\nSubject: mine\r\nDateTime", 1))
	if v, ok := m.Find("urn:x", "Subject"); !ok || v != "mine" || m.Subject != "" {
		t.Error("the default namespace does not change")
	}
}

// CPIM-11: K06.
func TestRequire(t *testing.T) {
	m := unwrap(t, k06)
	if !slices.Equal(m.Unknown, []string{"F.Vital"}) || string(m.Body) != "x" {
		t.Errorf("unknown %v", m.Unknown)
	}
	strictRefuses(t, k06)
	if m := unwrap(t, strings.Replace(k01, "imdn.Mess", "Require: imdn.Message-ID, From\r\nimdn.Mess", 1)); len(m.Unknown) != 0 {
		t.Errorf("unknown %v", m.Unknown)
	}
}

// CPIM-06 CPIM-10: addresses, and the MIME headers of the content.
func TestAddressesAndMIME(t *testing.T) {
	for in, want := range map[string]Address{
		"<sip:a@b>": {"", "sip:a@b"}, "<sips:a@b;p=1>": {"", "sips:a@b;p=1"}, "<tel:+15551230000>": {"", "tel:+15551230000"},
		"<im:a@b>": {"", "im:a@b"}, "<urn:service:sos>": {"", "urn:service:sos"}, "<sip:anonymous@anonymous.invalid>": {"", "sip:anonymous@anonymous.invalid"},
		"Dana Roe <sip:a@b>": {"Dana Roe", "sip:a@b"}, `"a \"<x>\" b" <sip:a@b>`: {`a "<x>" b`, "sip:a@b"},
		"sip:a@b": {"", "sip:a@b"},
	} {
		if got := parseAddress(in); got != want {
			t.Errorf("%s is read wrongly", in)
		}
	}
	m := unwrap(t, "From: <im:a@b>\r\nTo: <im:b@c>\r\n\r\ncontent-length: 3\r\nCONTENT-TYPE: text/plain;\r\n charset=utf-8\r\nContent-Disposition: render\r\n\r\ntwelve octet")
	if m.ContentType != "text/plain; charset=utf-8" || len(m.Body) != 12 {
		t.Errorf("type %q, %d octets", m.ContentType, len(m.Body))
	}
	for _, bad := range []string{"", "From", "From: <im:a@b>\r\n", "From <im:a@b>\r\n\r\n\r\n", k01[:40], "From: <im:a@b>\r\n\r\n folded\r\n\r\n", "A: b\r\n\r\nnothing\r\n\r\n"} {
		if _, err := Unwrap([]byte(bad), false); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// CPIM-01 CPIM-02 CPIM-05 CPIM-09: what is sent.
func TestWrap(t *testing.T) {
	got, err := Wrap(at.In(time.FixedZone("", 7200)), Address{"Position 7", "sip:sos@psap.example.org"}, Address{URI: "sip:dana@caller.example.net"}, "text/plain", []byte("Help is coming"))
	want := "From: \"Position 7\" <sip:sos@psap.example.org>\r\nTo: <sip:dana@caller.example.net>\r\nDateTime: 2026-02-03T04:05:06Z\r\n" +
		"\r\nContent-Type: text/plain\r\n\r\nHelp is coming"
	if err != nil || string(got) != want {
		t.Errorf("got\n%s\n%v", got, err)
	}
	m := unwrap(t, k01)
	m.Headers = append(m.Headers, Header{Namespace: "urn:x", Name: "A", Value: "line\nline"}, Header{Namespace: NamespaceCPIM, Name: "Other", Value: "v"})
	m.CC, m.Subject = []Address{{"", "im:c@d"}}, "a\tb"
	again, err := AppendWrapped(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Unwrap(again, true)
	if err != nil {
		t.Fatal(err)
	}
	if b.From != m.From || b.Subject != m.Subject || len(b.Headers) != len(m.Headers) || !bytes.Equal(b.Body, m.Body) || b.CC[0] != m.CC[0] {
		t.Error("what was wrapped does not come back")
	}
	if v, _ := b.Find("urn:x", "A"); v != "line\nline" {
		t.Errorf("header comes back as %q", v)
	}
}

// Nothing that is wrapped can add a line.
func TestWrapInjection(t *testing.T) {
	const evil = "a\r\nFrom: <im:evil@x>"
	for name, change := range map[string]func(*Message){
		"from uri":     func(m *Message) { m.From.URI = evil },
		"uri brackets": func(m *Message) { m.From.URI = "im:a> <im:b" },
		"to uri":       func(m *Message) { m.To.URI = evil },
		"cc":           func(m *Message) { m.CC = []Address{{"", evil}} },
		"type":         func(m *Message) { m.ContentType = evil },
		"header name":  func(m *Message) { m.Headers = []Header{{Namespace: "urn:x", Name: evil, Value: "x"}} },
		"namespace":    func(m *Message) { m.Headers = []Header{{Namespace: evil, Name: "A", Value: "x"}} },
		"mime name":    func(m *Message) { m.MIME = []MIMEHeader{{evil, "x"}} },
		"mime value":   func(m *Message) { m.MIME = []MIMEHeader{{"X", evil}} },
		"no date":      func(m *Message) { m.DateTime = time.Time{} },
		"no from":      func(m *Message) { m.From = Address{} },
	} {
		m := unwrap(t, k01)
		change(m)
		if out, err := AppendWrapped([]byte("before"), m); err == nil || string(out) != "before" {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := unwrap(t, k01)
	m.From.Name, m.Subject = evil, evil // these are escaped
	out, err := AppendWrapped(nil, m)
	if err != nil || bytes.Contains(out, []byte("\r\nFrom: <im:evil")) {
		t.Error("a name adds a line", err)
	}
}
