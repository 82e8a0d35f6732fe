package location

import (
	"math"
	"strings"

	"text911/callmodel"
)

const metresPerDegree = 111_320 // of latitude, mean; display needs no geodesic

// Model gives the location in the domain's words. Every shape gets a circle that contains it, for
// displays that draw nothing else; raw is kept beside it.
func (l Location) Model(raw callmodel.Private) callmodel.Location {
	m := callmodel.Location{Method: l.Method, Default: l.IsDefault(), Confidence: l.Confidence, Taken: l.Taken, Raw: raw}
	if l.Shape == nil {
		m.Shape = string(Civic)
		m.Civic = callmodel.Private(strings.Join(Lines(l.Civic), ", "))
		return m
	}
	m.Shape = string(l.Shape.Kind)
	c, r := l.Shape.Around()
	m.Latitude, m.Longitude = c.Latitude.text(), c.Longitude.text()
	if l.Shape.Kind != Point {
		m.RadiusM = Number(math.Ceil(float64(r)*10) / 10).text()
	}
	return m
}

// Around returns a circle that contains the shape: centre and radius in metres, 0 for a point.
func (s *Shape) Around() (Position, Number) {
	switch s.Kind {
	case Circle:
		return s.Center, s.Radius
	case Ellipse:
		return s.Center, max(s.SemiMajor, s.SemiMinor)
	case ArcBand:
		return s.aroundBand()
	case Polygon:
		return s.aroundRing()
	}
	return s.Center, 0
}

// aroundBand: a narrow band lies on one side of its origin; a wide one is covered by the outer
// circle.
func (s *Shape) aroundBand() (Position, Number) {
	opening := math.Abs(float64(s.Opening))
	if opening >= 180 {
		return s.Center, s.Outer
	}
	mid := float64(s.Start) + float64(s.Opening)/2
	c := move(s.Center, mid, float64(s.Inner+s.Outer)/2)
	var r float64
	for _, d := range []Number{s.Inner, s.Outer} {
		for _, a := range []float64{float64(s.Start), mid, float64(s.Start + s.Opening)} {
			r = max(r, distance(c, move(s.Center, a, float64(d))))
		}
	}
	return c, Number(r)
}

func (s *Shape) aroundRing() (Position, Number) {
	if len(s.Ring) == 0 {
		return Position{}, 0
	}
	var lat, lon float64
	base := float64(s.Ring[0].Longitude)
	for _, p := range s.Ring {
		lat += float64(p.Latitude)
		lon += wrap(float64(p.Longitude) - base) // across the date line too
	}
	n := float64(len(s.Ring))
	c := Position{Latitude: Number(lat / n), Longitude: Number(wrap(base + lon/n))}
	var r float64
	for _, p := range s.Ring {
		r = max(r, distance(c, p))
	}
	return c, Number(r)
}

// move goes a distance in metres along a bearing, on a plane: good to a percent over a cell.
func move(from Position, bearing, metres float64) Position {
	sin, cos := math.Sincos(bearing * math.Pi / 180)
	lat := float64(from.Latitude) + metres*cos/metresPerDegree
	lon := float64(from.Longitude) + metres*sin/(metresPerDegree*shrink(float64(from.Latitude)))
	return Position{Latitude: Number(max(-90, min(90, lat))), Longitude: Number(wrap(lon))}
}

func distance(a, b Position) float64 {
	dy := float64(b.Latitude-a.Latitude) * metresPerDegree
	dx := wrap(float64(b.Longitude-a.Longitude)) * metresPerDegree * shrink(float64(a.Latitude))
	return math.Hypot(dx, dy)
}

// shrink is the length of a degree of longitude against one of latitude.
func shrink(lat float64) float64 { return max(0.01, math.Cos(lat*math.Pi/180)) }

func wrap(lon float64) float64 {
	for lon > 180 {
		lon -= 360
	}
	for lon < -180 {
		lon += 360
	}
	return lon
}
