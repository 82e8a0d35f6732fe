package session_test

import (
	"strings"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
	"text911/fixtures"
)

// FuzzConn: no octets can panic a connection with sessions, nor be understood differently
// because they were cut differently; whatever it answers is valid; time can pass.
//
// FRM-24 SEC-24
func FuzzConn(f *testing.F) {
	vs, err := fixtures.Vectors("msrp")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vs {
		f.Add(v.Wire, byte(5), true)
	}
	f.Fuzz(func(t *testing.T, wire []byte, size byte, bind bool) {
		step := int(size)%97 + 1
		for _, p := range []msrp.Profile{msrp.Strict, msrp.Lenient} {
			told, said := fuzzOnce(t, p, wire, len(wire), bind)
			for _, n := range []int{1, step} {
				if t2, s2 := fuzzOnce(t, p, wire, n, bind); t2 != told || s2 != said {
					t.Fatalf("%s, cuts of %d:\n%s | %s\nwhole:\n%s | %s", p, n, t2, s2, told, said)
				}
			}
		}
	})
}

func fuzzOnce(t *testing.T, p msrp.Profile, wire []byte, size int, bind bool) (told, said string) {
	cfg := config(t)
	cfg.MaxPending = 1
	e, all := newEnd(t, p, cfg)
	e.verify = msrp.NewScanner(msrp.Lenient, msrp.Limits{})
	if bind {
		e.receive(bindFrame)
		e.send(all[0], session.Outgoing{MessageID: "mSent77", ContentType: "text/plain", Body: []byte("help"), SuccessReport: true})
		e.settle()
	}
	for rest := string(wire); len(rest) > 0; {
		n := min(size, len(rest))
		e.receive(rest[:n])
		rest = rest[n:]
	}
	told, said = strings.Join(e.told, "; "), strings.Join(e.said, "; ")
	e.now = e.now.Add(time.Hour)
	e.conn.Tick(e.now)
	e.conn.PeerClosed(e.now)
	e.settle()
	e.conn.Lost(e.now)
	e.settle()
	return told, said
}
