package content

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseAddress reads `name <uri>` or `"name" <uri>`. What has no angle brackets is taken
// as a URI.
func parseAddress(s string) Address {
	s = strings.TrimSpace(s)
	open := strings.LastIndexByte(s, '<')
	if open < 0 {
		return Address{URI: s}
	}
	uri := strings.TrimSuffix(s[open+1:], ">")
	name := strings.TrimSpace(s[:open])
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	return Address{Name: unescape(name), URI: uri}
}

// String is the form on the wire (RFC 3862 §4.1).
func (a Address) String() string {
	if a.Name == "" {
		return "<" + a.URI + ">"
	}
	return `"` + escape(a.Name, true) + `" <` + a.URI + ">"
}

// escape makes a value fit for one line (RFC 3862 §2.3).
func escape(s string, quoted bool) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '"' && quoted:
			b.WriteString(`\"`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\b':
			b.WriteString(`\b`)
		case r < 0x20 || r == 0x7f:
			b.WriteString(`\u00`)
			b.WriteString(strconv.FormatInt(int64(r)+0x100, 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unescape undoes escape. An unknown escape gives the character behind the backslash, a
// lone backslash at the end nothing.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		case 'b':
			b.WriteByte('\b')
		case 'u':
			if i+4 < len(s) {
				if v, err := strconv.ParseUint(s[i+1:i+5], 16, 16); err == nil {
					b.WriteRune(rune(v))
					i += 4
					continue
				}
			}
			b.WriteByte('u')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// fitLine reports whether s can stand in a header as it is: no line ends, no other
// controls, no outer blanks.
func fitLine(s string) bool {
	if s != strings.TrimSpace(s) || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return true
}
