package msrp

var crlf = []byte("\r\n")

type header uint8

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

func knownHeader(name []byte) header { return headerOther }

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
