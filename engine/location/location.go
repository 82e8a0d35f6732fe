package location

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"text911/callmodel"
)

// Number is a coordinate, distance or angle of a location. Formatted in any way it shows nothing;
// Reveal gives it.
type Number float64

// Reveal returns the number, to show it to a person or to write it into a document.
func (n Number) Reveal() float64 { return float64(n) }

// String hides the number.
func (Number) String() string { return "[coordinate]" }

// Format hides the number from every verb.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.String()) }

func (n Number) text() callmodel.Private {
	return callmodel.Private(strconv.FormatFloat(float64(n), 'f', -1, 64))
}

// Position is a point on WGS 84, in degrees.
type Position struct {
	Latitude, Longitude Number
	Altitude            Number // metres; only with HasAltitude
	HasAltitude         bool
}

// Kind is the shape of a location.
type Kind string

// Kinds of shape (RFC 5491 §5.2, RFC 5139 for civic). Sphere, Ellipsoid and Prism become Circle,
// Ellipse and Polygon.
const (
	Point   Kind = "point"
	Circle  Kind = "circle"
	Ellipse Kind = "ellipse"
	ArcBand Kind = "arc_band"
	Polygon Kind = "polygon"
	Civic   Kind = "civic"
)

// Shape is an area in which the device is, with the members its kind has.
type Shape struct {
	Kind        Kind
	Center      Position   // Point, Circle, Ellipse; of an ArcBand the origin, which lies outside the area
	Radius      Number     // Circle, metres
	SemiMajor   Number     // Ellipse, metres
	SemiMinor   Number     // Ellipse, metres
	Orientation Number     // Ellipse, degrees clockwise from north
	Inner       Number     // ArcBand, metres
	Outer       Number     // ArcBand, metres
	Start       Number     // ArcBand, degrees clockwise from north
	Opening     Number     // ArcBand, degrees
	Ring        []Position // Polygon without the closing repeat of the first point
}

// CivicField is one element of a civic address (RFC 5139 §3.1, RFC 6848).
type CivicField struct {
	Name  string // A1, RD, HNO…
	Value callmodel.Private
}

// Location is one place found in a document.
type Location struct {
	Shape      *Shape       // nil for a civic address
	Civic      []CivicField // nil for a shape
	Method     string       // GPS, Cell, Manual, Default… (RFC 4119 §6.1); empty when absent
	ProvidedBy callmodel.Private
	Confidence int       // percent; 95 when the document says nothing, 0 when it says unknown (RFC 5491 §5, RFC 7459)
	Taken      time.Time // zero when the document has no timestamp
	Holder     string    // device, tuple or person: what the location belongs to
}

// Document is a PIDF-LO.
type Document struct {
	Entity    callmodel.Private // presentity, often a telephone number
	Locations []Location        // in the order of preference of RFC 5491 §3.4: device, tuple, person
	Raw       callmodel.Private // the bytes received; pass these on, never a new encoding
}

// IsDefault says that the location stands in for one that could not be had: it is not where the
// caller is (NENA-STA-010.3 §4.2.1.7).
func (l Location) IsDefault() bool { return isDefault(l.Method) }

// Prefer picks the location to show first among all that came with a call, in the order they
// came: the first that is not a default and has a shape, else the first that is not a default,
// else the first at all.
func Prefer(docs ...Document) (Location, bool) {
	var best Location
	rank := -1
	for _, d := range docs {
		for _, l := range d.Locations {
			r := 0
			if !l.IsDefault() {
				r = 1
				if l.Shape != nil {
					r = 2
				}
			}
			if r > rank {
				best, rank = l, r
			}
		}
	}
	return best, rank >= 0
}

// Format shows what kind of location it is and nothing of where. It stands on the whole value
// because fmt passes over the formatters of members behind a pointer when the verb does not fit.
func (l Location) Format(f fmt.State, _ rune) {
	kind := Civic
	if l.Shape != nil {
		kind = l.Shape.Kind
	}
	_, _ = fmt.Fprintf(f, "[location %s %s]", kind, l.Method)
}

// Format shows the kind of the shape only.
func (s Shape) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "[shape %s]", s.Kind) }

// Format shows how many locations the document has.
func (d Document) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "[location document, %d locations]", len(d.Locations))
}
