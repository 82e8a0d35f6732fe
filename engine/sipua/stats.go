package sipua

// Stats is a snapshot of the UA's counters since it was made.
type Stats struct {
	Requests  map[string]uint64 // requests taken, by method; unknown methods under "other"
	Responses map[string]uint64 // final responses we sent, by class: "2xx".."6xx"
	Refused   map[string]uint64 // refused or dropped, by reason: see the Reason… constants
	Errors    map[string]uint64 // parse, write, dial, panic
	Calls     int               // calls held now
	Dialogs   int               // confirmed or early dialogs held now
	Streams   int               // stream connections open now
	Resent    uint64            // messages we repeated
	Repeats   uint64            // repeats of messages we absorbed
	Reordered uint64            // requests that waited for an earlier CSeq
	Expired   uint64            // session intervals that ran out without refresh
}

// Keys of Stats.Refused.
const (
	ReasonStranger  = "stranger"   // Policy does not know the peer
	ReasonCapacity  = "capacity"   // 486
	ReasonAway      = "away"       // 503
	ReasonMalformed = "malformed"  // 400
	ReasonMethod    = "method"     // 405, 501
	ReasonExtension = "extension"  // 420
	ReasonNoDialog  = "no_dialog"  // 481
	ReasonStale     = "stale_cseq" // 500
	ReasonGlare     = "glare"      // 491
	ReasonOverlap   = "overlap"    // 500 with Retry-After
	ReasonInterval  = "interval"   // 422
	ReasonOffer     = "offer"      // 488
	ReasonOverflow  = "overflow"   // dropped: mailbox or connection limit
	ReasonTooLarge  = "too_large"  // 513 or connection closed
)

// Keys of Stats.Errors.
const (
	ErrorParse = "parse"
	ErrorWrite = "write"
	ErrorDial  = "dial"
	ErrorPanic = "panic"
)
