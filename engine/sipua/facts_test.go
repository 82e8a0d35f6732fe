package sipua

import (
	"strconv"
	"strings"
	"testing"

	"text911/fixtures"
)

// TestInviteVectors reads each INVITE fixture: NENA-STA-010.3 §4.1.2, §4.2.2.2 headers, RFC 6442
// §4.1, multipart bodies of every tolerated form (CHFE_014 shape), in one piece and, where it has a
// length, cut at every octet of its head.
func TestInviteVectors(t *testing.T) {
	vs, err := fixtures.Vectors("sip")
	if err != nil {
		t.Fatal(err)
	}
	if len(vs) < 8 {
		t.Fatalf("%d vectors", len(vs))
	}
	for _, v := range vs {
		t.Run(v.Name, func(t *testing.T) {
			m, err := newCodec(maxMessageBytes).parse(v.Wire)
			if err != nil {
				t.Fatal(err)
			}
			if what := m.fault(); what != "" {
				t.Fatalf("%s is missing", what)
			}
			f := readFacts(m)
			var parts, blocks []string
			for _, p := range f.Parts {
				parts = append(parts, p.ContentType)
			}
			for _, b := range f.AdditionalData {
				blocks = append(blocks, b.Name)
			}
			got := map[string]string{"queue": f.Queue, "callid": f.EmergencyCallID, "incident": f.IncidentID, "source": f.Source,
				"geolocations": strconv.Itoa(len(f.Geolocation)), "blocks": strings.Join(blocks, " "), "parts": strings.Join(parts, " "),
				"sdp": map[bool]string{true: "yes", false: "no"}[f.SDP() != nil]}
			for name, have := range got {
				if have != v.Fields[name] {
					t.Errorf("%s is %q, want %q", name, have, v.Fields[name])
				}
			}
			if s := f.SDP(); s != nil && (!strings.HasPrefix(string(s), "v=0") || !strings.Contains(string(s), "a=label:1")) {
				t.Error("session description is not whole")
			}
			if f.From.URI.Reveal() == "" || m.fromTag == "" {
				t.Error("no From")
			}
			for _, g := range f.Geolocation {
				if cid, ok := strings.CutPrefix(g.Reveal(), "cid:"); ok && len(f.Parts) == 4 {
					if p, found := f.Part(cid); !found || p.ContentType != "application/pidf+xml" {
						t.Error("the location part was not found by its cid")
					}
				}
			}
		})
	}
}

// The worked example in detail.
func TestInviteFacts(t *testing.T) {
	vs, err := fixtures.Vectors("sip")
	if err != nil {
		t.Fatal(err)
	}
	m, err := newCodec(maxMessageBytes).parse(vs[0].Wire)
	if err != nil {
		t.Fatal(err)
	}
	f := readFacts(m)
	if f.RequestURI != "urn:service:sos" || !f.Top || f.To != "urn:service:sos" || f.GeolocationRouting != "yes" {
		t.Error("request line, Route, To or Geolocation-Routing")
	}
	if len(f.Asserted) != 1 || f.Asserted[0].Verstat != "TN-Validation-Passed" || f.From.Verstat != "" {
		t.Error("asserted identity")
	}
	if f.Geolocation[1] != "https://lis.lakes-text.example/held/44aa,b;x=1" {
		t.Error("a comma inside <> split the value")
	}
	if !has(f.Supported, "timer") || len(f.ResourcePriority) != 1 || f.ResourcePriority[0] != "esnet.1" || len(f.CallInfo) != 5 {
		t.Error("option tags, priority or Call-Info")
	}
	if p, ok := f.Part("cid:svc%40tcc9.lakes-text.example"); !ok || p.Disposition != "by-reference" {
		t.Error("percent-encoded cid (RFC 2392)")
	}
	if string(m.raw) != string(vs[0].Wire) {
		t.Error("the raw bytes were not kept")
	}
}

func TestContactFocusAndHistory(t *testing.T) {
	text := "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nFrom: \"Doe, \\\"J\\\" <x>\" <sip:a@b;verstat=No-TN-Validation>;tag=1\r\nTo: <sip:x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n" +
		"Contact: <sip:focus@h;x=1>;isfocus\r\nHistory-Info: <sip:q1?Reason=emergency%3Bcause%3D1>;index=1, <sip:q2>;index=1.1\r\nReason: emergency;cause=4;text=\"r7: busy, queue\"\r\nCall-Info: <https://e/1>;purpose=emergency-eido\r\n\r\n"
	m, err := newCodec(maxMessageBytes).parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f := readFacts(m)
	if !f.IsFocus || f.Contact != "sip:focus@h;x=1" || len(f.HistoryInfo) != 2 || len(f.EIDO) != 1 {
		t.Error("focus, history or EIDO")
	}
	if f.From.Name != `Doe, "J" <x>` || f.From.URI != "sip:a@b;verstat=No-TN-Validation" || f.From.Verstat != "No-TN-Validation" {
		t.Error("display name")
	}
	// RSN-02: protocols that are not known are kept.
	if len(f.Reasons) != 1 || f.Reasons[0].Protocol != "emergency" || f.Reasons[0].Cause != 4 || f.Reasons[0].Text != "r7: busy, queue" {
		t.Error("reason")
	}
}

func TestBodyLimitsAndEncodings(t *testing.T) {
	nest := func(depth int) string {
		body := offerSDP
		ct := "application/sdp"
		for i := range depth {
			b := "b" + strconv.Itoa(i)
			body = "--" + b + "\r\nContent-Type: " + ct + "\r\n\r\n" + body + "\r\n--" + b + "--\r\n"
			ct = "multipart/mixed;boundary=" + b
		}
		return "Content-Type: " + ct + "\r\n\r\n" + body
	}
	for depth, ok := range map[int]bool{1: true, maxDepth: true, maxDepth + 1: false} {
		h, body := partHeaders([]byte(nest(depth)))
		var w partWalker
		w.walk(h, body, 0)
		f := Facts{Parts: w.parts}
		if (f.SDP() != nil) != ok {
			t.Errorf("depth %d: SDP found is %v", depth, !ok)
		}
	}
	var w partWalker
	w.walk(partHead{contentType: "multipart/mixed;boundary=b"}, []byte(strings.Repeat("--b\r\n\r\nx\r\n", 1000)), 0)
	if len(w.parts) > maxParts {
		t.Errorf("%d parts kept", len(w.parts))
	}
	for enc, body := range map[string]string{"base64": "aGVs\r\nbG8=", "quoted-printable": "hel=6Co", "8bit": "hello", "x-odd": "hello"} {
		if got := decodeTransfer(enc, []byte(body)); string(got) != "hello" {
			t.Errorf("%s does not decode", enc)
		}
	}
	if got := decodeTransfer("base64", []byte("***")); string(got) != "***" {
		t.Error("what does not decode must be kept")
	}
}

func TestSplitters(t *testing.T) {
	for in, want := range map[string][]string{
		`a, "b, c", <d,e>;x="1,2" , f`: {"a", `"b, c"`, `<d,e>;x="1,2"`, "f"},
		`,,a,,`:                        {"a"},
		`"open, b`:                     {`"open, b`},
		`<open, b`:                     {`<open, b`},
		`"a\", b", c`:                  {`"a\", b"`, "c"},
		``:                             nil,
	} {
		if got := splitList(in); strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) {
			t.Errorf("%q splits into %q", in, got)
		}
	}
	if v, ok := param(`<sip:a;tag=no>;x;tag="y;z"`, "TAG"); !ok || v != "y;z" {
		t.Errorf("tag %q", v)
	}
	if got := withoutTag(`"x;tag=1" <sip:a;tag=2>;tag=3;p=4`); got != `"x;tag=1" <sip:a;tag=2>;p=4` {
		t.Errorf("without tag %q", got)
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{`a, "b, c", <d,e>;x="1,2" , f`, `"open, b`, `<sip:a@b;x=1>;purpose="q,r;s"`, `\,"\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		total := 0
		for _, p := range splitList(s) {
			total += len(p)
			bracketed(p)
			displayName(p)
			withoutTag(p)
			param(p, "purpose")
		}
		if total > len(s) {
			t.Fatal("pieces are longer than the whole")
		}
	})
}

func FuzzCallInfo(f *testing.F) {
	f.Add("<urn:emergency:uid:callid:x:y>;purpose=emergency-CallId, <cid:z>;purpose=EmergencyCallData.X", "<cid:a>, <https://b,c>")
	f.Fuzz(func(t *testing.T, info, geo string) {
		m := &message{fields: []field{{"call-info", info}, {"geolocation", geo}, {"contact", info}, {"from", geo}}}
		got := readFacts(m)
		if len(got.CallInfo) > maxValues || len(got.Geolocation) > maxValues {
			t.Fatal("more values than the limit")
		}
		for _, g := range got.Geolocation {
			if g == "" || strings.ContainsAny(g.Reveal(), "\r\n") && !strings.ContainsAny(geo, "\r\n") {
				t.Fatal("a value out of nothing")
			}
		}
	})
}

func FuzzBody(f *testing.F) {
	vs, err := fixtures.Vectors("sip")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vs {
		if m, err := newCodec(maxMessageBytes).parse(v.Wire); err == nil {
			f.Add(m.get("content-type"), m.body)
		}
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		m := &message{fields: []field{{"content-type", contentType}}, body: body}
		total := 0
		for _, p := range readParts(m) {
			total += len(p.Body)
		}
		if total > len(body) {
			t.Fatal("the parts are longer than the body")
		}
	})
}

// FuzzMessage: whatever is read, no panic, no line end inside a field, and an answer to it has
// exactly the lines it should have.
func FuzzMessage(f *testing.F) {
	vs, err := fixtures.Vectors("sip")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vs {
		f.Add(v.Wire)
	}
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: x\r\n\r\n"))
	f.Add([]byte("\x00\n\x00\r"))
	c := newCodec(maxMessageBytes)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := c.parse(data)
		if err != nil {
			return
		}
		for _, fl := range m.fields {
			if strings.ContainsAny(fl.value, "\r\n\x00") || strings.ContainsAny(fl.name, "\r\n\x00") {
				t.Fatal("a line end inside a field")
			}
		}
		readFacts(m)
		readReasons(m)
		readInterval(m)
		if m.method != "" {
			out := response(m, source{}, 200, "", "tag", "").end("", nil)
			if again, err := c.parser.ParseSIP(out); err == nil && again == nil {
				t.Fatal("no message")
			}
			if bareLineEnd(out[:len(out)-4]) {
				t.Fatal("a bare line end in the answer")
			}
		}
	})
}

// The framer at any cut, any bytes: no panic, nothing above its limit.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("OPTIONS sip:a SIP/2.0\r\nl: 5\r\n\r\nhello"), 7)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		if cut < 0 || cut > len(data) {
			return
		}
		run := func(pieces ...[]byte) (out string) {
			fr := framer{limit: 200}
			for _, p := range pieces {
				fr.write(p)
				for {
					m, err := fr.next()
					if err != nil {
						return out + "!"
					}
					if m == nil {
						break
					}
					if len(m) > 204 {
						t.Fatal("message above the limit")
					}
					out += string(m) + "|"
				}
			}
			return out
		}
		if whole, parts := run(data), run(data[:cut], data[cut:]); whole != parts && !strings.HasSuffix(whole, "!") && !strings.HasSuffix(parts, "!") {
			t.Fatal("the cut changed the messages")
		}
	})
}
