package session_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
	"text911/fixtures"
)

// separate orders what a vector expects: towards the application, towards the peer.
func separate(want string) (told, said []string) {
	for _, w := range strings.Split(want, "; ") {
		switch kind, _, _ := strings.Cut(w, " "); kind {
		case "nothing":
		case "message", "repeat", "partial", "close":
			told = append(told, w)
		default:
			said = append(said, w)
		}
	}
	return told, said
}

// TestVectors runs every vector that says what an endpoint does, in both profiles, whole,
// octet by octet and at random cuts.
//
// RSP-02 RSP-03 RSP-04 RSP-05 RSP-12 RPT-03 RPT-04 ASM-01 ASM-02 ASM-03 ASM-04 ASM-07
// ASM-09 ASM-10 ASM-13 CON-04 CON-05 CON-19 CON-28 FRM-12 FRM-18 FRM-32
func TestVectors(t *testing.T) {
	vs, err := fixtures.Vectors("msrp")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, v := range vs {
		for _, p := range []msrp.Profile{msrp.Strict, msrp.Lenient} {
			want, ok := v.Expect("session", p.String())
			if !ok {
				continue
			}
			told, said := separate(want)
			for _, how := range []struct {
				name string
				size func() int
			}{
				{"whole", func() int { return len(v.Wire) }},
				{"octets", func() int { return 1 }},
				{"random", func() int { return 1 + rng.IntN(80) }},
			} {
				t.Run(v.Name+"/"+p.String()+"/"+how.name, func(t *testing.T) {
					e := vectorEnd(t, v.Name, p)
					for rest := v.Wire; len(rest) > 0; {
						n := min(how.size(), len(rest))
						e.receive(string(rest[:n]))
						rest = rest[n:]
					}
					e.wantTold(told...)
					e.wantSaid(said...)
				})
			}
		}
	}
}

// vectorEnd sets the scene of a vector.
func vectorEnd(t *testing.T, name string, p msrp.Profile) *end {
	t.Helper()
	e, _ := newBound(t, p, func(c *session.Config) {
		c.MaxPending = 1 // one verdict at a time makes the order of events independent of cuts
		if name == "V63" {
			c.AcceptTypes = []string{"message/cpim"}
		}
	})
	if name == "V61" { // the session is bound on this connection; ask on another
		other, _ := newEnd(t, p)
		other.table = e.table
		other.conn = session.NewConn(e.now, session.ConnConfig{Profile: p, Random: newRandom(8), Sessions: e.table, Incoming: true})
		return other
	}
	return e
}
