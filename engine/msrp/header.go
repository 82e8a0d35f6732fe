package msrp

import (
	"bytes"
	"unicode/utf8"
)

var crlf = []byte("\r\n")

// hyphens open every end-line (RFC 4975 §7.1).
const hyphens = "-------"

type header uint8

// The headers that the codec itself understands; each may stand once in a frame.
const (
	headerOther header = iota
	headerTo
	headerFrom
	headerMessageID
	headerRange
	headerSuccess
	headerFailure
	headerStatus
	headerContentType
	headerNickname
	headerAuthorization
	headerExpires
	numHeaders
)

var headerNames = [numHeaders]string{
	"", "To-Path", "From-Path", "Message-ID", "Byte-Range", "Success-Report", "Failure-Report",
	"Status", "Content-Type", "Use-Nickname", "Authorization", "Expires",
}

// knownHeader finds a header by name, without regard to case (RFC 4975 §9). The usual
// spelling is found without a loop.
func knownHeader(name []byte) header {
	switch string(name) {
	case "To-Path":
		return headerTo
	case "From-Path":
		return headerFrom
	case "Message-ID":
		return headerMessageID
	case "Byte-Range":
		return headerRange
	case "Content-Type":
		return headerContentType
	case "Success-Report":
		return headerSuccess
	case "Failure-Report":
		return headerFailure
	case "Status":
		return headerStatus
	}
	for h := headerTo; h < numHeaders; h++ {
		if equalFold(name, headerNames[h]) {
			return h
		}
	}
	return headerOther
}

// stored tells the headers that Frame and Request have fields for; the rest travels as
// Header.
func (h header) stored() bool { return h != headerOther && h < headerNickname }

func equalFold[A, B ~string | ~[]byte](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func validHeaderName[T ~string | ~[]byte](name T) bool {
	if len(name) == 0 {
		return false
	}
	c := lower(name[0])
	return c >= 'a' && c <= 'z' && allOf(name, classToken)
}

// validText reports whether a header value is UTF-8 without control characters other than
// tab. Eight octets are looked at together as long as they are plain ASCII.
func validText(s []byte) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		v := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		const ones, highs = 0x0101010101010101, 0x8080808080808080
		if v&highs != 0 || (v-0x20*ones)&highs != 0 || (v+ones)&highs != 0 {
			return validTextSlow(s[i:])
		}
	}
	return validTextSlow(s[i:])
}

func validTextSlow(s []byte) bool {
	ascii := true
	for _, c := range s {
		if (c < 0x20 && c != '\t') || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.Valid(s)
}

func trimBlanks(s []byte) []byte { return bytes.TrimLeft(s, " \t") }
