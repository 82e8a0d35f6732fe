package sipua

import (
	"net/url"
	"slices"
	"strings"
)

// has says whether a list of lower-case tokens holds tag.
func has(list []string, tag string) bool { return slices.Contains(list, strings.ToLower(tag)) }

// contentID reduces a cid: URI or a Content-ID value to what both have in common: no scheme, no
// brackets, percent-decoded (RFC 2392 §2).
func contentID(s string) string {
	s = strings.TrimSpace(s)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
	if len(s) >= 4 && strings.EqualFold(s[:4], "cid:") {
		s = s[4:]
	}
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
