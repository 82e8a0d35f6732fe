package bus

import (
	"fmt"
	"strings"

	"text911/callmodel"
)

const (
	root         = "t911."
	headerAgent  = "T911-Agent"
	headerSeq    = "Nats-Sequence"
	commandGroup = "text911"
)

// commandSubject is where a command of a type goes.
func commandSubject(psap callmodel.PSAPID, typ string) string {
	return root + psapToken(psap) + ".cmd." + typ
}

// eventSubject is where an event is published.
func eventSubject(psap callmodel.PSAPID, call callmodel.CallID, k callmodel.Kind) string {
	return root + psapToken(psap) + ".evt." + escape(string(call)) + "." + string(k)
}

// psapToken is a PSAP's name in subjects.
func psapToken(psap callmodel.PSAPID) string {
	return escape(strings.ReplaceAll(string(psap), ".", "-"))
}

// escape makes s one token: what is neither letter, digit, "-" nor "_" becomes "=" and two
// hexadecimal digits.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}
