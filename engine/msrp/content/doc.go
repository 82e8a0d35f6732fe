// Package content reads and writes the bodies that travel in MSRP messages: message/cpim
// (RFC 3862, as RFC 4975 §13 uses it), disposition notifications (RFC 5438), typing states
// (RFC 3994), character sets and multipart containers.
//
// It is pure: values in, values out; time is an argument. Inputs are bounded by what their
// caller accepted as a message; XML additionally by MaxXML and nesting by MaxDepth.
package content

import "errors"

// Limits of what is read.
const (
	MaxComposing = 8 << 10   // octets of a typing state
	MaxXML       = 256 << 10 // octets of any other XML body
	MaxDepth     = 4         // message/cpim or multipart inside one another
	maxXMLDepth  = 32
	maxParts     = 64
)

// ErrMalformed is what every reader in this package returns, wrapped with what is wrong.
// The text never quotes the input.
var ErrMalformed = errors.New("malformed content")
