package msrp_test

import (
	"bytes"
	"testing"

	"text911/engine/msrp"
)

// FuzzScanner: no octets can panic the scanner, make it hold more than its limits, or be
// read differently because they were cut differently; what it accepts encodes to a form
// that stays the same from then on.
//
// FRM-24 SEC-24
func FuzzScanner(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Wire, byte(3))
	}
	f.Add([]byte(bodiless("aaaa1", "\r\n")+next), byte(7))
	f.Fuzz(func(t *testing.T, wire []byte, size byte) {
		step := int(size)%97 + 1
		for _, p := range profiles {
			for _, end := range []bool{false, true} {
				whole, frames := scan(p, [][]byte{wire}, end)
				for _, cuts := range [][][]byte{bytewise(wire), randomCuts(wire, func() int { return step })} {
					if got, other := scan(p, cuts, end); got != whole || !sameBodies(frames, other) {
						t.Fatalf("%s: cut: %s\nwhole: %s", p, got, whole)
					}
				}
				checkStable(t, frames)
			}
		}
	})
}

func sameBodies(a, b []gathered) bool {
	for i := range a {
		if !bytes.Equal(a[i].body, b[i].body) || !bytes.Equal(a[i].again, b[i].again) {
			return false
		}
	}
	return len(a) == len(b)
}

// checkStable decodes what was encoded and encodes it again.
func checkStable(t *testing.T, frames []gathered) {
	t.Helper()
	for _, g := range frames {
		if g.fault != nil || len(g.again) == 0 {
			continue
		}
		said, again := scan(msrp.Lenient, [][]byte{g.again}, false)
		if len(again) != 1 || again[0].fault != nil || !bytes.Equal(again[0].again, g.again) || !bytes.Equal(again[0].body, g.body) {
			t.Fatalf("not stable: %s from %q", said, g.again)
		}
	}
}

// FuzzURI: what is accepted goes back to the wire as a strictly valid, equal URI; two URIs
// are equal exactly if their keys are.
//
// URI-14 SEC-24
func FuzzURI(f *testing.F) {
	for _, s := range []string{
		own, peer, "msrps://al:ice@[2001:DB8::1]:1/a-._~+=/;ws;x=1;y", "msrp://%61b.example:2855;tcp", "msrp://a:1/x",
		"MSRP://192.0.2.1:02855/x;TCP", "msrp://a.example.org./x;tcp",
	} {
		f.Add(s, own)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		u, err := msrp.ParseURI(a, msrp.Lenient)
		if err != nil {
			return
		}
		again, err := msrp.ParseURI(u.Wire(), msrp.Strict)
		if err != nil || !again.Equal(u) || again.Wire() != u.Wire() || !u.Valid() {
			t.Fatalf("%q becomes %q: %v", a, u.Wire(), err)
		}
		if v, err := msrp.ParseURI(b, msrp.Lenient); err == nil && (u.Equal(v) != (u.Key() == v.Key()) || u.Equal(v) != v.Equal(u)) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}
