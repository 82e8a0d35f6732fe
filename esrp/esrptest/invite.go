package esrptest

import (
	"fmt"
	"strings"
	"time"

	"text911/callmodel"
	"text911/engine/location"
	"text911/engine/sipua"
)

// Caller is who texts. The zero value is an anonymous texter without a location.
type Caller struct {
	Number    callmodel.Private // for example +12025550143; empty: one is made up
	Name      callmodel.Private
	Languages []string // of the texts; nil: en
	Place     *Place
	// Reference adds a location URI besides (HELD dereference, RFC 6442).
	Reference string
	// Service overrides Config.Service.
	Service string
	// Bare leaves out identifiers, additional data and asserted identity.
	Bare bool
}

// Place is where a texter is, as a circle.
type Place struct {
	Latitude, Longitude location.Number
	Radius              location.Number
	Method              string // empty: Cell
}

// headers are what an ESRP puts into an INVITE (NENA-STA-010.3 §4.1.2, §4.2.2.2).
func (t *Texter) headers() []sipua.Header {
	e := t.net.cfg.Element
	if t.caller.Bare {
		return nil
	}
	h := []sipua.Header{
		{Name: "P-Asserted-Identity", Value: t.identity()},
		{Name: "Resource-Priority", Value: "esnet.1"},
		{Name: "Call-Info", Value: fmt.Sprintf("<urn:emergency:uid:callid:%s:%s>;purpose=emergency-CallId", t.ids.call, e)},
		{Name: "Call-Info", Value: fmt.Sprintf("<urn:emergency:uid:incidentid:%s:%s>;purpose=emergency-IncidentId", t.ids.incident, e)},
		{Name: "Call-Info", Value: fmt.Sprintf("<%s@%s>;purpose=emergency-source", t.ids.source, e)},
		{Name: "Call-Info", Value: fmt.Sprintf("<cid:%s>;purpose=EmergencyCallData.ServiceInfo", t.cid("service"))},
		{Name: "Call-Info", Value: fmt.Sprintf("<cid:%s>;purpose=EmergencyCallData.ProviderInfo", t.cid("provider"))},
	}
	var places []string
	if t.caller.Place != nil {
		places = append(places, "<cid:"+t.cid("location")+">")
	}
	if t.caller.Reference != "" {
		places = append(places, "<"+t.caller.Reference+">")
	}
	if len(places) > 0 {
		h = append(h, sipua.Header{Name: "Geolocation", Value: strings.Join(places, ", ")},
			sipua.Header{Name: "Geolocation-Routing", Value: "yes"})
	}
	return h
}

func (t *Texter) cid(what string) string { return what + t.ids.call + "@" + t.net.cfg.Element }

func (t *Texter) identity() string {
	uri := "<sip:" + t.caller.Number.Reveal() + "@" + t.net.cfg.Element + ";user=phone>"
	if t.caller.Name != "" {
		return `"` + t.caller.Name.Reveal() + `" ` + uri
	}
	return uri
}

// parts are the body parts beside the session description (RFC 6442 §3.2, RFC 7852 §6).
func (t *Texter) parts() []sipua.Part {
	var parts []sipua.Part
	if t.caller.Place != nil {
		parts = append(parts, t.placePart(*t.caller.Place))
	}
	if t.caller.Bare {
		return parts
	}
	block := func(name, id, members string) sipua.Part {
		return sipua.Part{ContentType: "application/EmergencyCallData." + name + "+xml", ID: t.cid(id), Disposition: "by-reference",
			Body: callmodel.Private(fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>`+"\r\n"+
				`<d:EmergencyCallData.%[1]s xmlns:d="urn:ietf:params:xml:ns:EmergencyCallData:%[1]s">`+
				`<d:DataProviderReference>%[2]s</d:DataProviderReference>%[3]s</d:EmergencyCallData.%[1]s>`+"\r\n",
				name, t.ids.call, members))}
	}
	return append(parts,
		block("ServiceInfo", "service", `<d:ServiceEnvironment>Unknown</d:ServiceEnvironment><d:ServiceType>wireless</d:ServiceType>`+
			`<d:ServiceMobility>Mobile</d:ServiceMobility>`),
		block("ProviderInfo", "provider", `<d:DataProviderString>Simulated text network</d:DataProviderString>`+
			`<d:ProviderID>`+t.net.cfg.Element+`</d:ProviderID><d:ProviderIDSeries>domain</d:ProviderIDSeries>`+
			`<d:TypeOfProvider>Telecom Provider</d:TypeOfProvider><d:ContactURI>tel:+12025550100</d:ContactURI><d:Language>en</d:Language>`))
}

func (t *Texter) placePart(p Place) sipua.Part {
	doc := location.Encode(location.Simple{Entity: "tel:" + t.caller.Number, Latitude: p.Latitude, Longitude: p.Longitude,
		Radius: p.Radius, Method: p.Method, Confidence: 90, Taken: t.net.cfg.Now().Truncate(time.Second)})
	return sipua.Part{ContentType: "application/pidf+xml", ID: t.cid("location"), Body: callmodel.Private(doc)}
}
