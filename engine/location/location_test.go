package location

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
)

// RFC 5491 §5.2.5: the origin of an arc band is outside of it, so the circle shown must not sit on
// the origin, and must reach every corner.
func TestArcBandIsShownWhereItIs(t *testing.T) {
	s := vector(t, "P04").Locations[0].Shape
	c, r := s.Around()
	if distance(c, s.Center) < 500 {
		t.Error("centre lies inside the inner radius")
	}
	for _, bearing := range []float64{20, 52.5, 85} {
		for _, d := range []float64{500, 1200} {
			if distance(c, move(s.Center, bearing, d)) > float64(r)+1 {
				t.Error("a corner lies outside the circle")
			}
		}
	}
	wide := Shape{Kind: ArcBand, Center: s.Center, Outer: 900, Opening: 360}
	if c, r := wide.Around(); c != s.Center || r != 900 {
		t.Error("a full band must be covered by its outer circle")
	}
}

func TestPolygonAround(t *testing.T) {
	for _, name := range []string{"P05", "P06"} {
		s := vector(t, name).Locations[0].Shape
		if len(s.Ring) != 4 {
			t.Fatalf("%s: %d vertices, want 4", name, len(s.Ring))
		}
		c, r := s.Around()
		near(t, "latitude", c.Latitude, 44.95, 1e-9)
		near(t, "longitude", c.Longitude, -93.25, 1e-9)
		near(t, "radius", r, 6820, 60)
	}
	date := Shape{Kind: Polygon, Ring: []Position{{Latitude: -17, Longitude: 179.9}, {Latitude: -17, Longitude: -179.9}, {Latitude: -16.9, Longitude: 180}}}
	if _, r := date.Around(); r > 20_000 {
		t.Error("a polygon across the date line was spread over the globe")
	}
}

// RFC 5139 §3.1, RFC 6848 §4: the address reads as an address and hides no field.
func TestCivicLines(t *testing.T) {
	got := strings.Join(Lines(vector(t, "P07").Locations[0].Civic), "|")
	if want := "2210 Larch Ave|unit 7B|Falcon Heights MN 55108|US|MP 4.2"; got != want {
		t.Errorf("lines differ (%d bytes, want %d)", len(got), len(want))
	}
	if got := strings.Join(Lines(vector(t, "P14").Locations[0].Civic), "|"); got != "4 Ringstraße|Mühlendorf" {
		t.Error("Latin-1 text was read wrongly")
	}
}

// NENA-STA-010.3 §4.2.1.7: a default is taken only when there is nothing better, wherever it
// stands among the values.
func TestPreferAvoidsDefaults(t *testing.T) {
	dflt, cell, addr := vector(t, "P08"), vector(t, "P01"), vector(t, "P07")
	for _, docs := range [][]Document{{dflt, addr, cell}, {cell, dflt}, {addr, cell, dflt}} {
		if l, ok := Prefer(docs...); !ok || l.Method != "Cell" {
			t.Errorf("preferred %s", l.Method)
		}
	}
	if l, _ := Prefer(dflt, addr); l.Method != "Manual" {
		t.Error("an address must go before a default")
	}
	l, ok := Prefer(dflt)
	if !ok || !l.IsDefault() || l.ProvidedBy.Reveal() != "NGCS of the Example Region" {
		t.Error("a lone default must be given, as a default")
	}
	if _, ok := Prefer(); ok {
		t.Error("found a location in nothing")
	}
}

func TestTimestamp(t *testing.T) {
	if got := vector(t, "P01").Locations[0].Taken; !got.Equal(time.Date(2026, 4, 2, 9, 30, 5, 0, time.UTC)) {
		t.Errorf("taken at %v", got)
	}
}

// TestLimits holds the bounds that encoding/xml lacks.
func TestLimits(t *testing.T) {
	cases := []struct {
		name string
		doc  string
		want error
	}{
		{"bytes", strings.Repeat(" ", MaxBytes+1), ErrTooLarge},
		{"depth", strings.Repeat("<a>", maxDepth+1), ErrTooComplex},
		{"elements", "<a>" + strings.Repeat("<b/>", maxElements) + "</a>", ErrTooComplex},
		{"entity", `<!DOCTYPE a [<!ENTITY x "y">]><presence>&x;</presence>`, ErrGarbled},
		{"charset", `<?xml version="1.0" encoding="UTF-32"?><presence/>`, ErrGarbled},
		{"empty", "", ErrGarbled},
	}
	for _, c := range cases {
		if _, err := Decode([]byte(c.doc)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// Coordinates must not appear however a location is formatted.
func TestCoordinatesRedact(t *testing.T) {
	d := vector(t, "P01")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, v := range []any{d, d.Locations[0], *d.Locations[0].Shape, d.Locations[0].Model(d.Raw), d.Locations[0].Shape.Center.Latitude} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "44.97") || strings.Contains(s, "93.26") || strings.Contains(s, "5550118") {
				t.Errorf("%s of %T shows a coordinate or number", verb, v)
			}
		}
	}
}

// What Encode writes Decode reads back (RFC 4119 §2.2).
func TestEncodeRoundTrip(t *testing.T) {
	for _, s := range []Simple{
		{Latitude: 45.5, Longitude: -94.25, Radius: 300, Confidence: 90, Taken: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), Entity: callmodel.Private(`tel:"<&>`)},
		{Latitude: -1, Longitude: 1, Method: "Manual"},
	} {
		d, err := Decode(Encode(s))
		if err != nil || len(d.Locations) != 1 {
			t.Fatalf("%d locations, %v", len(d.Locations), err)
		}
		l := d.Locations[0]
		c, r := l.Shape.Around()
		if c.Latitude != s.Latitude || c.Longitude != s.Longitude || r != s.Radius || !l.Taken.Equal(s.Taken) {
			t.Error("read back differently")
		}
		if s.Entity != "" && d.Entity != s.Entity {
			t.Error("entity read back differently")
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"P01", "P04", "P06", "P07", "P14", "P15", "P22"} {
		f.Add([]byte(vector(f, name).Raw.Reveal()))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		d, err := Decode(doc)
		if err != nil {
			return
		}
		if len(d.Locations) == 0 || len(d.Locations) > maxFound+1 {
			t.Fatal("success with no location, or with too many")
		}
		for _, l := range d.Locations {
			l.Model(d.Raw)
			if l.Shape == nil {
				continue
			}
			if c, r := l.Shape.Around(); !(c.Latitude >= -90 && c.Latitude <= 90 && c.Longitude >= -180 && c.Longitude <= 180 && r >= 0) {
				t.Fatal("centre outside of the world")
			}
		}
	})
}

func BenchmarkDecodeCircle(b *testing.B) {
	doc := []byte(vector(b, "P01").Raw.Reveal())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleDecode() {
	doc := Encode(Simple{Latitude: 45, Longitude: -93, Radius: 250})
	d, err := Decode(doc)
	if err != nil {
		fmt.Println(err)
		return
	}
	where, _ := Prefer(d)
	fmt.Println(where.Shape.Kind, where.Method, where.Shape.Center.Latitude)
	// Output: circle Cell [coordinate]
}
