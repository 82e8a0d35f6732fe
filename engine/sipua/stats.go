package sipua

import (
	"maps"
	"sync"
)

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

// counters is the live form of Stats.
type counters struct {
	mu        sync.Mutex
	requests  map[string]uint64
	responses map[string]uint64
	refused   map[string]uint64
	errors    map[string]uint64
	resent    uint64
	repeats   uint64
	reordered uint64
	expired   uint64
}

func newCounters() *counters {
	return &counters{requests: map[string]uint64{}, responses: map[string]uint64{}, refused: map[string]uint64{}, errors: map[string]uint64{}}
}

func (c *counters) request(method string) {
	if !isKnown(method) {
		method = "other"
	}
	c.mu.Lock()
	c.requests[method]++
	c.mu.Unlock()
}

func (c *counters) response(code int) {
	class := string(rune('0'+code/100)) + "xx"
	c.mu.Lock()
	c.responses[class]++
	c.mu.Unlock()
}

func (c *counters) refuse(reason string) {
	c.mu.Lock()
	c.refused[reason]++
	c.mu.Unlock()
}

func (c *counters) fault(kind string) {
	c.mu.Lock()
	c.errors[kind]++
	c.mu.Unlock()
}

// bump raises one of the plain counters.
func (c *counters) bump(n *uint64) {
	c.mu.Lock()
	*n++
	c.mu.Unlock()
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Requests: maps.Clone(c.requests), Responses: maps.Clone(c.responses),
		Refused: maps.Clone(c.refused), Errors: maps.Clone(c.errors),
		Resent: c.resent, Repeats: c.repeats, Reordered: c.reordered, Expired: c.expired,
	}
}
