package sdpmsrp

import (
	"net/netip"
	"strings"
	"testing"
)

const (
	relayPath = "a=path:msrp://relay.example.com:2855/jui787s2fQq0Zz1Xx2Cc;tcp "
	cemaLine  = "a=msrp-cema\r\n"
)

func cemaConfig() Config {
	c := config()
	c.CEMA = true
	return c
}

// CEMA-01, CEMA-02: own offers carry msrp-cema and a=setup, with a relay actpass.
func TestCEMAOffer(t *testing.T) {
	for _, s := range []Situation{reachable, unreachable, behindRelay} {
		p := own(t, false)
		p.Situation = s
		offer, err := New(cemaConfig()).Offer(p)
		if err != nil || !strings.Contains(string(offer), cemaLine) || !strings.Contains(string(offer), "a=setup:"+string(offerSetup(s))) {
			t.Errorf("%+v: %v\n%s", s, err, offer)
		}
	}
}

// CEMA-03: what counts as a match.
func TestCEMAMatch(t *testing.T) {
	c := cemaConfig()
	c.Resolve = func(name string) []netip.Addr {
		if name == "caller.example.net" {
			return []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.20")}
		}
		return nil
	}
	for _, x := range []struct {
		host, uri string
		port      int
		want      bool
	}{
		{"192.0.2.20", "msrp://192.0.2.20:7394/a;tcp", 7394, true},
		{"192.0.2.20", "msrp://caller.example.net:7394/a;tcp", 7394, true},
		{"192.0.2.21", "msrp://caller.example.net:7394/a;tcp", 7394, false},
		{"192.0.2.20", "msrp://192.0.2.20:7394/a;tcp", 7395, false},
		{"2001:db8::1", "msrp://[2001:0DB8:0:0:0:0:0:1]:7394/a;tcp", 7394, true},
		{"Caller.Example.NET", "msrp://caller.example.net:7394/a;tcp", 7394, true},
	} {
		m := &Media{Host: x.host, Port: x.port, Path: ownPath(t, x.uri)}
		if got := c.matches(m); got != x.want {
			t.Errorf("%s:%d and %s: match %t", x.host, x.port, x.uri, got)
		}
	}
}

// CEMA-05: the answerer falls back to plain RFC 4975 when both sides use relays,
// when the offerer's relay would have to connect, or when the own relay cannot
// be passive.
func TestCEMAFallback(t *testing.T) {
	withRelay := strings.Replace(goodOffer, "a=path:", relayPath, 1) + cemaLine
	for _, c := range []struct {
		name, offer string
		s           Situation
		want        bool
	}{
		{"in-effect", goodOffer + cemaLine, reachable, true},
		{"both-relays", withRelay, behindRelay, false},
		{"offerer-relay-active", withRelay, reachable, false},
		{"own-relay-active", strings.Replace(goodOffer, "actpass", "passive", 1) + cemaLine, behindRelay, false},
	} {
		p := own(t, false)
		p.Situation = c.s
		r := answer(t, New(cemaConfig()), c.offer, p)
		if got := strings.Contains(string(r.SDP), cemaLine); got != c.want {
			t.Errorf("%s: msrp-cema in the answer %t, want %t", c.name, got, c.want)
		}
	}
}

// CEMA-07: an answer without msrp-cema that asks for a new offer without it.
// CEMA-08: a match needs none. CEMA-09: otherwise c= and m= say where to connect.
func TestCEMAAnswer(t *testing.T) {
	moved := func(s string) string { return strings.Replace(s, "c=IN IP4 192.0.2.20", "c=IN IP4 203.0.113.9", 1) }
	for _, c := range []struct {
		name, answer string
		s            Situation
		reoffer      bool
		host         string
	}{
		{"no-match-passive", moved(answerTo(nil, "a=setup:active\r\n")), reachable, true, ""},
		{"no-match-own-relay", moved(answerTo(nil, "a=setup:passive\r\n")), behindRelay, true, ""},
		{"no-match-peer-relay", strings.Replace(answerTo(nil, "a=setup:passive\r\n"), "a=path:", relayPath, 1), reachable, true, ""},
		{"match", answerTo(nil, "a=setup:active\r\n"), reachable, false, ""},
		{"in-effect", moved(answerTo(nil, "a=setup:passive\r\n"+cemaLine)), reachable, false, "203.0.113.9"},
	} {
		n := New(cemaConfig())
		p := own(t, false)
		p.Situation = c.s
		if _, err := n.Offer(p); err != nil {
			t.Fatal(err)
		}
		r, err := n.ParseAnswer([]byte(c.answer))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if s := r.Streams[0]; s.Reoffer != c.reoffer || (c.host != "" && s.Host != c.host) {
			t.Errorf("%s: reoffer %t, connect to %s", c.name, s.Reoffer, s.Host)
		}
		p.WithoutCEMA = true
		if offer, err := n.Offer(p); err != nil || strings.Contains(string(offer), cemaLine) {
			t.Errorf("%s: the new offer has the extension, %v", c.name, err)
		}
	}
}
