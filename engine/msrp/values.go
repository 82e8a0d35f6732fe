package msrp

import (
	"math"
	"strconv"
)

// Flag ends a frame and says whether more of the message follows (RFC 4975 §7.1).
type Flag byte

// The three continuation flags.
const (
	Complete Flag = '$' // these were the last octets of the message
	More     Flag = '+' // more chunks of the message follow
	Abort    Flag = '#' // the sender gave the message up
)

func (f Flag) valid() bool { return f == Complete || f == More || f == Abort }

// Method is a request's method, as written on the wire. Names are case-sensitive.
type Method string

// The methods of RFC 4975, RFC 4976 and RFC 7701.
const (
	SEND     Method = "SEND"
	REPORT   Method = "REPORT"
	AUTH     Method = "AUTH"
	NICKNAME Method = "NICKNAME"
)

// FailureReport is what the sender of a SEND wants to hear (RFC 4975 §7.1.1).
type FailureReport uint8

// The three wishes. FailureYes is the default and means the header is left out.
const (
	FailureYes     FailureReport = iota // every SEND is answered
	FailurePartial                      // only errors are answered
	FailureNo                           // nothing is answered
)

// Unknown stands for `*` in a ByteRange.
const Unknown int64 = -1

// ByteRange is where a chunk lies in its message, counted in octets from 1
// (RFC 4975 §7.1.1). End and Total may be Unknown.
type ByteRange struct {
	Start, End, Total int64
}

// AppendText appends the header value.
func (r ByteRange) AppendText(dst []byte) []byte {
	dst = strconv.AppendInt(dst, r.Start, 10)
	dst = append(dst, '-')
	dst = appendPosition(dst, r.End)
	dst = append(dst, '/')
	return appendPosition(dst, r.Total)
}

// String is the header value.
func (r ByteRange) String() string { return string(r.AppendText(nil)) }

func appendPosition(dst []byte, v int64) []byte {
	if v < 0 {
		return append(dst, '*')
	}
	return strconv.AppendInt(dst, v, 10)
}

// ParseByteRange reads a Byte-Range value and refuses impossible arithmetic. Whether the
// announced size is acceptable is the session's question, not the codec's.
func ParseByteRange[T ~string | ~[]byte](s T) (ByteRange, error) {
	r, text := parseByteRange(s)
	if text != "" {
		return ByteRange{}, badRequest(text)
	}
	return r, nil
}

func parseByteRange[T ~string | ~[]byte](s T) (r ByteRange, fault string) {
	i, ok := 0, false
	if r.Start, i, ok = number(s, 0); !ok || i >= len(s) || s[i] != '-' {
		return r, "byte range syntax"
	}
	if r.End, i, ok = numberOrStar(s, i+1); !ok || i >= len(s) || s[i] != '/' {
		return r, "byte range syntax"
	}
	if r.Total, i, ok = numberOrStar(s, i+1); !ok || i != len(s) {
		return r, "byte range syntax"
	}
	switch {
	case r.Start < 1:
		return r, "byte range starts below 1"
	case r.End != Unknown && r.End < r.Start-1:
		return r, "byte range ends before it starts"
	case r.Total != Unknown && r.Start-1 > r.Total:
		return r, "byte range starts beyond the total"
	}
	return r, ""
}

// number reads decimal digits from s[i:]; ok is false for none or for more than 63 bits.
func number[T ~string | ~[]byte](s T, i int) (v int64, next int, ok bool) {
	first := i
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			break
		}
		if v > (math.MaxInt64-int64(d))/10 {
			return 0, i, false
		}
		v = v*10 + int64(d)
	}
	return v, i, i > first
}

func numberOrStar[T ~string | ~[]byte](s T, i int) (int64, int, bool) {
	if i < len(s) && s[i] == '*' {
		return Unknown, i + 1, true
	}
	return number(s, i)
}

// Status is the Status header of a REPORT (RFC 4975 §7.1.2): namespace 000 means that Code
// is a response code.
type Status struct {
	Namespace int
	Code      int
}

func parseStatus(s []byte) (Status, bool) {
	if len(s) < 7 || s[3] != ' ' || (len(s) > 7 && s[7] != ' ') {
		return Status{}, false
	}
	ns, ok := threeDigits(s[:3])
	code, ok2 := threeDigits(s[4:7])
	return Status{ns, code}, ok && ok2
}

func threeDigits(s []byte) (int, bool) {
	if len(s) != 3 || s[0]-'0' > 9 || s[1]-'0' > 9 || s[2]-'0' > 9 {
		return 0, false
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0'), true
}
