// Package sdpmsrp negotiates MSRP sessions in SDP: offers, answers and later
// re-offers for m=message lines (RFC 4975 §8, RFC 3264, RFC 6135 over RFC 4145,
// RFC 8122 for fingerprints, RFC 6714 for the CEMA extension, RFC 8373 for
// language tags, RFC 4574 for labels).
//
// A received description is read in three steps: it is put into canonical form
// (every repair is a named Quirk), then parsed by the strict SDP library, then
// validated against the rules above. The original octets are kept. A line of
// another medium, or one nobody knows, is answered with port 0 and never costs
// the caller the text session.
//
// The package holds no sockets: the caller says which path it listens on or
// will connect from, and is told who connects, where to, and what may be sent.
// A Negotiation belongs to one SIP dialog and is not safe for concurrent use.
//
// Limits: a description has at most MaxSize octets and MaxMedia m= lines.
package sdpmsrp

const (
	// MaxSize is the largest description read, in octets.
	MaxSize = 64 << 10
	// MaxMedia is the largest number of m= lines read.
	MaxMedia = 64
	// DefaultMaxSize is the a=max-size announced when Params names none.
	DefaultMaxSize = 1 << 20
)
