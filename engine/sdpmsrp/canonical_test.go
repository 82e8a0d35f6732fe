package sdpmsrp

import (
	"errors"
	"strings"
	"testing"
)

const goodOffer = "v=0\r\no=- 3958 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n" +
	"m=message 7394 TCP/MSRP *\r\na=accept-types:text/plain\r\na=setup:actpass\r\n" +
	"a=path:msrp://192.0.2.20:7394/Zp3HdLq9Tn2Xw7Vb4Rk8;tcp\r\n"

func replace(old, new string) string { return strings.Replace(goodOffer, old, new, 1) }

// SDP-31: each broken offer costs a quirk, never the session.
func TestBrokenOffersParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		quirk      Quirk
	}{
		{"good", goodOffer, ""},
		{"lf", strings.ReplaceAll(goodOffer, "\r\n", "\n"), QuirkLineEnd},
		{"cr", strings.ReplaceAll(goodOffer, "\r\n", "\r"), QuirkLineEnd},
		{"no-final-line-end", strings.TrimSuffix(goodOffer, "\r\n"), QuirkFinalLineEnd},
		{"upper-media", replace("m=message", "m=Message"), QuirkMediaCase},
		{"lower-protocol", replace("TCP/MSRP", "tcp/msrp"), QuirkProtocolCase},
		{"no-t", replace("t=0 0\r\n", ""), QuirkMissing},
		{"no-s", replace("s=-\r\n", ""), QuirkMissing},
		{"no-o", replace("o=- 3958 1 IN IP4 192.0.2.20\r\n", ""), QuirkMissing},
		{"no-v", replace("v=0\r\n", ""), QuirkMissing},
		{"blank-s", replace("s=-", "s="), ""},
		{"t-before-c", replace("c=IN IP4 192.0.2.20\r\nt=0 0\r\n", "t=0 0\r\nc=IN IP4 192.0.2.20\r\n"), QuirkOrder},
		{"space-in-user", replace("o=- ", "o=a b c "), QuirkOrigin},
		{"long-origin", replace("3958", "12345678901234567890123"), ""},
		{"image", replace("m=message", "m=image 4000 udptl t38\r\nm=message"), QuirkUnknownMedia},
		{"unknown-protocol", replace("m=message", "m=audio 4000 RTP/ODD 0\r\nm=message"), ""},
		{"unknown-line", replace("t=0 0\r\n", "t=0 0\r\nq=what\r\n"), QuirkUnknownLine},
		{"no-line", replace("t=0 0\r\n", "t=0 0\r\nwhat\r\n"), QuirkNotALine},
		{"odd-bandwidth", replace("t=0 0\r\n", "b=ODD:x\r\nt=0 0\r\n"), ""},
		{"odd-time", replace("t=0 0", "t=now"), QuirkTiming},
		{"bad-uri", replace("t=0 0\r\n", "u=%zz\r\nt=0 0\r\n"), QuirkOrder},
		{"two-c", replace("t=0 0\r\n", "c=IN IP4 192.0.2.21\r\nt=0 0\r\n"), QuirkConnection},
		{"space-in-value", replace("a=setup:", "a=setup: "), ""},
		{"space-before-path", replace("a=path:", "a=path: "), QuirkAttributeSpace},
		{"no-format", replace(" *\r\n", "\r\n"), QuirkFormat},
		{"no-types", replace("a=accept-types:text/plain\r\n", ""), QuirkAcceptTypes},
		{"no-transport", replace(";tcp", ""), QuirkPath},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Parse([]byte(c.text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			last := d.Sections[len(d.Sections)-1]
			if last.Media == nil || last.Fault != nil || len(last.Media.Path) != 1 || last.Media.Setup != SetupActpass {
				t.Fatalf("message line not understood: %+v", last.Fault)
			}
			if c.quirk != "" && !d.Quirks.Has(c.quirk) {
				t.Errorf("quirks %v, want %s among them", d.Quirks, c.quirk)
			}
			if c.quirk == "" && c.name == "good" && len(d.Quirks) > 0 {
				t.Errorf("quirks %v in a good description", d.Quirks)
			}
			if string(d.Original) != c.text {
				t.Error("original octets were not kept")
			}
			if _, err := New(config()).Answer(d, own(t, false)); err != nil {
				t.Errorf("answer: %v", err)
			}
		})
	}
}

func TestRefusedDescriptions(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "zero": "0", "no-media": "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n",
		"version": replace("v=0", "v=1"), "large": goodOffer + strings.Repeat("a=x\r\n", MaxSize/5),
		"many-media": goodOffer + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", MaxMedia),
	} {
		_, err := Parse([]byte(text), Options{})
		var e *Error
		if !errors.As(err, &e) || e.Code != 488 {
			t.Errorf("%s: got %v, want an Error with 488", name, err)
		}
	}
}

// The line at fault is named for the record and kept out of the error's text,
// since an o= user name is often a telephone number.
func TestErrorKeepsContentOut(t *testing.T) {
	text := replace("a=path:msrp://192.0.2.20:7394/Zp3HdLq9Tn2Xw7Vb4Rk8;tcp", "a=path:msrp://secret host/x;tcp")
	_, err := New(config()).Answer(parse(t, text), own(t, false))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an Error", err)
	}
	if e.LineNumber != 9 || e.Line != "a=path:msrp://secret host/x;tcp" || e.Warning != 300 {
		t.Errorf("fault in line %d, warning %d", e.LineNumber, e.Warning)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("error text holds content of the line")
	}
}

// SDP-17: an unknown line comes back with port 0 exactly as it was, in its place.
func TestUnknownLineIsRefusedVerbatim(t *testing.T) {
	text := replace("m=message", "m=image 49170 udptl t38\r\na=sendrecv\r\nm=AUDIO 4000/2 rtp/odd 0 8 101\r\nm=message") +
		"m=application 5000 UDP/DTLS/SCTP webrtc-datachannel\r\n"
	r, err := New(config()).Answer(parse(t, text), own(t, false))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range strings.Split(string(r.SDP), "\r\n") {
		if strings.HasPrefix(l, "m=") {
			got = append(got, l)
		}
	}
	want := "m=image 0 udptl t38,m=AUDIO 0 rtp/odd 0 8 101,m=message 2855 TCP/MSRP *,m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
	if strings.Join(got, ",") != want { // SDP-33: a data channel is refused like any other
		t.Errorf("got %v, want %s", got, want)
	}
}
