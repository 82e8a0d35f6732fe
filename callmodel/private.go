package callmodel

import (
	"fmt"
	"io"
)

// Private is text that must not reach logs, metrics, traces or test output: what a texter wrote,
// a telephone number, a name, a coordinate. Formatting it in any way shows only its length;
// Reveal gives the content. JSON carries it in clear, because the log and the consoles need it.
type Private string

// Reveal returns the content. Call it only to show it to a person or put it on the wire.
func (p Private) Reveal() string { return string(p) }

// String returns a stand-in that tells the length in bytes and nothing else.
func (p Private) String() string {
	if p == "" {
		return "[empty]"
	}
	return fmt.Sprintf("[private %d bytes]", len(p))
}

// Format writes the stand-in for every verb, so that %q, %x and %#v redact too.
func (p Private) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }
