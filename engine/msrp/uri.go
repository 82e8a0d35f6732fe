package msrp

import (
	"net/netip"
	"strconv"
	"strings"
)

// URI is an MSRP URI (RFC 4975 §6). The zero value is no URI.
type URI struct {
	Secure    bool      // msrps
	User      string    // userinfo, untrusted, never compared
	Host      string    // name, IPv4 address or IPv6 address without brackets
	Port      uint16    // 0 means that the URI has none
	SessionID SessionID // empty means absent
	Transport string    // "tcp" unless the URI says otherwise
	Params    string    // everything after the transport, without its first semicolon
}

// ParseURI reads one URI. Lenient reads a missing transport as tcp; nothing else differs.
func ParseURI(s string, p Profile) (URI, error) {
	sp, fault := splitURI(s, p)
	if fault != "" {
		return URI{}, badRequest(fault)
	}
	u := URI{
		Secure:    sp.secure,
		User:      s[sp.user.a:sp.user.b],
		Host:      s[sp.host.a:sp.host.b],
		Port:      sp.port,
		SessionID: SessionID(s[sp.session.a:sp.session.b]),
		Transport: s[sp.transport.a:sp.transport.b],
		Params:    s[sp.params.a:sp.params.b],
	}
	if u.Transport == "" {
		u.Transport = "tcp"
	}
	return u, nil
}

// AppendText appends the URI as it goes on the wire.
func (u URI) AppendText(dst []byte) []byte {
	dst = append(dst, u.Scheme()...)
	dst = append(dst, "://"...)
	if u.User != "" {
		dst = append(append(dst, u.User...), '@')
	}
	if strings.IndexByte(u.Host, ':') >= 0 {
		dst = append(append(append(dst, '['), u.Host...), ']')
	} else {
		dst = append(dst, u.Host...)
	}
	if u.Port != 0 {
		dst = strconv.AppendUint(append(dst, ':'), uint64(u.Port), 10)
	}
	if u.SessionID != "" {
		dst = append(append(dst, '/'), u.SessionID...)
	}
	dst = append(append(dst, ';'), u.transport()...)
	if u.Params != "" {
		dst = append(append(dst, ';'), u.Params...)
	}
	return dst
}

// Wire is the URI as it goes on the wire and into SDP, session-id included.
func (u URI) Wire() string { return string(u.AppendText(nil)) }

// String is for people: the session-id is cut to six characters and userinfo left out.
func (u URI) String() string {
	u.User = ""
	if len(u.SessionID) > 6 {
		u.SessionID = u.SessionID[:6] + "..."
	}
	return u.Wire()
}

// GoString is String, so that no formatting verb shows the whole session-id.
func (u URI) GoString() string { return u.String() }

// Scheme is "msrp" or "msrps".
func (u URI) Scheme() string {
	if u.Secure {
		return "msrps"
	}
	return "msrp"
}

// Valid reports whether the URI, put on the wire, is one that a strict peer accepts.
func (u URI) Valid() bool {
	_, fault := splitURI(u.AppendText(nil), Strict)
	return fault == ""
}

func (u URI) transport() string {
	if u.Transport == "" {
		return "tcp"
	}
	return u.Transport
}

type span struct{ a, b uint32 }

type uriSpans struct {
	secure, noTransport                    bool
	port                                   uint16
	user, host, session, transport, params span
}

// splitURI finds the parts of a URI without copying. fault is empty when it is valid.
func splitURI[T ~string | ~[]byte](s T, p Profile) (u uriSpans, fault string) {
	i, end := 0, 0
	switch {
	case hasFoldPrefix(s, "msrp://"):
		i = 7
	case hasFoldPrefix(s, "msrps://"):
		i, u.secure = 8, true
	default:
		return u, "uri scheme"
	}
	for end = i; end < len(s) && s[end] != '/' && s[end] != ';'; {
		end++
	}
	if at := indexAt(s, i); at >= 0 {
		u.user = span{uint32(i), uint32(at)}
		if !allOf(s[i:at], classUser) {
			return u, "uri userinfo"
		}
		i = at + 1
		for end = i; end < len(s) && s[end] != '/' && s[end] != ';'; {
			end++
		}
	}
	if fault = splitAuthority(s, i, end, &u); fault != "" {
		return u, fault
	}
	if end < len(s) && s[end] == '/' {
		i = end + 1
		for end = i; end < len(s) && s[end] != ';'; {
			end++
		}
		u.session = span{uint32(i), uint32(end)}
		if end == i || !allOf(s[i:end], classSession) {
			return u, "uri session-id"
		}
	}
	return u, splitParams(s, end, p, &u)
}

// indexAt finds the end of a userinfo: an @ before any slash.
func indexAt[T ~string | ~[]byte](s T, i int) int {
	for ; i < len(s) && s[i] != '/'; i++ {
		if s[i] == '@' {
			return i
		}
	}
	return -1
}

func splitAuthority[T ~string | ~[]byte](s T, i, end int, u *uriSpans) (fault string) {
	literal, hostEnd := false, i
	if i < end && s[i] == '[' {
		for hostEnd < end && s[hostEnd] != ']' {
			hostEnd++
		}
		if hostEnd == end {
			return "uri host"
		}
		u.host = span{uint32(i + 1), uint32(hostEnd)}
		if a, err := netip.ParseAddr(string(s[i+1 : hostEnd])); err != nil || !a.Is6() || a.Zone() != "" {
			return "uri host"
		}
		literal = true
		hostEnd++
	} else {
		for hostEnd < end && s[hostEnd] != ':' {
			hostEnd++
		}
		u.host = span{uint32(i), uint32(hostEnd)}
		if hostEnd == i || !validHostName(s[i:hostEnd]) {
			return "uri host"
		}
		literal = isIPv4(s[i:hostEnd])
	}
	if hostEnd == end {
		if literal {
			return "uri address without port" // RFC 4975 §6
		}
		return ""
	}
	port, next, ok := number(s[:end], hostEnd+1)
	if s[hostEnd] != ':' || !ok || next != end || port < 1 || port > 65535 {
		return "uri port"
	}
	u.port = uint16(port)
	return ""
}

func splitParams[T ~string | ~[]byte](s T, i int, p Profile, u *uriSpans) (fault string) {
	if i == len(s) {
		u.noTransport = true
		if p == Strict {
			return "uri without transport"
		}
		return ""
	}
	i++ // the semicolon
	end := i
	for end < len(s) && s[end] != ';' {
		end++
	}
	u.transport = span{uint32(i), uint32(end)}
	if end == i || !allOf(s[i:end], classAlnum) {
		return "uri transport"
	}
	if end == len(s) {
		return ""
	}
	u.params = span{uint32(end + 1), uint32(len(s))}
	name := true // RFC 4975 §9: token, optionally = and a token
	for first := end + 1; ; first = end + 1 {
		name = true
		for end = first; end < len(s) && s[end] != ';'; end++ {
			if s[end] == '=' && name && end > first {
				name = false
				continue
			}
			if class[s[end]]&classToken == 0 {
				return "uri parameter"
			}
		}
		if end == first || s[end-1] == '=' {
			return "uri parameter"
		}
		if end == len(s) {
			return ""
		}
	}
}

func validHostName[T ~string | ~[]byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if class[s[i]]&classHost == 0 {
			return false
		}
		if s[i] == '%' {
			if i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
				return false
			}
			i += 2
		}
	}
	return true
}

func isIPv4[T ~string | ~[]byte](s T) bool {
	if len(s) < 7 || len(s) > 15 || s[0]-'0' > 9 {
		return false
	}
	a, err := netip.ParseAddr(string(s))
	return err == nil && a.Is4()
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// hasFoldPrefix reports whether s begins with the lower-case prefix, in any case.
func hasFoldPrefix[T ~string | ~[]byte](s T, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}
