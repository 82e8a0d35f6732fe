package msrp_test

import (
	"crypto/rand"
	"regexp"
	"testing"

	"text911/engine/msrp"
)

var letters = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// FRM-05 FRM-06 SND-03 URI-15 URI-17 LIM-01 LIM-03 LIM-04: generated identifiers.
func TestGeneratedIdentifiers(t *testing.T) {
	g := msrp.NewIDSource(rand.Reader)
	const n = 200_000
	seen := make(map[msrp.TransactionID]bool, n)
	for range n {
		id := g.TransactionID()
		if seen[id] {
			t.Fatal("transaction id repeated")
		}
		seen[id] = true
	}
	for range 1000 {
		tid, mid, sid := string(g.TransactionID()), string(g.MessageID()), g.SessionID().Full()
		for _, tt := range []struct {
			id     string
			length int
		}{{tid, 16}, {mid, 22}, {sid, 24}} {
			if len(tt.id) != tt.length || !letters.MatchString(tt.id) {
				t.Fatalf("got %q, want %d letters and digits", tt.id, tt.length)
			}
		}
	}
}

// FRM-05: every letter is as likely as any other, so that 16 of them carry 95 bits.
func TestIdentifiersAreUniform(t *testing.T) {
	g := msrp.NewIDSource(rand.Reader)
	var count [256]int
	const n = 62 * 2000
	for _, c := range g.Append(nil, n) {
		count[c]++
	}
	used := 0
	for _, k := range count {
		if k > 0 {
			used++
			if k < 1600 || k > 2400 { // nine standard deviations
				t.Errorf("a letter came %d times of %d", k, n)
			}
		}
	}
	if used != 62 {
		t.Errorf("%d letters in use", used)
	}
}

// FRM-04 LIM-02: the grammar of a transaction id.
func TestIdentGrammar(t *testing.T) {
	for id, valid := range map[msrp.TransactionID]bool{
		"a123": true, "0.-+": true, "Ab1.-+%=": true, "abc": false, "": false, ".abc": false, "ab_c": false, "ab c": false,
		"01234567890123456789012345678901": true, "012345678901234567890123456789012": false,
	} {
		if id.Valid() != valid || msrp.MessageID(id).Valid() != valid {
			t.Errorf("%q: valid = %v, want %v", id, !valid, valid)
		}
	}
}
