package leg

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"text911/callmodel"
	"text911/engine/msrp"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
)

// The bound is never below what JSON takes.
func TestEscapedBoundsJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "\x00", "\x1f", "\b", "\n", `"`, `\`, "\x7f", "\u2028", "\u2029", "\ufffd", "\xff", "\xe2\x80", "é", "€", "😀", "<", "&"}
	for range 2000 {
		var s string
		for range rng.IntN(12) {
			s += alphabet[rng.IntN(len(alphabet))]
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got, want := escaped(s), b.Len()-len("\"\"\n"); got < want {
			t.Errorf("%q: %d, takes %d", s, got, want)
		}
	}
	c := callmodel.Content{Text: "\x01\x01", Body: make([]byte, 100)}
	if exact := recordSize(c); !fits(c, exact) || fits(c, exact-1) {
		t.Error("the limit is not the limit")
	}
}

const offerOf = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

// agreed is what an own offer and this answer to it come to.
func agreed(t *testing.T, cfg sdpmsrp.Config, lines string) sdpmsrp.Stream {
	t.Helper()
	n := sdpmsrp.New(cfg)
	own := offeredPath(t)
	if _, err := n.Offer(sdpmsrp.Params{Path: own}); err != nil {
		t.Fatal(err)
	}
	r, err := n.ParseAnswer([]byte(offerOf + lines))
	if err != nil {
		t.Fatal(err)
	}
	return r.Streams[0]
}

// SDP says where to connect, whose certificate must be there, and whether the peer may connect as
// well (RFC 6135 §4.2.2, RFC 6714 §4.3).
func TestTarget(t *testing.T) {
	const plain = "m=message 4000 TCP/MSRP *\r\na=path:msrp://peer.example:4000/abcdefghijklmnopqrst;tcp\r\na=accept-types:text/plain\r\n"
	const cema = "m=message 5000 TCP/MSRP *\r\na=path:msrp://peer.example:4000/abcdefghijklmnopqrst;tcp\r\na=accept-types:text/plain\r\na=msrp-cema\r\n"
	for _, c := range []struct {
		name, answer string
		cema         bool
		want         transport.Target
	}{
		{"passive peer", plain + "a=setup:passive\r\n", false, transport.Target{Host: "peer.example", Port: 4000, Name: "peer.example"}},
		{"peer may connect", plain + "a=setup:actpass\r\n", false,
			transport.Target{Host: "peer.example", Port: 4000, Name: "peer.example", KeepListening: true}},
		{"middlebox", cema + "a=setup:passive\r\n", true, transport.Target{Host: "192.0.2.1", Port: 5000, Name: "peer.example"}},
	} {
		st := agreed(t, sdpmsrp.Config{Host: "192.0.2.9", CEMA: c.cema}, c.answer)
		if got := target(st); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func offeredPath(t *testing.T) msrp.Path {
	t.Helper()
	p, err := msrp.ParsePath("msrp://192.0.2.9:2855/zyxwvutsrqponmlkjihg;tcp", msrp.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
