package msrp

// Quirk is one tolerated deviation of a peer.
type Quirk uint8

// The deviations that Lenient accepts.
const (
	QuirkPathOrder        Quirk = iota // paths not first and second header
	QuirkHeaderSpace                   // not exactly one space after a header's colon
	QuirkTransactionID                 // transaction id shorter than 4 or longer than 32
	QuirkMessageID                     // Message-ID outside the ident grammar, or absent on a bodiless SEND
	QuirkMethodToken                   // method with other characters than upper-case letters
	QuirkBlankLine                     // bodiless frame with an empty line before its end-line
	QuirkNoBodyPart                    // Content-Type but no body part
	QuirkContentTypeOrder              // Content-Type is not the last header
	QuirkStrayLineEnd                  // CRLF between frames
	QuirkMissingLineEnd                // no CRLF after an end-line
	QuirkNoTransport                   // URI without transport, read as tcp
	QuirkResponseDropped               // response with a fault, not handed out
	QuirkResponseBody                  // response with a body, body skipped
	numQuirks
)

var quirkNames = [numQuirks]string{
	"path_order", "header_space", "transaction_id", "message_id", "method_token", "blank_line",
	"no_body_part", "content_type_order", "stray_line_end", "missing_line_end", "no_transport",
	"response_dropped", "response_body",
}

// String is the quirk's name in metrics and logs.
func (q Quirk) String() string {
	if q >= numQuirks {
		return "unknown"
	}
	return quirkNames[q]
}

// Quirks counts tolerated deviations, indexed by Quirk.
type Quirks [numQuirks]uint32

// Add adds the counts of other to q.
func (q *Quirks) Add(other Quirks) {
	for i, n := range other {
		q[i] += n
	}
}
