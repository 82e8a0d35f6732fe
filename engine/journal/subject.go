package journal

import (
	"fmt"
	"strings"
)

const (
	subjectRoot  = "t911."
	streamPrefix = "T911_"
	putToken     = ".put."
	evtToken     = ".evt."
)

// PSAPToken is the PSAP's name as it stands in subjects and stream names: dots
// become "-", anything but letters, digits, "-" and "_" is escaped like
// EscapeToken does.
func PSAPToken(psap string) string {
	return EscapeToken(strings.ReplaceAll(psap, ".", "-"))
}

// StreamName is the JetStream stream of a PSAP.
func StreamName(psap string) string { return streamPrefix + PSAPToken(psap) }

// EventSubject is the subject under which readers see a record.
func EventSubject(psap, call, kind string) string {
	return subjectRoot + PSAPToken(psap) + evtToken + EscapeToken(call) + "." + kind
}

// EscapeToken makes s usable as one token of a NATS subject: every byte that
// is not a letter, a digit, "-" or "_" becomes "=" and two hexadecimal digits.
// UnescapeToken is its inverse.
func EscapeToken(s string) string {
	if plainToken(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if plainByte(s[i]) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "=%02X", s[i])
		}
	}
	return b.String()
}

// UnescapeToken undoes EscapeToken. What EscapeToken cannot have made is
// returned as it is.
func UnescapeToken(s string) string {
	if !strings.Contains(s, "=") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return s
		}
		hi, lo := unhex(s[i+1]), unhex(s[i+2])
		if hi < 0 || lo < 0 {
			return s
		}
		out = append(out, byte(hi<<4|lo))
		i += 2
	}
	return string(out)
}

func plainToken(s string) bool {
	for i := range len(s) {
		if !plainByte(s[i]) {
			return false
		}
	}
	return true
}

func plainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// validKind reports whether k is noun.verb in lower case.
func validKind(k string) bool {
	dots := 0
	for i := range len(k) {
		c := k[i]
		if c == '.' {
			if i == 0 || i == len(k)-1 {
				return false
			}
			dots++
			continue
		}
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return dots == 1
}

// splitSubject takes call and kind out of the part of an event subject behind
// "t911.<psap>.evt.".
func splitSubject(rest string) (call, kind string, ok bool) {
	i := strings.IndexByte(rest, '.')
	if i <= 0 || !validKind(rest[i+1:]) {
		return "", "", false
	}
	return UnescapeToken(rest[:i]), rest[i+1:], true
}
