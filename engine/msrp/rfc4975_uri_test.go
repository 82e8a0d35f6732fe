package msrp_test

import (
	"fmt"
	"strings"
	"testing"

	"text911/engine/msrp"
)

func parse(t testing.TB, s string) msrp.URI {
	t.Helper()
	u, err := msrp.ParseURI(s, msrp.Strict)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return u
}

// RFC 4975 §6.1. URI-08 URI-09 URI-10 URI-11 URI-12 URI-13 URI-14: two URIs are equal
// exactly if their keys are.
func TestURIComparison(t *testing.T) {
	for _, tt := range []struct {
		id, a, b string
		equal    bool
	}{
		{"U01", "msrp://a.example.org:2855/abcDEF;tcp", "MSRP://A.Example.ORG:2855/abcDEF;TCP", true},
		{"U02", "msrp://a.example.org:2855/abcDEF;tcp", "msrp://a.example.org:2855/abcdef;tcp", false},
		{"U03", "msrp://a.example.org:2855/x1;tcp", "msrps://a.example.org:2855/x1;tcp", false},
		{"U04", "msrp://a.example.org:2855/x1;tcp", "msrp://a.example.org/x1;tcp", false},
		{"U05", "msrp://a.example.org/x1;tcp", "msrp://a.example.org/x1;tcp", true},
		{"U06", "msrp://a.example.org:2855/x1;tcp", "msrp://a.example.org:2856/x1;tcp", false},
		{"U07", "msrp://bob@a.example.org:2855/x1;tcp", "msrp://al:ice@a.example.org:2855/x1;tcp", true},
		{"U08", "msrp://a.example.org:2855;tcp", "msrp://a.example.org:2855/x1;tcp", false},
		{"U09", "msrp://a.example.org:2855;tcp", "msrp://A.example.org:2855;tcp", true},
		{"U10", "msrp://%61.example.org:2855/x1;tcp", "msrp://a.example.org:2855/x1;tcp", true},
		{"U11", "msrp://192.0.2.1:2855/x1;tcp", "msrp://192.0.2.1:2855/x1;tcp", true},
		{"U12", "msrp://192.0.2.1:2855/x1;tcp", "msrp://a.example.org:2855/x1;tcp", false},
		{"U13", "msrp://[2001:db8::1]:2855/x1;tcp", "msrp://[2001:0DB8:0:0:0:0:0:1]:2855/x1;tcp", true},
		{"U14", "msrp://a.example.org:2855/x1;tcp", "msrp://a.example.org:2855/x1;ws", false},
		{"U15", "msrp://a.example.org:2855/x1;tcp;p=1", "msrp://a.example.org:2855/x1;tcp;p=2", true},
		{"U16", "msrp://a.example.org:2855/x/../y;tcp", "msrp://a.example.org:2855/y;tcp", false},
		{"U17", "msrp://a.example.org:02855/x1;tcp", "msrp://a.example.org:2855/x1;tcp", true},
		{"U18", "msrp://a.example.org.:2855/x1;tcp", "msrp://a.example.org:2855/x1;tcp", false},
		{"escaped delimiter", "msrp://a%2Cb:2855/x1;tcp", "msrp://a,b:2855/x1;tcp", false},
		{"escapes in any case", "msrp://a%2cb:2855/x1;tcp", "msrp://A%2Cb:2855/x1;tcp", true},
	} {
		t.Run(tt.id, func(t *testing.T) {
			a, b := parse(t, tt.a), parse(t, tt.b)
			if got := a.Equal(b); got != tt.equal {
				t.Errorf("equal = %v, want %v", got, tt.equal)
			}
			if got := a.Key() == b.Key(); got != tt.equal {
				t.Errorf("same key = %v, want %v", got, tt.equal)
			}
		})
	}
}

// U20 U21. URI-01 URI-02 URI-03 URI-05 URI-08: what is no MSRP URI.
func TestURIValidity(t *testing.T) {
	for _, s := range []string{
		"msrp://192.0.2.1/x1;tcp", "msrp://[2001:db8::1]/x1;tcp", "http://a.example.org:1/x;tcp", "msrp:a.example.org:1/x;tcp",
		"msrp://a.example.org:1/x y;tcp", "msrp://a.example.org:1/a%41;tcp", "msrp://:1/x;tcp", "msrp://a.example.org:1/;tcp",
		"msrp://a.example.org:99999999/x;tcp", "msrp://2001:db8::1:2855/x;tcp",
		"", "msrp://", "msrp://;tcp", "msrp://a:0/x;tcp", "msrp://a:/x;tcp", "msrp://a:1x/x;tcp", "msrp://a:65536/x;tcp",
		"msrp://a:1/x;", "msrp://a:1/x;tc p", "msrp://a:1/x;tcp;", "msrp://a:1/x;tcp;=1", "msrp://a:1/x;tcp;a=", "msrp://a:1/x;tcp;a;;b",
		"msrp://a:1/\xc3\xa9;tcp", "msrp://\xc3\xa9:1/x;tcp", "msrp://a b@c:1/x;tcp", "msrp://a%4:1/x;tcp", "msrp://a%zz:1/x;tcp",
		"msrp://[fe80::1%25eth0]:1/x;tcp", "msrp://[1.2.3.4]:1/x;tcp", "msrp://[2001:db8::1:1/x;tcp", "msrp://[::1]1:1/x;tcp",
		"msrp://a:1/x\r\n;tcp", "msrp://a:1/x;tcp\n",
	} {
		for _, p := range profiles {
			if _, err := msrp.ParseURI(s, p); err == nil {
				t.Errorf("%s accepts %q", p, s)
			}
		}
	}
	if _, err := msrp.ParseURI("msrp://a.example.org:1/x", msrp.Strict); err == nil {
		t.Error("U21: strict accepts a URI without transport")
	}
	u, err := msrp.ParseURI("msrp://a.example.org:1/x", msrp.Lenient)
	if err != nil || u.Transport != "tcp" {
		t.Errorf("U21: lenient gives %q, %v", u.Transport, err)
	}
}

// URI-01 URI-03 URI-04: the parts, and the way back to the wire.
func TestURIParts(t *testing.T) {
	u := parse(t, "msrps://al;ice@[2001:db8::25]:49200/6Rv8-._~+=/Kq;ws;x=1;flag")
	if !u.Secure || u.User != "al;ice" || u.Host != "2001:db8::25" || u.Port != 49200 ||
		u.SessionID.Full() != "6Rv8-._~+=/Kq" || u.Transport != "ws" || u.Params != "x=1;flag" {
		t.Errorf("got %+v", u)
	}
	for _, s := range []string{
		"msrps://al;ice@[2001:db8::25]:49200/6Rv8-._~+=/Kq;ws;x=1;flag", "msrp://a.example.org:2855/x1;tcp",
		"msrp://a.example.org;tcp", "msrps://alice@relay.example.org;tcp", "msrp://192.0.2.1:1/x;tcp",
	} {
		if got := parse(t, s).Wire(); got != s {
			t.Errorf("got %s, want %s", got, s)
		}
	}
	if got := (msrp.URI{Host: "a", Port: 1, SessionID: "x"}).Wire(); got != "msrp://a:1/x;tcp" {
		t.Errorf("URI-03: own uri is %s", got)
	}
	for _, u := range []msrp.URI{{}, {Host: "a\r\nb", Port: 1}, {Host: "192.0.2.1"}, {Host: "a", SessionID: "x y"}} {
		if u.Valid() {
			t.Errorf("%+v is called valid", u)
		}
	}
}

// URI-16: no formatting verb shows a whole session-id or a userinfo.
func TestSessionIDIsNotShown(t *testing.T) {
	u := parse(t, "msrp://al:secret@a.example.org:2855/Lq9Tn2Xw7Vb4Rk8Zp3Hd;tcp")
	p := msrp.Path{u}
	for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q"} {
		for _, v := range []any{u, &u, u.SessionID, p} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, "Lq9Tn2X") || strings.Contains(got, "secret") {
				t.Errorf("%s of %T shows a secret", verb, v)
			}
		}
	}
	if !strings.Contains(u.String(), "Lq9Tn2...") {
		t.Errorf("got %s", u)
	}
}

// LIM-07 SEC-28: a path of 16 URIs is one, a path of 17 is not.
func TestPath(t *testing.T) {
	const one = "msrp://a.example.org:1/x;tcp"
	sixteen := strings.Repeat(one+" ", 15) + one
	p, err := msrp.ParsePath(sixteen, msrp.Strict)
	if err != nil || len(p) != 16 || string(p.Raw()) != sixteen || p.Raw().Count() != 16 {
		t.Errorf("16 uris: %d, %v", len(p), err)
	}
	for _, bad := range []string{sixteen + " " + one, "", " ", one + "  " + one, one + " ", " " + one} {
		if _, err := msrp.ParsePath(bad, msrp.Lenient); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	raw := msrp.RawPath("msrp://a:1/x;tcp msrp://b:1/y;tcp msrp://c:1/z;tcp")
	if string(raw.First()) != "msrp://a:1/x;tcp" || string(raw.Last()) != "msrp://c:1/z;tcp" || raw.Count() != 3 {
		t.Errorf("first %s, last %s, count %d", raw.First(), raw.Last(), raw.Count())
	}
	back, err := raw.Parse(msrp.Strict)
	if err != nil || !back.Equal(back) || back.Equal(p) {
		t.Error("path comparison", err)
	}
}
