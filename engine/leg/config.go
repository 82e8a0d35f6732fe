package leg

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"text911/callmodel"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
)

// Calls is the engine. Errors may have the method Unavailable() bool: nothing was stored, the same
// input may come again. A *callmodel.Refusal is a no for good.
type Calls interface {
	Open(ctx context.Context, psap callmodel.PSAPID, in callmodel.LegOffered) (callmodel.CallID, callmodel.Outcome, error)
	// DeliverAsync calls done once, when what follows from in is durable or was refused. done may be
	// called before it returns.
	DeliverAsync(call callmodel.CallID, in callmodel.Input, done func(callmodel.Outcome, error))
}

// Trunks knows the peers (esrp.Trunks).
type Trunks interface {
	// Identify names the trunk that sends from an address or shows these certificate names.
	Identify(from netip.Addr, names []string) (callmodel.TrunkID, error)
	// Terms: hold rings until a taker claims, secure refuses MSRP without TLS, test marks the calls.
	Terms(callmodel.TrunkID) (hold, secure, test bool)
	// Full reports that a new call of the trunk would be refused.
	Full(callmodel.TrunkID) bool
	// Enter counts a call in and reports whether there is room; Leave counts it out again.
	Enter(trunk callmodel.TrunkID, psap callmodel.PSAPID, resumed bool) bool
	Leave(trunk callmodel.TrunkID, psap callmodel.PSAPID)
}

// Router finds the PSAP and queue of a call (esrp.Router). queue is the URI of the top Route, empty
// without one.
type Router interface {
	Route(trunk callmodel.TrunkID, queue, request string) (callmodel.PSAPID, callmodel.QueueID, error)
}

// Config of a Gateway. Calls, Trunks, Router, Endpoint and one place are required.
type Config struct {
	Calls  Calls
	Trunks Trunks
	Router Router

	// Endpoint carries the MSRP sessions; Plain and Secure are where they are reached, nil: not
	// that way. Fingerprints are those of Secure's certificate.
	Endpoint      *transport.Endpoint
	Plain, Secure transport.Place
	Fingerprints  sdpmsrp.Fingerprints

	// Element is this element's domain name in the identifiers it mints (NENA-STA-010.3 §2.1.6).
	// Empty: text911.invalid.
	Element string
	// Host is the address in o= of session descriptions; empty: the host of the place.
	Host string
	// Types is a=accept-types; nil: sdpmsrp.PSAPTypes. Wrapped is a=accept-wrapped-types; nil: its
	// default.
	Types, Wrapped sdpmsrp.TypeList
	// MaxMessage is the largest message taken, in octets; 0: sdpmsrp.DefaultMaxSize.
	MaxMessage int64
	// Languages are the tags of a=hlang-send and a=hlang-recv; nil: en.
	Languages []string
	// KeepBody is the largest body other than text that goes into the log, in octets; above it
	// only type and size are kept. 0: 64 KiB.
	KeepBody int

	// MaxRecord is the largest record that the log takes, in octets; a text that would not fit, be
	// it by its escapes, is answered 413 and only its type and size are kept. 0: 512 KiB.
	MaxRecord int

	// Healthy says whether a text could be made durable now; nil: always. While it is false new
	// calls get 503.
	Healthy func() bool
	// RetryAfter goes with a 503. 0: 5 s.
	RetryAfter time.Duration
	// OpenWait is how long a new call waits for the log before it gets 503. 0: 10 s.
	OpenWait time.Duration
	// HoldVerdict is how long a received text waits for the log before it is rejected; keep it
	// below the sender's transaction timer of 30 s (RFC 4975 §7.1.1). 0: 25 s.
	HoldVerdict time.Duration
	// BindWait is how long an answered leg waits for its first connection before it counts as
	// broken. 0: 32 s.
	BindWait time.Duration
	// LateGrace is how long texts are still taken after the end of the dialog. 0: 1.5 s.
	LateGrace time.Duration
	// SettleWait is how long our BYE waits for unanswered messages of ours. 0: 2 s.
	SettleWait time.Duration
	// MendPauses are the waits before each re-INVITE of a broken leg: the first leaves the far end
	// its turn. nil: 2, 10 and 20 s.
	MendPauses []time.Duration
	// MaxLegs is how many legs there may be. 0: 20,000.
	MaxLegs int

	Logger *slog.Logger     // nil: discard
	Now    func() time.Time // nil: time.Now
	NewID  func() string    // names for legs, messages and calls; nil: ULIDs
	Rand   io.Reader        // session ids of SDP; nil: crypto/rand
}

// Validate reports every fault at once.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	need(c.Calls != nil, "calls are missing")
	need(c.Trunks != nil, "trunks are missing")
	need(c.Router != nil, "router is missing")
	need(c.Endpoint != nil, "msrp endpoint is missing")
	need(c.Plain != nil || c.Secure != nil, "no place to be reached over msrp")
	need(c.Plain == nil || !c.Plain.URI().Secure, "plain place is msrps")
	need(c.Secure == nil || c.Secure.URI().Secure, "secure place is not msrps")
	need(c.Secure == nil || len(c.Fingerprints) > 0, "secure place without fingerprints")
	need(c.HoldVerdict >= 0 && c.HoldVerdict < 30*time.Second, "hold verdict is not 0 to 30 s")
	need(c.RetryAfter >= 0 && c.OpenWait >= 0 && c.BindWait >= 0 && c.LateGrace >= 0 && c.SettleWait >= 0, "a time is negative")
	need(c.MaxMessage >= 0 && c.KeepBody >= 0 && c.MaxRecord >= 0 && c.MaxLegs >= 0, "a limit is negative")
	return errors.Join(errs...)
}
