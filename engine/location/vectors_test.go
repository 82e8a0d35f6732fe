package location

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"text911/fixtures"
)

// TestVectors reads every PIDF-LO fixture and compares kind, holder, method, confidence and the
// circle around it. Covers RFC 4119 §2.2, RFC 5491 §5, RFC 5139, RFC 7459 and the receive
// leniency of public test traffic.
func TestVectors(t *testing.T) {
	vs, err := fixtures.Vectors("pidf")
	if err != nil {
		t.Fatal(err)
	}
	if len(vs) < 23 {
		t.Fatalf("got %d vectors", len(vs))
	}
	for _, v := range vs {
		t.Run(v.Name, func(t *testing.T) {
			d, err := Decode(v.Wire)
			if got, want := describe(d, err), v.Fields["expect"]; got != want {
				t.Errorf("does not describe as the vector expects: %d locations, error %v", len(d.Locations), err)
			}
			if err == nil && d.Raw.Reveal() != string(v.Wire) {
				t.Error("the received bytes were not kept")
			}
		})
	}
}

// describe writes a document in the words of the vectors.
func describe(d Document, err error) string {
	switch {
	case errors.Is(err, ErrNoLocation):
		return "error no location"
	case errors.Is(err, ErrGarbled):
		return "error garbled"
	case err != nil:
		return "error " + err.Error()
	}
	var out []string
	for _, l := range d.Locations {
		m := l.Model("")
		s := fmt.Sprintf("%s %s %s %d", m.Shape, l.Holder, l.Method, l.Confidence)
		if l.Shape != nil && l.Shape.Kind != Polygon && l.Shape.Kind != ArcBand {
			s += " " + m.Latitude.Reveal() + " " + m.Longitude.Reveal()
			if l.Shape.Kind != Point {
				s += " " + m.RadiusM.Reveal()
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func vector(t testing.TB, name string) Document {
	t.Helper()
	vs, err := fixtures.Vectors("pidf")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		if v.Name == name {
			d, err := Decode(v.Wire)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
	}
	t.Fatalf("no vector %s", name)
	return Document{}
}

func near(t *testing.T, what string, got Number, want, tolerance float64) {
	t.Helper()
	if d := float64(got) - want; d > tolerance || d < -tolerance {
		t.Errorf("%s is off by more than %s", what, strconv.FormatFloat(tolerance, 'g', -1, 64))
	}
}
