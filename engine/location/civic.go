package location

import "strings"

// Lines writes a civic address the way an address is read in the United States: house and street,
// unit, place, city with state and postal code, then every field that has no place in those lines
// with its name, so that nothing is hidden (RFC 5139 §3.1, RFC 6848 §4).
func Lines(fields []CivicField) []string {
	value, used := map[string]string{}, map[string]bool{}
	for _, f := range fields {
		if value[f.Name] == "" {
			value[f.Name] = f.Value.Reveal()
		}
	}
	line := func(names ...string) string {
		var words []string
		for _, n := range names {
			used[n] = true
			if v := value[n]; v != "" {
				words = append(words, v)
			}
		}
		return strings.Join(words, " ")
	}
	labelled := func(label, name string) string {
		used[name] = true
		if v := value[name]; v != "" {
			return label + " " + v
		}
		return ""
	}
	out := []string{
		line("HNP", "HNO", "HNS", "PRM", "PRD", "STP", "STPS", "RD", "STS", "POD", "POM", "RDSEC", "RDBR", "RDSUBBR"),
		line("LMKP", "LMK"), line("NAM"), labelled("building", "BLD"), labelled("floor", "FLR"),
		labelled("unit", "UNIT"), labelled("room", "ROOM"), labelled("seat", "SEAT"), line("LOC"),
		line("A4"), line("A3", "A1", "PC"), line("A2"), line("country"),
	}
	for _, f := range fields {
		if !used[f.Name] {
			out = append(out, f.Name+" "+f.Value.Reveal())
		}
	}
	kept := out[:0]
	for _, l := range out {
		if l != "" {
			kept = append(kept, l)
		}
	}
	return kept
}
