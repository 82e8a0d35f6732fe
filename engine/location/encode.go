package location

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"text911/callmodel"
)

// Simple is what a simulated texter or an originating network says: a point or a circle.
type Simple struct {
	Entity              callmodel.Private // empty: pres:anonymous@example.invalid
	Latitude, Longitude Number
	Radius              Number // metres; 0 makes a Point
	Method              string // empty: Cell
	Confidence          int    // 0 leaves it out
	Taken               time.Time
}

// Encode writes a PIDF-LO with one device (RFC 4119, RFC 5491 §5).
func Encode(s Simple) []byte {
	var b strings.Builder
	text := func(v string) string {
		var e strings.Builder
		_ = xml.EscapeText(&e, []byte(v)) // a strings.Builder does not fail
		return e.String()
	}
	num := func(n Number) string { return strconv.FormatFloat(float64(n), 'f', -1, 64) }
	entity, method := s.Entity.Reveal(), s.Method
	if entity == "" {
		entity = "pres:anonymous@example.invalid"
	}
	if method == "" {
		method = "Cell"
	}
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\r\n" +
		`<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"` +
		` xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"` +
		` xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"` +
		` entity="` + text(entity) + `">` + "\r\n" + `<dm:device id="d"><gp:geopriv><gp:location-info>`)
	pos := `<gml:pos>` + num(s.Latitude) + " " + num(s.Longitude) + `</gml:pos>`
	const crs = ` srsName="urn:ogc:def:crs:EPSG::4326"`
	if s.Radius > 0 {
		b.WriteString(`<gs:Circle` + crs + `>` + pos + `<gs:radius uom="urn:ogc:def:uom:EPSG::9001">` + num(s.Radius) + `</gs:radius></gs:Circle>`)
	} else {
		b.WriteString(`<gml:Point` + crs + `>` + pos + `</gml:Point>`)
	}
	if s.Confidence > 0 {
		b.WriteString(`<con:confidence pdf="normal">` + strconv.Itoa(s.Confidence) + `</con:confidence>`)
	}
	b.WriteString(`</gp:location-info><gp:usage-rules/><gp:method>` + text(method) + `</gp:method></gp:geopriv>`)
	if !s.Taken.IsZero() {
		b.WriteString(`<dm:timestamp>` + s.Taken.UTC().Format(time.RFC3339) + `</dm:timestamp>`)
	}
	b.WriteString(`</dm:device></presence>` + "\r\n")
	return []byte(b.String())
}
