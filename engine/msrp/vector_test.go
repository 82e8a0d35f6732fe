package msrp_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/fixtures"
)

var profiles = []msrp.Profile{msrp.Strict, msrp.Lenient}

// gathered is one frame with its pieces joined.
type gathered struct {
	response, hasBody bool
	id                string
	method            msrp.Method
	code              int
	flag              msrp.Flag
	body              []byte
	fault             *msrp.Error
	again             []byte // encoded once more
}

func (g gathered) String() string {
	switch {
	case g.fault != nil:
		return fmt.Sprintf("fault %s %d", g.id, g.fault.Code)
	case g.response:
		return fmt.Sprintf("response %s %d", g.id, g.code)
	case g.hasBody:
		return fmt.Sprintf("%s %s body=%d %c", g.method, g.id, len(g.body), g.flag)
	}
	return fmt.Sprintf("%s %s bodiless %c", g.method, g.id, g.flag)
}

// scan feeds the cuts of a stream to a new scanner and gives what it says in the words of
// the vector files.
func scan(p msrp.Profile, cuts [][]byte, end bool) (string, []gathered) {
	s := msrp.NewScanner(p, msrp.Limits{})
	var frames []gathered
	var failed error
	var current gathered
	drain := func() {
		for failed == nil {
			f, ok, err := s.Next()
			failed = err
			if err != nil || !ok {
				return
			}
			if f.First {
				current = gathered{response: f.Response, id: string(f.ID()), method: f.Method, code: f.Code, fault: f.Fault}
			}
			current.body = append(current.body, f.Body...)
			if f.Last {
				current.hasBody, current.flag = f.HasBody, f.Flag
				current.again = encode(f, current.body)
				frames = append(frames, current)
			}
		}
	}
	for _, cut := range cuts {
		p := bytes.Clone(cut)
		s.Write(p)
		drain()
		for i := range p {
			p[i] = 0xEE // whoever still reads it will notice
		}
	}
	if end {
		s.End()
		drain()
	}
	var words []string
	for _, f := range frames {
		words = append(words, f.String())
	}
	for range s.Quirks()[msrp.QuirkResponseDropped] {
		words = append(words, "dropped")
	}
	if failed != nil {
		words = append(words, "close")
	}
	return strings.Join(words, "; "), frames
}

func encode(f *msrp.Frame, body []byte) []byte {
	if f.Response {
		r := f.Reply()
		out, _ := msrp.AppendResponse(nil, &r)
		return out
	}
	r := f.Request()
	if !f.HasBody {
		r.ContentType = ""
	}
	out, _ := msrp.AppendRequest(nil, &r, body, f.Flag)
	return out
}

func bytewise(b []byte) [][]byte { return randomCuts(b, func() int { return 1 }) }

func randomCuts(b []byte, size func() int) (cuts [][]byte) {
	for len(b) > 0 {
		n := min(size(), len(b))
		cuts, b = append(cuts, b[:n]), b[n:]
	}
	return cuts
}

func vectors(t testing.TB) []fixtures.Vector {
	t.Helper()
	vs, err := fixtures.Vectors("msrp")
	if err != nil {
		t.Fatal(err)
	}
	return vs
}

// FRM-01 FRM-02 FRM-03 FRM-04 FRM-09 FRM-12 FRM-13 FRM-14 FRM-15 FRM-16 FRM-17 FRM-18
// FRM-20 FRM-21 FRM-22 FRM-23 FRM-24 FRM-25 FRM-27 FRM-28 FRM-29 FRM-32: every vector gives
// the frames it says, whole, octet by octet, at every single cut and at random cuts.
func TestVectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, v := range vectors(t) {
		for _, p := range profiles {
			t.Run(v.Name+"/"+p.String(), func(t *testing.T) {
				want, _ := v.Expect("frames", p.String())
				check := func(how string, cuts [][]byte) {
					t.Helper()
					if got, _ := scan(p, cuts, false); got != want {
						t.Fatalf("%s:\n got %s\nwant %s", how, got, want)
					}
				}
				check("whole", [][]byte{v.Wire})
				check("octet by octet", bytewise(v.Wire))
				for i := 1; i < len(v.Wire); i++ {
					check(fmt.Sprintf("cut at %d", i), [][]byte{v.Wire[:i], v.Wire[i:]})
				}
				for range 20 {
					check("random cuts", randomCuts(v.Wire, func() int { return 1 + rng.IntN(60) }))
				}
			})
		}
	}
}

// FRM-01 FRM-07: what is accepted encodes to the same octets, or the vector says why not.
func TestVectorsEncodeToThemselves(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			_, frames := scan(msrp.Lenient, [][]byte{v.Wire}, false)
			var again []byte
			for _, f := range frames {
				if f.fault != nil {
					return
				}
				again = append(again, f.again...)
			}
			same := bytes.Equal(again, v.Wire)
			why := v.Fields["reencode"]
			if len(frames) > 0 && !same && why == "" {
				t.Errorf("got\n%q\nwant\n%q", again, v.Wire)
			}
			if same && why != "" {
				t.Errorf("encodes to itself although the vector says %q", why)
			}
		})
	}
}
