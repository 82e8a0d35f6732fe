package sdpmsrp

import "slices"

// Quirk names a tolerated deviation of a received description. Callers count
// them; the names are stable.
type Quirk string

// The deviations the canonical form repairs, or the reader tolerates.
const (
	QuirkLineEnd        Quirk = "line_end"         // bare LF or bare CR
	QuirkFinalLineEnd   Quirk = "final_line_end"   // last line not ended
	QuirkNotALine       Quirk = "not_a_line"       // line that is not <type>=<value>
	QuirkUnknownLine    Quirk = "unknown_line"     // type letter outside RFC 8866
	QuirkOrder          Quirk = "line_order"       // lines not in the order of RFC 8866 §5
	QuirkMissing        Quirk = "missing_line"     // v=, o=, s= or t= absent
	QuirkOrigin         Quirk = "origin"           // o= with spaces in the user name, or short
	QuirkTiming         Quirk = "timing"           // t= that is not two numbers
	QuirkConnection     Quirk = "connection"       // c= unusable or repeated
	QuirkMediaCase      Quirk = "media_case"       // media token not in lower case
	QuirkProtocolCase   Quirk = "protocol_case"    // protocol token not in upper case
	QuirkUnknownMedia   Quirk = "unknown_media"    // m= line the strict parser refuses
	QuirkFormat         Quirk = "format"           // m=message format other than *
	QuirkAttributeSpace Quirk = "attribute_space"  // space around an attribute value
	QuirkSetup          Quirk = "setup"            // holdconn, unknown or repeated a=setup
	QuirkConnectionAttr Quirk = "connection_attr"  // a=connection, which MSRP does not use
	QuirkAcceptTypes    Quirk = "accept_types"     // a=accept-types absent or with an odd item
	QuirkMaxSize        Quirk = "max_size"         // a=max-size that is not a usable number
	QuirkDirection      Quirk = "direction"        // answer direction the offer did not allow
	QuirkFingerprint    Quirk = "fingerprint_case" // lower-case hex in a fingerprint
	QuirkPath           Quirk = "path"             // path URI without its transport parameter
	QuirkCEMA           Quirk = "cema_mismatch"    // c=/m= differ from the path without msrp-cema
	QuirkPort           Quirk = "port"             // m= port differs from the path's port
)

// Quirks is the set of deviations of one description, each once, in the order met.
type Quirks []Quirk

func (q *Quirks) add(k Quirk) {
	if !slices.Contains(*q, k) {
		*q = append(*q, k)
	}
}

// Has reports whether k was met.
func (q Quirks) Has(k Quirk) bool { return slices.Contains(q, k) }
