package sipua

import (
	"strings"

	"text911/callmodel"
)

// readFacts reads what an ESInet request says of a call (NENA-STA-010.3 §4.1.2, §4.2.2.2). Nothing
// in it can fail: what cannot be read stays empty.
func readFacts(m *message) Facts {
	f := Facts{
		RequestURI: m.uri, Queue: m.uri,
		To:                 callmodel.Private(bracketed(m.get("to"))),
		GeolocationRouting: strings.ToLower(strings.TrimSpace(m.get("geolocation-routing"))),
		ResourcePriority:   m.tokens("resource-priority"),
		Reasons:            readReasons(m),
		Supported:          m.tokens("supported"),
		Require:            m.tokens("require"),
		Allow:              m.list("allow"),
		Accept:             m.tokens("accept"),
		UserAgent:          m.get("user-agent"),
		Language:           m.tokens("accept-language"),
		Parts:              readParts(m),
	}
	if routes := m.list("route"); len(routes) > 0 {
		f.Queue, f.Top = withoutParam(bracketed(routes[0]), "lr"), true
	}
	f.From = readAddress(m.get("from"))
	for _, v := range m.list("p-asserted-identity") {
		f.Asserted = append(f.Asserted, readAddress(v))
	}
	for i := range f.Allow {
		f.Allow[i] = strings.ToUpper(f.Allow[i])
	}
	f.readContact(m.list("contact"))
	f.readCallInfo(m.list("call-info"))
	for _, v := range m.list("geolocation") { // <URI> or, leniently, a bare one (RFC 6442 §4.1)
		if uri := bracketed(v); uri != "" {
			f.Geolocation = append(f.Geolocation, callmodel.Private(uri))
		}
	}
	for _, v := range m.list("history-info") {
		f.HistoryInfo = append(f.HistoryInfo, callmodel.Private(v))
	}
	return f
}

// readAddress reads a From, P-Asserted-Identity or similar value.
func readAddress(v string) Address {
	a := Address{URI: callmodel.Private(bracketed(v)), Name: callmodel.Private(displayName(v))}
	if s, ok := param(v, "verstat"); ok {
		a.Verstat = s
	} else if s, ok := param(a.URI.Reveal(), "verstat"); ok {
		a.Verstat = s
	}
	return a
}

func (f *Facts) readContact(values []string) {
	if len(values) == 0 {
		return
	}
	f.Contact = callmodel.Private(bracketed(values[0]))
	if _, ok := param(values[0], "isfocus"); ok {
		f.IsFocus = true
	}
}

// readCallInfo sorts the Call-Info values by purpose. Three spellings of the identifiers are in
// use: edition 3, the nena- ones of edition 2, and bare ones (NENA-STA-010.3 §2.1.6, §2.1.7).
func (f *Facts) readCallInfo(values []string) {
	for _, v := range values {
		uri := bracketed(v)
		purpose, _ := param(v, "purpose")
		f.CallInfo = append(f.CallInfo, CallInfo{URI: callmodel.Private(uri), Purpose: purpose})
		switch p := strings.ToLower(purpose); p {
		case "emergency-callid", "nena-callid", "callid":
			first(&f.EmergencyCallID, uri)
		case "emergency-incidentid", "nena-incidentid", "incidentid":
			first(&f.IncidentID, uri)
		case "emergency-source":
			first(&f.Source, uri)
		case "emergency-eido", "eido":
			f.EIDO = append(f.EIDO, uri)
		default:
			const prefix = "emergencycalldata."
			if strings.HasPrefix(p, prefix) {
				f.AdditionalData = append(f.AdditionalData, Block{Name: purpose[len(prefix):], URI: callmodel.Private(uri)})
			}
		}
	}
}

// first sets a value that is not set yet.
func first(to *string, v string) {
	if *to == "" {
		*to = v
	}
}
