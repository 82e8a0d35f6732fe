package sdpmsrp

import "fmt"

// SIP status and Warning codes (RFC 3261 §21.4.26, §20.43) that an Error carries.
const (
	codeNotAcceptable = 488

	warnIncompatibleProtocol   = 300 // network protocol, transport or address
	warnIncompatibleFormat     = 305 // media format not available
	warnMediaTypeNotAvailable  = 304 // media type not available
	warnAttributeNotUnderstood = 306 // attribute not understood
	warnMiscellaneous          = 399
)

// Error says why a description, or one m= line of it, cannot be used, in the
// terms in which SIP answers it. The caller answers Code with
// Warning: <Warning> <host> "<Text>".
type Error struct {
	// Code is the SIP response code to answer.
	Code int
	// Warning is the RFC 3261 warn-code that goes with it.
	Warning int
	// Text says what is wrong, without any content of the description.
	Text string
	// LineNumber counts the lines of the canonical description from 1; 0 when
	// the fault is not in one line.
	LineNumber int
	// Line is the line at fault as received. It may hold personal data (an o=
	// user name is often a number), so Error leaves it out.
	Line string
}

// Error names the line's type and number, never its value.
func (e *Error) Error() string {
	if e.LineNumber == 0 || len(e.Line) < 2 {
		return fmt.Sprintf("sdp: %s (answer %d)", e.Text, e.Code)
	}
	return fmt.Sprintf("sdp line %d (%s): %s (answer %d)", e.LineNumber, e.Line[:1], e.Text, e.Code)
}

func refuse(warning int, text string) *Error {
	return &Error{Code: codeNotAcceptable, Warning: warning, Text: text}
}

// at names the canonical line at fault.
func (e *Error) at(l line) *Error {
	e.LineNumber, e.Line = l.number, l.text
	return e
}
