package location

import "errors"

// Limits on a document. encoding/xml has none of its own: a million nested elements would be
// taken for half a gigabyte.
const (
	MaxBytes    = 256 << 10
	maxDepth    = 64
	maxElements = 4096
	maxAttrs    = 64   // of one element
	maxText     = 4096 // of one element
	maxVertices = 512
	maxFields   = 64
	maxFound    = 32 // locations of one document
)

// Errors of Decode. Whatever else is wrong with a document is ErrGarbled.
var (
	ErrTooLarge   = errors.New("location document above the size limit")
	ErrTooComplex = errors.New("location document nested or repeated beyond the limits")
	ErrGarbled    = errors.New("location document is not well-formed XML")
	ErrNoLocation = errors.New("location document without a usable location")
)
