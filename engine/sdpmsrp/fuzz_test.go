package sdpmsrp

import (
	"testing"

	"text911/fixtures"
)

// FuzzAnswer: whatever comes, nothing panics; what is answered parses again,
// keeps number and order of the lines, and answers to the same outcome twice.
func FuzzAnswer(f *testing.F) {
	vectors, err := fixtures.Vectors("sdp")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		f.Add(v.Wire)
	}
	for _, s := range []string{"", "0", "m=\r\n", "m=message\r\n", "v=0\nm=message 99999 TCP/MSRP *", goodOffer + "m=x 1/2 y z\r\n",
		tlsOffer("sha-256 AA"), "o=a b c d e f g h\rm=message 1 tcp/msrp\ra=path:msrp://[::]:1/a;tcp"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := Parse(in, Options{})
		if err != nil {
			return
		}
		for _, secure := range []bool{false, true} {
			n := New(config())
			r, err := n.Answer(d, own(t, secure))
			if err != nil {
				if _, ok := err.(*Error); !ok {
					t.Fatalf("error of another kind: %v", err)
				}
				continue
			}
			again, err := Parse(r.SDP, Options{Strict: true})
			if err != nil {
				t.Fatalf("own answer does not parse: %v", err)
			}
			if len(again.Sections) != len(d.Sections) || len(again.Quirks) != 0 && onlyKnownMedia(d) {
				t.Fatalf("own answer has %d lines, want %d, quirks %v", len(again.Sections), len(d.Sections), again.Quirks)
			}
			if r2, err := n.Answer(d, own(t, secure)); err != nil || string(r2.SDP) != string(r.SDP) {
				t.Fatalf("the same offer got another answer: %v", err)
			}
		}
	})
}

func onlyKnownMedia(d *Description) bool {
	for _, s := range d.Sections {
		if !s.slot.isMSRP() {
			return false
		}
	}
	return true
}
