package callmodel

import "time"

// Content is what a message carries. Text is set for text/plain; Body holds anything else that is
// small enough for the log (ContentType says what it is).
type Content struct {
	ContentType string  `json:"content_type"`
	Text        Private `json:"text,omitempty"`
	Body        []byte  `json:"body,omitempty"`
	Size        int     `json:"size,omitempty"` // octets as received, when it differs from what is kept
	Language    string  `json:"language,omitempty"`
	// Placeholder is true when the content could not be kept or shown and only type and size are known.
	Placeholder bool `json:"placeholder,omitempty"`
}

// PlainText is Content of a text.
func PlainText(s string) Content {
	return Content{ContentType: "text/plain", Text: Private(s)}
}

// Party is one end of a call as the network tells it.
type Party struct {
	Address Private `json:"address,omitempty"` // sip: or tel: URI, preferred for call-back
	Name    Private `json:"name,omitempty"`
	// Asserted is true when the address is from P-Asserted-Identity.
	Asserted bool `json:"asserted,omitempty"`
	// Verstat is the STIR result as received (TN-Validation-Passed, …), empty when none.
	Verstat string `json:"verstat,omitempty"`
}

// Location is one value of where the caller may be. Exactly what was received stays in Raw.
type Location struct {
	Shape      string    `json:"shape,omitempty"`     // circle, point, ellipse, arc_band, polygon, civic, reference
	Latitude   Private   `json:"latitude,omitempty"`  // decimal degrees, WGS84, of the centre
	Longitude  Private   `json:"longitude,omitempty"` // decimal degrees, WGS84, of the centre
	RadiusM    Private   `json:"radius_m,omitempty"`  // metres
	Civic      Private   `json:"civic,omitempty"`     // address lines joined by ", "
	Reference  Private   `json:"reference,omitempty"` // location by reference: the URI (RFC 6442 §4.1)
	Method     string    `json:"method,omitempty"`    // Cell, GPS, Default … (RFC 4119)
	Default    bool      `json:"default,omitempty"`   // not the caller's position but a stand-in (i3 §4.2.1.7)
	Confidence int       `json:"confidence,omitempty"`
	Taken      time.Time `json:"taken,omitzero"` // when the position was determined, zero if unknown
	Raw        Private   `json:"raw,omitempty"`  // the PIDF-LO as received
}

// Identifiers are the names other systems know the call by.
type Identifiers struct {
	EmergencyCall EmergencyCallID `json:"emergency_call_id"`
	Incident      IncidentID      `json:"incident_id"`
	// Source is the BCF's opaque emergency-source value, for bad-actor reports.
	Source string `json:"source,omitempty"`
	// SIPCallID is the Call-ID of the caller's dialog.
	SIPCallID string `json:"sip_call_id,omitempty"`
}

// AdditionalData is one EmergencyCallData block (RFC 7852), by value or by reference.
type AdditionalData struct {
	Block     string  `json:"block"` // ServiceInfo, ProviderInfo, …
	Reference string  `json:"reference,omitempty"`
	Value     Private `json:"value,omitempty"`
}

// Capability is what the far end of a leg can take.
type Capability struct {
	AcceptTypes []string `json:"accept_types,omitempty"`
	MaxSize     int      `json:"max_size,omitempty"` // octets, 0 = not stated
	Languages   []string `json:"languages,omitempty"`
}
