package sipua

import (
	"text911/callmodel"
)

// Facts is what an ESInet request says about a call, read leniently and without judging it: a
// field that cannot be read is empty, and the message is still taken (NENA-STA-010.3 §3.1.1).
type Facts struct {
	RequestURI string // as received; stays urn:service:sos on an ESInet
	Queue      string // URI of the top Route without ;lr, else the Request-URI: the queue we are called as
	Top        bool   // true when Queue came from a Route header

	From     Address
	To       callmodel.Private
	Asserted []Address // P-Asserted-Identity, none to two
	Contact  callmodel.Private
	IsFocus  bool // Contact has ;isfocus: a conference-aware UA is in the path (§4.7.1)

	EmergencyCallID string     // Call-Info purpose emergency-CallId, nena-CallId or CallId; without <>
	IncidentID      string     // Call-Info purpose emergency-IncidentId, nena-IncidentId or IncidentId
	Source          string     // Call-Info purpose emergency-source, opaque
	EIDO            []string   // Call-Info purpose emergency-eido (or eido)
	AdditionalData  []Block    // Call-Info purpose EmergencyCallData.*
	CallInfo        []CallInfo // all of them, in order

	Geolocation        []callmodel.Private // URIs without <>, in order; several are normal
	GeolocationRouting string              // "yes", "no", or "" when absent (RFC 6442 §4.2)
	ResourcePriority   []string            // for example esnet.1 (RFC 4412, RFC 7135)
	HistoryInfo        []callmodel.Private // one value each, as received
	Reasons            []Reason

	Supported []string // option tags, lower case
	Require   []string // option tags, lower case
	Allow     []string // methods, upper case
	Accept    []string // media types, lower case, parameters dropped
	UserAgent string
	Language  []string // Accept-Language

	Parts []Part // body parts in order, multipart containers opened
}

// Address is a name-addr.
type Address struct {
	URI     callmodel.Private
	Name    callmodel.Private // display name without quotes
	Verstat string            // verstat parameter, of the URI or of the header (RFC 8224 practice)
}

// CallInfo is one value of a Call-Info header field (RFC 3261 §20.9). The bracket content is kept
// as opaque text because emergency-source is not a legal absolute URI.
type CallInfo struct {
	URI     callmodel.Private
	Purpose string // as received
}

// Block names one block of Additional Data (RFC 7852): by value when URI is cid:, else by
// reference.
type Block struct {
	Name string // the part of the purpose after "EmergencyCallData.", as received
	URI  callmodel.Private
}

// Part is one body part.
type Part struct {
	ContentType string            // media type, lower case, without parameters
	Params      map[string]string // parameters of Content-Type, names in lower case
	ID          string            // Content-ID without <>
	Disposition string            // Content-Disposition type, lower case
	Body        callmodel.Private // transfer encoding removed
}

// SDP is the first part of type application/sdp, nil when there is none.
func (f *Facts) SDP() []byte {
	for _, p := range f.Parts {
		if p.ContentType == "application/sdp" {
			return []byte(p.Body.Reveal())
		}
	}
	return nil
}

// Part finds the body part that a cid: URI names (RFC 2392): compared without brackets and
// percent-decoded.
func (f *Facts) Part(cid string) (Part, bool) {
	want := contentID(cid)
	for _, p := range f.Parts {
		if p.ID != "" && p.ID == want {
			return p, true
		}
	}
	return Part{}, false
}

// Has says whether the far end listed the option tag in Supported or Require.
func (f *Facts) Has(tag string) bool { return has(f.Supported, tag) || has(f.Require, tag) }
