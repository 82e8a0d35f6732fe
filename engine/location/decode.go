package location

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"text911/callmodel"
)

// Decode reads a PIDF-LO, also one that is wrapped in a HELD locationResponse. A location in it
// that cannot be read exactly is left out; without any the error is ErrNoLocation.
func Decode(doc []byte) (Document, error) {
	root, err := parseTree(doc)
	if err != nil {
		return Document{}, err
	}
	presence := root
	if root.name != "presence" {
		if p := root.find("presence"); p != nil {
			presence = p
		}
	}
	d := Document{Entity: callmodel.Private(presence.attrs["entity"]), Raw: callmodel.Private(doc)}
	d.collect(presence, holder{})
	if len(d.Locations) == 0 {
		return Document{}, ErrNoLocation
	}
	order := map[string]int{"device": 0, "tuple": 1, "person": 2}
	sort.SliceStable(d.Locations, func(i, j int) bool { return order[d.Locations[i].Holder] < order[d.Locations[j].Holder] })
	return d, nil
}

// holder is the element a geopriv object belongs to.
type holder struct {
	name  string
	taken time.Time
}

// collect walks down to every geopriv element.
func (d *Document) collect(n *node, h holder) {
	switch n.name {
	case "device", "tuple", "person":
		h.name = n.name
		h.taken = timestamp(n.content("timestamp"))
	case "geopriv":
		d.geopriv(n, h)
		return
	}
	for _, c := range n.children {
		d.collect(c, h)
	}
}

// geopriv reads one location object (RFC 4119 §2.2). Shape and civic address in one object describe
// the same place (RFC 5491 §3.4) and become two values.
func (d *Document) geopriv(n *node, h holder) {
	info := n.find("location-info")
	if info == nil {
		return
	}
	base := Location{Method: n.content("method"), Taken: h.taken, Holder: h.name, Confidence: confidence(info)}
	if p := n.find("provided-by"); p != nil {
		base.ProvidedBy = callmodel.Private(p.allText())
	}
	for _, c := range info.children {
		if len(d.Locations) >= maxFound {
			return
		}
		l := base
		if strings.EqualFold(c.name, "civicAddress") {
			l.Civic = civic(c)
		} else {
			l.Shape = shape(c)
		}
		if l.Civic != nil || l.Shape != nil {
			d.Locations = append(d.Locations, l)
		}
	}
}

// confidence reads RFC 7459's element: 95 % when absent, 0 for unknown.
func confidence(info *node) int {
	c := info.find("confidence")
	if c == nil {
		for _, s := range info.children { // seen inside the shape as well
			if c = s.find("confidence"); c != nil {
				break
			}
		}
	}
	if c == nil {
		return 95
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(c.text), 64)
	if err != nil || !(f > 0 && f <= 100) {
		return 0
	}
	return max(1, int(f))
}

func timestamp(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

func isDefault(method string) bool { return strings.EqualFold(strings.TrimSpace(method), "Default") }

func civic(n *node) []CivicField {
	var out []CivicField
	for _, c := range n.children {
		if v := strings.Join(strings.Fields(c.text), " "); v != "" && len(out) < maxFields {
			out = append(out, CivicField{c.name, callmodel.Private(v)})
		}
	}
	return out
}
