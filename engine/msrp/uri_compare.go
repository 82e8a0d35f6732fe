package msrp

import (
	"crypto/subtle"
	"net/netip"
	"strconv"
	"strings"
)

// Key identifies what a URI names: two URIs are equal exactly if their keys are
// (RFC 4975 §6.1). Keys hold the session-id and must not be logged.
type Key string

// Key builds the canonical form: scheme, host, port, session-id and transport. Userinfo
// and other parameters do not take part.
func (u URI) Key() Key {
	b := make([]byte, 0, len(u.Host)+len(u.SessionID)+24)
	b = append(b, u.Scheme()...)
	b = append(b, ' ')
	b = appendCanonicalHost(b, u.Host)
	b = append(b, ' ')
	b = strconv.AppendUint(b, uint64(u.Port), 10) // port 0 cannot be written, so it means absent
	b = append(b, ' ')
	b = append(b, strings.ToLower(u.transport())...)
	b = append(b, ' ')
	return Key(append(b, u.SessionID...))
}

// Equal compares two URIs. The time it takes does not tell how much of a session-id is
// right.
func (u URI) Equal(other URI) bool { return u.Key().Equal(other.Key()) }

// Equal compares keys in constant time.
func (k Key) Equal(other Key) bool {
	return subtle.ConstantTimeCompare([]byte(k), []byte(other)) == 1
}

func appendCanonicalHost(dst []byte, host string) []byte {
	if strings.IndexByte(host, ':') >= 0 || isIPv4(host) {
		if a, err := netip.ParseAddr(host); err == nil {
			return append(a.AppendTo(append(dst, '[')), ']') // brackets keep addresses and names apart
		}
	}
	for i := 0; i < len(host); i++ {
		if c, ok := unreservedEscape(host, i); ok {
			dst = append(dst, lower(c))
			i += 2
			continue
		}
		dst = append(dst, lower(host[i]))
	}
	return dst
}

// unreservedEscape decodes a percent-escape that stands for a character which needs none.
// Others keep their escape: decoding them would change what the name means.
func unreservedEscape(s string, i int) (byte, bool) {
	if s[i] != '%' || i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
		return 0, false
	}
	c := byte(hexDigit(s[i+1])<<4 | hexDigit(s[i+2]))
	if class[c]&classAlnum != 0 || strings.IndexByte("-._~", c) >= 0 {
		return c, true
	}
	return 0, false
}
