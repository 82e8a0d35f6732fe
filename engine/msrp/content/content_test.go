package content

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	k07 = "From: <sip:sos@psap.example.org>\r\nTo: <sip:dana@caller.example.net>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: Zz9Yy8Xx7Ww6Vv5U\r\nDateTime: 2026-02-03T04:05:08Z\r\n\r\nContent-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>34jk324jQw8Lm4Zt</message-id><datetime>2026-02-03T04:05:06Z</datetime><recipient-uri>sip:sos@psap.example.org</recipient-uri><delivery-notification><status><delivered/></status></delivery-notification></imdn>"
	k08 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>active</state><contenttype>text/plain</contenttype><refresh>90</refresh></isComposing>"
	k09 = "<?xml version=\"1.0\"?>\n<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>dictating</state></isComposing>"

	bomb = `<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]>`
)

// IMDN-03 IMDN-04 IMDN-06: K07, and that a notification is never notified of.
func TestNotification(t *testing.T) {
	m := unwrap(t, k07)
	if d, _ := m.FindMIME("content-disposition"); d != "notification" || m.ContentType != TypeIMDN {
		t.Error("K07 is read wrongly")
	}
	n, err := ParseIMDN(m.Body)
	if err != nil || n.MessageID != "34jk324jQw8Lm4Zt" || n.Disposition != Delivery || n.Status != "delivered" ||
		n.Recipient != "sip:sos@psap.example.org" || !n.DateTime.Equal(at) {
		t.Error("its XML is read wrongly", err)
	}
	m.Headers = append(m.Headers, Header{Namespace: NamespaceIMDN, Name: "Disposition-Notification", Value: "display"})
	if _, ok := m.IMDNRequest(); ok {
		t.Error("a notification asks for one")
	}

	got, ok := Notify(at.Add(2*time.Second), unwrap(t, k01), "sip:sos@psap.example.org", "Zz9Yy8Xx7Ww6Vv5U", Delivery, "delivered")
	if !ok {
		t.Fatal("no notification for K01")
	}
	back := unwrap(t, string(got))
	if back.From.URI != "sip:sos@psap.example.org" || back.To.URI != "sip:dana@caller.example.net" {
		t.Error("addresses are not swapped")
	}
	if id, _ := back.Find(NamespaceIMDN, "Message-ID"); id != "Zz9Yy8Xx7Ww6Vv5U" {
		t.Error("no id of its own")
	}
	if string(back.Body) != string(m.Body) {
		t.Errorf("got\n%s\nwant\n%s", back.Body, m.Body)
	}
	for _, tt := range []struct {
		d      Disposition
		status string
		want   bool
	}{{Display, "displayed", true}, {Delivery, "failed", false}, {Processing, "stored", false}, {Delivery, "nonsense", false}} {
		if _, ok := Notify(at, unwrap(t, k01), "sip:sos@psap.example.org", "Zz9Yy8Xx7Ww6Vv5U", tt.d, tt.status); ok != tt.want {
			t.Errorf("%s %s: %v", tt.d, tt.status, ok)
		}
	}
}

// IMDN-07: the way back.
func TestNotificationRoute(t *testing.T) {
	routed := strings.Replace(k01, "imdn.Disp", "imdn.IMDN-Record-Route: <sip:one@x>\r\nimdn.IMDN-Record-Route: <sip:two@x>\r\nimdn.Original-To: <sip:orig@x>\r\nimdn.Disp", 1)
	got, ok := Notify(at, unwrap(t, routed), "sip:sos@psap.example.org", "Zz9Yy8Xx7Ww6Vv5U", Delivery, "delivered")
	if !ok {
		t.Fatal("none")
	}
	one, two := strings.Index(string(got), "imdn.IMDN-Route: <sip:one@x>"), strings.Index(string(got), "imdn.IMDN-Route: <sip:two@x>")
	if one < 0 || two < one {
		t.Error("the route is not copied in order")
	}
	if n, err := ParseIMDN(unwrap(t, string(got)).Body); err != nil || n.OriginalRecipient != "sip:orig@x" {
		t.Error("the original recipient is missing", err)
	}
}

// IMDN-05: the table of states.
func TestNotificationStatus(t *testing.T) {
	for d, list := range statuses {
		for _, s := range list {
			b, err := AppendIMDN(nil, Notification{MessageID: "abcd", DateTime: at, Recipient: "sip:a@b", Disposition: d, Status: s})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := ParseIMDN(b); err != nil || n.Disposition != d || n.Status != s {
				t.Errorf("%s %s comes back as %s %s", d, s, n.Disposition, n.Status)
			}
			unknown := strings.Replace(string(b), "<"+s+"/>", "<vanished/>", 1)
			if n, err := ParseIMDN([]byte(unknown)); err != nil || n.Status != "error" {
				t.Errorf("an unknown status is %s", n.Status)
			}
		}
	}
	for _, bad := range []string{"", "<imdn/>", bomb + string(unwrap(t, k07).Body), strings.Replace(string(unwrap(t, k07).Body), "message-id", "message-x", 2)} {
		if _, err := ParseIMDN([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// ISC-02 ISC-06: K08 K09, and the way back.
func TestComposing(t *testing.T) {
	c, err := ParseComposing([]byte(k08))
	if err != nil || c != (Composing{true, 90 * time.Second, "text/plain"}) {
		t.Errorf("K08: %+v, %v", c, err)
	}
	if got := string(AppendComposing(nil, c)); got != k08 {
		t.Errorf("K08 becomes %s", got)
	}
	if c, err = ParseComposing([]byte(k09)); err != nil || c.Active {
		t.Errorf("K09: %+v, %v", c, err)
	}
	for refresh, want := range map[string]time.Duration{
		"0": DefaultRefresh, "-5": DefaultRefresh, "soon": DefaultRefresh, "": DefaultRefresh, "9999999999999": DefaultRefresh,
		"30": 30 * time.Second, "3600": time.Hour, "3601": time.Hour,
	} {
		if c, _ := ParseComposing([]byte(strings.Replace(k08, "90", refresh, 1))); c.Refresh != want {
			t.Errorf("refresh %q gives %v", refresh, c.Refresh)
		}
	}
	other := `<a:isComposing xmlns:a="urn:ietf:params:xml:ns:im-iscomposing" xmlns:b="urn:b"><b:x/><a:refresh>70</a:refresh><a:state> active </a:state></a:isComposing>`
	if c, err := ParseComposing([]byte(other)); err != nil || !c.Active || c.Refresh != 70*time.Second {
		t.Errorf("other order and prefix: %+v, %v", c, err)
	}
	if got := string(AppendComposing(nil, Composing{Active: true, Refresh: time.Second})); !strings.Contains(got, "<refresh>60<") {
		t.Error("ISC-04: a refresh below 60 s is sent")
	}
}

// ISC-07 SEC-19: what is ignored.
func TestMalformedComposing(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "not xml": "typing", "cut": k08[:80], "bomb": bomb + k08[40:], "entity": strings.Replace(k08, "active", "&x;", 1),
		"other root": strings.ReplaceAll(k08, "isComposing", "isWriting"), "other namespace": strings.Replace(k08, "im-is", "im-was", 1),
		"no state": strings.ReplaceAll(k08, "state", "mood"), "long": k08 + strings.Repeat(" ", MaxComposing),
		"deep": strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), "two roots": "<a/><b/>", "instruction": "<?php x?>" + k09[22:],
		"other encoding": strings.Replace(k08, "UTF-8", "UTF-16", 1),
	} {
		if _, err := ParseComposing([]byte(body)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// ISC-05: what a receiver believes, and for how long.
func TestTyping(t *testing.T) {
	var ty Typing
	is := func(after time.Duration, want bool) {
		t.Helper()
		if got := ty.Active(at.Add(after)); got != want {
			t.Errorf("after %v: %v", after, got)
		}
	}
	is(0, false)
	ty.Heard(at, Composing{Active: true})
	is(119*time.Second, true)
	is(120*time.Second, false)
	ty.Heard(at.Add(100*time.Second), Composing{Active: true, Refresh: 90 * time.Second})
	is(189*time.Second, true)
	is(190*time.Second, false)
	ty.Heard(at.Add(101*time.Second), Composing{})
	is(102*time.Second, false)
	ty.Heard(at, Composing{Active: true})
	ty.Message()
	is(time.Second, false)
}

// ISC-03 ISC-04 B13: typing for 70 s with an announced refresh of 60 s, then sending.
func TestTypist(t *testing.T) {
	ty := Typist{Refresh: 60 * time.Second}
	var trace []string
	note := func(s int, c Composing, send bool) {
		if send {
			trace = append(trace, time.Duration(s*int(time.Second)).String()+map[bool]string{true: " active", false: " idle"}[c.Active])
		}
	}
	for s := range 71 {
		now := at.Add(time.Duration(s) * time.Second)
		c, send := ty.Typed(now)
		note(s, c, send)
		if d, ok := ty.Deadline(); ok && !now.Before(d) {
			c, send = ty.Tick(now)
			note(s, c, send)
		}
	}
	ty.Sent()
	if _, ok := ty.Deadline(); ok {
		t.Error("a timer runs after the message")
	}
	// and once more, falling silent
	c, send := ty.Typed(at.Add(80 * time.Second))
	note(80, c, send)
	if d, ok := ty.Deadline(); !ok || d != at.Add(95*time.Second) {
		t.Error("idle deadline", d)
	}
	c, send = ty.Tick(at.Add(95 * time.Second))
	note(95, c, send)
	c, send = ty.Tick(at.Add(200 * time.Second))
	note(200, c, send)
	if got := strings.Join(trace, ", "); got != "0s active, 1m0s active, 1m20s active, 1m35s idle" {
		t.Errorf("said %s", got)
	}
}

// ASM-14 ASM-15: decoding after reassembly; nothing is dropped.
func TestDecodeText(t *testing.T) {
	for _, tt := range []struct {
		contentType, body, want string
		doubtful                bool
	}{
		{"text/plain", "日本", "日本", false},
		{"text/plain; charset=UTF-8", "\xc3\x28x", "\uFFFD(x", true},
		{`text/plain; charset="us-ascii"`, "help", "help", false},
		{"text/plain; charset=iso-8859-1", "caf\xe9 \x80", "café \u0080", false},
		{"text/plain; charset=windows-1252", "caf\xe9 \x80\x81", "café €\u0081", false},
		{"text/plain; charset=utf-16", "\xff\xfeh\x00i\x00", "hi", false},
		{"text/plain; charset=utf-16be", "\x00h\x00i", "hi", false},
		{"text/plain; charset=utf-16le", "h\x00i\x00", "hi", false},
		{"text/plain; charset=utf-16", "\xfe\xff\x00h\x00", "h", true},
		{"text/plain; charset=klingon", "日本", "日本", true},
		{"text/plain; charset=klingon", "caf\xe9", "café", true},
		{"not a type;;", "help", "help", false},
	} {
		if got := DecodeText(tt.contentType, []byte(tt.body)); got.String != tt.want || got.Doubtful != tt.doubtful {
			t.Errorf("%s %q: %q, %v", tt.contentType, tt.body, got.String, got.Doubtful)
		}
	}
}

func partTypes(t *testing.T, contentType, body string) string {
	t.Helper()
	parts, err := Parts(contentType, "", []byte(body), func(m string) bool { return strings.HasPrefix(m, "text/") })
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, p := range parts {
		s := p.ContentType + "=" + string(p.Body)
		if p.Signed {
			s += " signed"
		}
		if len(p.CPIM) > 0 {
			s += " from " + p.CPIM[len(p.CPIM)-1].From.URI
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// ASM-16 CPIM-14: containers.
func TestParts(t *testing.T) {
	part := func(contentType, body string) string {
		return "--b\r\nContent-Type: " + contentType + "\r\n\r\n" + body + "\r\n"
	}
	three := part("text/plain", "one") + part("text/html", "<b>two") + part("image/png", "PNG") + "--b--\r\n"
	for _, tt := range []struct{ name, contentType, body, want string }{
		{"plain", "text/plain", "help", "text/plain=help"},
		{"mixed", "multipart/mixed; boundary=b", three, "text/plain=one; text/html=<b>two; image/png=PNG"},
		{"alternative", "multipart/alternative; boundary=b", three, "text/html=<b>two"},
		{"alternative, none understood", "multipart/alternative; boundary=b", part("image/png", "PNG") + part("image/gif", "GIF") + "--b--", "image/png=PNG"},
		{"signed", "multipart/signed; boundary=b", part("text/plain", "one") + part("application/pkcs7-signature", "SIG") + "--b--", "text/plain=one signed"},
		{"cpim", "message/cpim", k01, "text/plain; charset=utf-8=Help from sip:dana@caller.example.net"},
		{"multipart in cpim", "message/cpim", strings.Replace(k06, "text/plain\r\n\r\nx", "multipart/alternative; boundary=b\r\n\r\n"+three, 1), "text/html=<b>two from im:a@example.net"},
		{"no boundary", "multipart/mixed", three, "multipart/mixed=" + three},
		{"not multipart", "multipart/mixed; boundary=c", three, "multipart/mixed; boundary=c=" + three},
		{"broken cpim", "message/cpim", "nothing", "message/cpim=nothing"},
		{"not a type", "text", "help", "text=help"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := partTypes(t, tt.contentType, tt.body); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	nested := "text/plain\r\n\r\nx"
	for depth := 1; depth <= 5; depth++ {
		nested = "message/cpim\r\n\r\nFrom: <im:a@b>\r\nTo: <im:b@c>\r\n\r\nContent-Type: " + nested
		contentType, body, _ := strings.Cut(nested, "\r\n\r\n")
		got := partTypes(t, contentType, body)
		if (got == "text/plain=x from im:a@b") != (depth <= MaxDepth) {
			t.Errorf("depth %d: %s", depth, got)
		}
	}
}

// CPIM-12: reading changes nothing; what is inside is a slice of what was received.
func TestUnwrapKeepsOctets(t *testing.T) {
	body := []byte(k01)
	m, err := Unwrap(body, false)
	if err != nil || string(body) != k01 || &m.Body[0] != &body[len(body)-4] {
		t.Error("the message was rewritten or copied", err)
	}
	if ct, ok := WrappedType(body); !ok || ct != "text/plain; charset=utf-8" {
		t.Error("wrapped type", ct, ok)
	}
	if _, ok := WrappedType([]byte("x")); ok {
		t.Error("a type inside nothing")
	}
}

// FuzzContent: no body can panic a reader; what is read and wrapped reads the same again.
//
// SEC-24
func FuzzContent(f *testing.F) {
	for _, s := range []string{k01, k02, k03, k04, k05, k06, k07, k08, k09} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = ParseComposing(body)
		_, _ = ParseIMDN(body)
		_, _ = Parts("message/cpim", "", body, func(string) bool { return true })
		m, err := Unwrap(body, false)
		if err != nil {
			return
		}
		out, err := AppendWrapped(nil, m)
		if err != nil {
			return
		}
		again, err := Unwrap(out, false)
		if err != nil || string(again.Body) != string(m.Body) || again.Subject != m.Subject || again.From != m.From || len(again.Headers) != len(m.Headers) {
			t.Fatalf("%q becomes %q: %v", body, out, err)
		}
	})
}
