package sdpmsrp

import (
	"github.com/pion/sdp/v3"
)

// Options are the choices of a reader that do not depend on the dialog.
type Options struct {
	// Strict refuses what the run-time default repairs.
	Strict bool
	// AllowSHA1 accepts sha-1 fingerprints.
	AllowSHA1 bool
}

// Section is one m= line of a received description.
type Section struct {
	// Index counts m= lines from 0; answers keep number and order.
	Index int
	// Line is the m= value exactly as received.
	Line string
	// Media is set for an MSRP line and nil for any other medium.
	Media *Media
	// Fault says why an MSRP line cannot be used; nil when it can.
	Fault *Error

	slot slot
}

// Description is a received session description.
type Description struct {
	// Original is the description exactly as received.
	Original []byte
	// Origin is the o= value exactly as received. Two descriptions of a dialog
	// with the same Origin are the same description (RFC 3264 §8).
	Origin string
	// Sections are the m= lines in order.
	Sections []Section
	// Quirks are the deviations that were tolerated.
	Quirks Quirks
}

// Parse reads a session description: canonical form, strict parser, validation,
// in this order. An error is an *Error and concerns the whole description; a
// fault of one line is in its Section.
func Parse(in []byte, o Options) (*Description, error) {
	c, err := canonicalise(in)
	if err != nil {
		return nil, err
	}
	if o.Strict && c.quirks.Has(QuirkMissing) {
		return nil, refuse(warnMiscellaneous, "a line every description has is missing")
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(c.strict()); err != nil {
		return nil, refuse(warnMiscellaneous, "not a session description")
	}
	if len(parsed.MediaDescriptions) != len(c.slots) {
		return nil, refuse(warnMiscellaneous, "media lines lost in parsing")
	}
	d := &Description{Original: append([]byte(nil), in...), Origin: c.origin}
	for i, s := range c.slots {
		section := Section{Index: i, Line: s.value(), slot: s}
		if s.isMSRP() {
			r := reader{strict: o.Strict, allowSHA1: o.AllowSHA1, session: &parsed,
				section: parsed.MediaDescriptions[i], block: &c.media[i], slot: s, quirks: &c.quirks}
			section.Media, section.Fault = r.read()
		}
		d.Sections = append(d.Sections, section)
	}
	d.Quirks = c.quirks
	return d, nil
}
