package location

import (
	"math"
	"strconv"
	"strings"
)

// shape reads one geometry of the GML profile for PIDF-LO (RFC 5491 §5.2); nil when it is not one,
// or not one that can be read exactly.
func shape(n *node) *Shape {
	if !knownReference(n) {
		return nil
	}
	r := reader{n: n, ok: true}
	var s Shape
	switch n.name {
	case "Point":
		s = Shape{Kind: Point, Center: r.center()}
	case "Circle", "Sphere":
		s = Shape{Kind: Circle, Center: r.center(), Radius: r.metres("radius")}
	case "Ellipse", "Ellipsoid":
		s = Shape{Kind: Ellipse, Center: r.center(), SemiMajor: r.metres("semiMajorAxis"),
			SemiMinor: r.metres("semiMinorAxis"), Orientation: r.angle("orientation")}
	case "ArcBand":
		s = Shape{Kind: ArcBand, Center: r.center(), Inner: r.metres("innerRadius"), Outer: r.metres("outerRadius"),
			Start: r.angle("startAngle"), Opening: r.angle("openingAngle")}
		r.ok = r.ok && s.Outer >= s.Inner
	case "Polygon":
		s = Shape{Kind: Polygon, Ring: r.ring(n)}
	case "Prism":
		base := n.find("base")
		if base == nil || base.find("Polygon") == nil {
			return nil
		}
		s = Shape{Kind: Polygon, Ring: r.ring(base.find("Polygon"))}
	default:
		return nil
	}
	if !r.ok {
		return nil
	}
	return &s
}

// knownReference refuses a coordinate system whose axes we cannot be sure of: EPSG 4326 and 4979
// have latitude first, others need not. No name at all counts as 4326.
func knownReference(n *node) bool {
	srs := n.attrs["srsName"]
	return srs == "" || strings.HasSuffix(srs, "4326") || strings.HasSuffix(srs, "4979")
}

// reader collects the numbers of a shape; ok turns false at the first that is wrong.
type reader struct {
	n  *node
	ok bool
}

func (r *reader) center() Position {
	pos := r.n.find("pos")
	if pos == nil {
		if c := r.n.find("coordinates"); c != nil {
			pos = c
		} else {
			r.ok = false
			return Position{}
		}
	}
	return r.position(numbers(pos.text))
}

// position takes latitude, longitude and perhaps altitude (RFC 5491 §5.1).
func (r *reader) position(v []float64) Position {
	if len(v) != 2 && len(v) != 3 || math.Abs(v[0]) > 90 || math.Abs(v[1]) > 180 {
		r.ok = false
		return Position{}
	}
	p := Position{Latitude: Number(v[0]), Longitude: Number(v[1])}
	if len(v) == 3 {
		p.Altitude, p.HasAltitude = Number(v[2]), true
	}
	return p
}

// metres reads a length. A unit other than the metre is refused: a radius read in feet as metres
// is a wrong place.
func (r *reader) metres(name string) Number {
	c := r.n.find(name)
	if c == nil || (c.attrs["uom"] != "" && !strings.HasSuffix(c.attrs["uom"], "9001") && c.attrs["uom"] != "m") {
		r.ok = false
		return 0
	}
	v := numbers(c.text)
	if len(v) != 1 || v[0] < 0 || v[0] > 2e7 {
		r.ok = false
		return 0
	}
	return Number(v[0])
}

// angle reads degrees whatever unit is named: public test data names the wrong one.
func (r *reader) angle(name string) Number {
	v := numbers(r.n.content(name))
	if len(v) != 1 || math.Abs(v[0]) > 360 {
		r.ok = false
		return 0
	}
	return Number(v[0])
}

// ring reads the outer boundary of a polygon, as pos elements or one posList.
func (r *reader) ring(n *node) []Position {
	outer := n.find("exterior")
	if outer == nil {
		outer = n
	}
	line := outer.find("LinearRing")
	if line == nil {
		r.ok = false
		return nil
	}
	var out []Position
	for _, c := range line.children {
		switch c.name {
		case "pos":
			out = append(out, r.position(numbers(c.text)))
		case "posList":
			out = append(out, r.positions(c, n)...)
		}
		if len(out) > maxVertices {
			r.ok = false
			return nil
		}
	}
	if len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	if len(out) < 3 {
		r.ok = false
	}
	return out
}

func (r *reader) positions(list, polygon *node) []Position {
	v := numbers(list.text)
	dim := 2
	if list.attrs["srsDimension"] == "3" || (list.attrs["srsDimension"] == "" && strings.HasSuffix(polygon.attrs["srsName"], "4979")) {
		dim = 3
	}
	if len(v) == 0 || len(v)%dim != 0 || len(v)/dim > maxVertices+1 {
		r.ok = false
		return nil
	}
	var out []Position
	for i := 0; i < len(v); i += dim {
		out = append(out, r.position(v[i:i+dim]))
	}
	return out
}

// numbers splits at blanks and commas; nil when anything is not a finite number.
func numbers(s string) []float64 {
	words := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' })
	out := make([]float64, 0, len(words))
	for _, w := range words {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		out = append(out, v)
	}
	return out
}
