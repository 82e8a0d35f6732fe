package leg

import (
	"text911/callmodel"
	"text911/engine/location"
)

// readLocation reads a PIDF-LO into the domain's words. The document stays with the first of its
// locations, so that it is kept once.
func readLocation(doc callmodel.Private) ([]callmodel.Location, error) {
	d, err := location.Decode([]byte(doc.Reveal()))
	if err != nil {
		return nil, err
	}
	out := make([]callmodel.Location, 0, len(d.Locations))
	raw := doc
	for _, l := range d.Locations {
		out = append(out, l.Model(raw))
		raw = ""
	}
	return out, nil
}
