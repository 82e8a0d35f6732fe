package msrp

// Default limits of the codec. RFC 4975 sets only the last one (§7.1); the others bound
// what one peer can make us hold.
const (
	MaxStartLine     = 1024      // octets of a start line
	MaxHeaderLine    = 16 << 10  // octets of one header line
	MaxHeaderSection = 64 << 10  // octets of all header lines of a frame
	MaxHeaders       = 64        // header lines of a frame
	MaxPathURIs      = 16        // URIs in one To-Path or From-Path
	MaxControlBody   = 10 * 1024 // body of any request but SEND, RFC 4975 §7.1

	minIdent        = 4  // RFC 4975 §9: ident
	maxIdent        = 32 // RFC 4975 §9: ident
	minIdentLenient = 1
	maxIdentLenient = 64
	maxStrayCRLF    = 8    // line ends tolerated between two frames
	minPiece        = 2048 // a body is handed out in pieces of at least this size
)

// Limits bounds what a Scanner accepts. A zero field means the default above.
type Limits struct {
	StartLine     int
	HeaderLine    int
	HeaderSection int
	Headers       int
	PathURIs      int
	ControlBody   int
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.StartLine, MaxStartLine)
	def(&l.HeaderLine, MaxHeaderLine)
	def(&l.HeaderSection, MaxHeaderSection)
	def(&l.Headers, MaxHeaders)
	def(&l.PathURIs, MaxPathURIs)
	def(&l.ControlBody, MaxControlBody)
	return l
}

// Profile says how a receiver treats deviations from the grammar.
type Profile uint8

const (
	// Lenient tolerates the deviations listed as Quirk. It is the default at run time: a
	// text must not be lost to a formatting mistake.
	Lenient Profile = iota
	// Strict refuses every deviation; conformance tests use it.
	Strict
)

// String names the profile as configuration does.
func (p Profile) String() string {
	if p == Strict {
		return "strict"
	}
	return "lenient"
}
