package msrp

import (
	"bytes"
	"strings"
)

// Path is a list of URIs, next hop first (RFC 4975 §7.1).
type Path []URI

// RawPath is a path as it stands on the wire: URIs with one space between them. One that
// comes from a Frame has been checked.
type RawPath []byte

// ParsePath reads a path of at most MaxPathURIs URIs.
func ParsePath(s string, p Profile) (Path, error) {
	if n := strings.Count(s, " ") + 1; n > MaxPathURIs {
		return nil, badRequest("too many uris in path")
	}
	var path Path
	for part := range strings.SplitSeq(s, " ") {
		u, err := ParseURI(part, p)
		if err != nil {
			return nil, err
		}
		path = append(path, u)
	}
	return path, nil
}

// Raw gives the wire form.
func (p Path) Raw() RawPath {
	var b []byte
	for i, u := range p {
		if i > 0 {
			b = append(b, ' ')
		}
		b = u.AppendText(b)
	}
	return b
}

// String is for people: session-ids are cut.
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, u := range p {
		parts[i] = u.String()
	}
	return strings.Join(parts, " ")
}

// Equal compares URI by URI.
func (p Path) Equal(other Path) bool {
	if len(p) != len(other) {
		return false
	}
	for i := range p {
		if !p[i].Equal(other[i]) {
			return false
		}
	}
	return true
}

// First is the leftmost URI, the next hop.
func (p RawPath) First() RawPath {
	if i := bytes.IndexByte(p, ' '); i >= 0 {
		return p[:i]
	}
	return p
}

// Last is the rightmost URI, the far endpoint.
func (p RawPath) Last() RawPath { return p[bytes.LastIndexByte(p, ' ')+1:] }

// Count is the number of URIs.
func (p RawPath) Count() int {
	if len(p) == 0 {
		return 0
	}
	return bytes.Count(p, []byte{' '}) + 1
}

// Parse gives the URIs as values that do not share memory with p.
func (p RawPath) Parse(profile Profile) (Path, error) { return ParsePath(string(p), profile) }

// checkPath validates without copying; noTransport tells that Lenient had to add one.
func checkPath(b []byte, p Profile, maxURIs int) (noTransport bool, fault string) {
	for n := 1; ; n++ {
		if n > maxURIs {
			return false, "too many uris in path"
		}
		i := bytes.IndexByte(b, ' ')
		one := b
		if i >= 0 {
			one = b[:i]
		}
		u, fault := splitURI(one, p)
		if fault != "" {
			return false, fault
		}
		noTransport = noTransport || u.noTransport
		if i < 0 {
			return noTransport, ""
		}
		b = b[i+1:]
	}
}
