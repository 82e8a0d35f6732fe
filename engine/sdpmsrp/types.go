package sdpmsrp

import "strings"

// TypeList is an accept-types or accept-wrapped-types list in order of
// preference (RFC 4975 §8.6): media types in lower case, type/* and * included.
type TypeList []string

// EndpointTypes is the list for a one-to-one session: what RFC 4975 §7.3.1, §13
// and §14.3 demand to be understood, plain text first so that peers need not
// wrap, and anything else at the end.
func EndpointTypes() TypeList {
	return TypeList{"text/plain", "message/cpim", "application/im-iscomposing+xml",
		"multipart/mixed", "multipart/alternative", "multipart/signed"}
}

// PSAPTypes is the list for a PSAP on an ESInet, where message/cpim leads so
// that every message carries its author and time (NENA-STA-010 §4.7.6).
func PSAPTypes() TypeList {
	return TypeList{"message/cpim", "text/plain", "application/im-iscomposing+xml",
		"multipart/mixed", "multipart/alternative", "multipart/signed"}
}

// EndpointWrappedTypes is the list of what is understood inside a container.
func EndpointWrappedTypes() TypeList {
	return TypeList{"text/plain", "application/im-iscomposing+xml", "message/imdn+xml"}
}

// parseTypes reads a list. odd counts items that are no media type; they are
// left out, as are parameters, which take no part in matching.
func parseTypes(value string) (list TypeList, odd int) {
	for _, item := range strings.Fields(value) {
		item, _, _ = strings.Cut(item, ";")
		item = strings.ToLower(strings.Trim(item, `"`))
		if !validTypeItem(item) {
			odd++
			continue
		}
		list = append(list, item)
	}
	return list, odd
}

func validTypeItem(item string) bool {
	if item == "*" {
		return true
	}
	major, minor, ok := strings.Cut(item, "/")
	return ok && validToken(major) && validToken(minor) && major != "*"
}

func validToken(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return true
}

// Accepts reports whether a message of the media type may be sent to the side
// that published the list. Parameters and case do not matter.
func (l TypeList) Accepts(mediaType string) bool {
	t, _, _ := strings.Cut(mediaType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	major, _, _ := strings.Cut(t, "/")
	for _, item := range l {
		if item == "*" || item == t || item == major+"/*" {
			return true
		}
	}
	return false
}

// PrefersCPIM reports whether the list begins with message/cpim, which asks the
// peer to wrap every instant message (RFC 4975 §13).
func (l TypeList) PrefersCPIM() bool { return len(l) > 0 && l[0] == "message/cpim" }

// shares reports whether some type is acceptable to both lists. A container
// that only one side wraps is no common payload by itself, so the lists are
// compared item by item, wildcards included.
func (l TypeList) shares(other TypeList) bool {
	for _, a := range l {
		for _, b := range other {
			if itemsMeet(a, b) {
				return true
			}
		}
	}
	return false
}

func itemsMeet(a, b string) bool {
	if a == "*" || b == "*" || a == b {
		return true
	}
	am, an, _ := strings.Cut(a, "/")
	bm, bn, _ := strings.Cut(b, "/")
	return am == bm && (an == "*" || bn == "*")
}

func (l TypeList) String() string { return strings.Join(l, " ") }
