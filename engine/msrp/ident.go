package msrp

import "io"

// TransactionID names one request and its response on one connection (RFC 4975 §7.1).
type TransactionID string

// MessageID names one message, whatever the number of its chunks (RFC 4975 §7.1.1).
type MessageID string

// SessionID is the secret part of a session URI (RFC 4975 §6, §14.1). Format it for people
// with String, which keeps most of it back; Full gives all of it.
type SessionID string

// String shows at most the first six characters, since knowing a session-id is being
// allowed to use the session.
func (s SessionID) String() string {
	if len(s) <= 6 {
		return string(s)
	}
	return string(s[:6]) + "..."
}

// GoString is String, so that no formatting verb shows the whole id.
func (s SessionID) GoString() string { return s.String() }

// Full gives the whole session-id, for the wire only.
func (s SessionID) Full() string { return string(s) }

// Lengths of generated identifiers. 16 characters of 62 carry 95 bits, 22 carry 130, 24
// carry 142; RFC 4975 §7.1 and §14.1 ask for 64 and 80.
const (
	TransactionIDLength = 16
	MessageIDLength     = 22
	SessionIDLength     = 24
)

// Valid reports whether the id follows the grammar of RFC 4975 §9.
func (t TransactionID) Valid() bool { return validIdent(t, minIdent, maxIdent) }

// Valid reports whether the id follows the grammar of RFC 4975 §9.
func (m MessageID) Valid() bool { return validIdent(m, minIdent, maxIdent) }

// IDSource makes identifiers of letters and digits only, since some peers treat
// punctuation as separators. It is not safe for concurrent use.
type IDSource struct {
	r   io.Reader
	buf [64]byte
	n   int // unread octets at the end of buf
}

// NewIDSource takes random octets from r, which must be a cryptographic source outside
// tests. A failing r is a broken machine: the IDSource panics, as crypto/rand does.
func NewIDSource(r io.Reader) *IDSource { return &IDSource{r: r} }

// TransactionID makes a new transaction id.
func (g *IDSource) TransactionID() TransactionID {
	var b [TransactionIDLength]byte
	return TransactionID(g.Append(b[:0], len(b)))
}

// MessageID makes a new Message-ID.
func (g *IDSource) MessageID() MessageID {
	var b [MessageIDLength]byte
	return MessageID(g.Append(b[:0], len(b)))
}

// SessionID makes a new session-id.
func (g *IDSource) SessionID() SessionID {
	var b [SessionIDLength]byte
	return SessionID(g.Append(b[:0], len(b)))
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Append appends n random letters and digits to dst.
func (g *IDSource) Append(dst []byte, n int) []byte {
	for n > 0 {
		if g.n == 0 {
			if _, err := io.ReadFull(g.r, g.buf[:]); err != nil {
				panic("msrp: random source failed: " + err.Error())
			}
			g.n = len(g.buf)
		}
		v := g.buf[len(g.buf)-g.n] & 63
		g.n--
		if int(v) < len(idLetters) { // the other two of 64 values would make some letters likelier
			dst = append(dst, idLetters[v])
			n--
		}
	}
	return dst
}

// Character classes of the grammar, one bit each.
const (
	classIdent   = 1 << iota // ident after its first character
	classAlnum               // letters and digits
	classSession             // session-id
	classToken               // header and MIME token
	classUpper               // method
	classHost                // reg-name of a host, before percent-decoding
	classUser                // userinfo
)

var class = buildClasses()

func buildClasses() (c [256]uint8) {
	set := func(chars string, bits uint8) {
		for i := range len(chars) {
			c[chars[i]] |= bits
		}
	}
	set(idLetters, classIdent|classAlnum|classSession|classToken|classHost|classUser)
	set("ABCDEFGHIJKLMNOPQRSTUVWXYZ", classUpper)
	set(".-+%=", classIdent)
	set("-._~+=/", classSession)
	set("!#$%&'*+-.^_`|~", classToken)
	set("-._~!$&'()*+,;=%", classHost)
	set("-._~!$&'()*+,;=%:", classUser)
	return c
}

func validIdent[T ~string | ~[]byte](s T, shortest, longest int) bool {
	if len(s) < shortest || len(s) > longest || class[s[0]]&classAlnum == 0 {
		return false
	}
	return allOf(s[1:], classIdent)
}

func allOf[T ~string | ~[]byte](s T, bits uint8) bool {
	for i := range len(s) {
		if class[s[i]]&bits == 0 {
			return false
		}
	}
	return true
}
