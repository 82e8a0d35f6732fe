package session

import (
	"io"
	"time"

	"text911/engine/msrp"
)

// Defaults of Config and ConnConfig. RFC 4975 sets the response timer (§7.1.1) and the
// largest uninterruptible chunk (§5.1); the rest bounds what one peer can make us hold.
const (
	DefaultMaxMessage     = 1 << 20
	DefaultMaxIncomplete  = 16
	DefaultMaxMemory      = 4 << 20
	DefaultConnMemory     = 16 << 20
	DefaultMaxGap         = 540 * time.Second
	DefaultResponseTimer  = 30 * time.Second
	DefaultProbation      = 30 * time.Second
	DefaultHeadTimer      = 30 * time.Second
	DefaultHistory        = 1024
	DefaultHistoryAge     = 10 * time.Minute
	DefaultMaxPending     = 256
	DefaultMaxUnconfirmed = 1024
	DefaultWindow         = 256
	DefaultMaxQueued      = 4 << 20
	DefaultMaxOutput      = 1 << 20

	// Quantum is the largest chunk that is never interrupted, and what one session may
	// write before it is another's turn.
	Quantum = 2048

	maxIntervals   = 1024             // gaps of one message
	bodyStall      = 60 * time.Second // a body must grow by one octet in this time
	bodyRateWindow = 5 * time.Minute  // and by minBodyRate on average over this
	minBodyRate    = 64               // octets per second
	maxBadRequests = 3                // on a connection that has bound nothing
)

// Config describes one session: what the SDP exchange agreed and the limits. Zero fields
// take the defaults above unless they say otherwise.
type Config struct {
	Local  msrp.URI  // own session URI; required
	Remote msrp.Path // the peer's path from its SDP; may be set later with SetRemote

	AcceptTypes        []string // what was announced; empty means "*"
	AcceptWrappedTypes []string
	MaxMessage         int64 // announced as a=max-size

	PeerTypes        []string // the peer's accept-types; empty means "*"
	PeerWrappedTypes []string
	PeerMaxMessage   int64 // the peer's max-size; 0 means none

	// Wrap puts a body into message/cpim, for peers that want every message wrapped
	// (RFC 4975 §13). Nil means that Send refuses unwrapped messages to such a peer.
	Wrap func(now time.Time, contentType string, body []byte) ([]byte, error)
	// WrappedType gives the content type inside a message/cpim body. Nil means that what is
	// wrapped is not checked.
	WrappedType func(body []byte) (contentType string, ok bool)

	Profile       msrp.Profile
	MaxIncomplete int           // messages being reassembled
	MaxMemory     int64         // octets of incomplete messages and of messages without verdict
	MaxGap        time.Duration // between chunks of one message
	History       int           // finished Message-IDs remembered; at most 1,048,575
	HistoryAge    time.Duration // and for how long
	MaxPending    int           // messages without verdict

	MaxUnconfirmed int   // own messages without final state; then Send refuses
	MaxQueued      int64 // octets of own messages waiting; then Send refuses

	// Reserve is asked before memory for a message grows, and told with a negative number
	// when it shrinks: the process-wide cap. Nil means no cap.
	Reserve func(octets int64) bool

	// Previous is the session that this one recovers; its finished Message-IDs are taken
	// over, so that a repeated message is known as one.
	Previous *Session

	// KeepAlive is the interval of bodiless SENDs on an idle session; 0 means none.
	KeepAlive time.Duration
}

// Claimer binds sessions to connections. Claim finds the session of a key and binds it to
// the caller in one step: it returns 0 and the session, or nil and 481 or 506. Release
// takes a binding back.
type Claimer interface {
	Claim(key msrp.Key) (*Session, int)
	Release(s *Session)
}

// ConnConfig describes one connection.
type ConnConfig struct {
	Profile msrp.Profile
	Limits  msrp.Limits
	Random  io.Reader // cryptographic source; required

	// Sessions finds the session that a first request names. Nil means that none is ever
	// found: sessions come through Attach only. A Table is one; lock around it.
	Sessions Claimer

	// Incoming puts the connection on probation: without a bound session at the end of
	// Probation, or after three bad requests before, it is closed.
	Incoming      bool
	Probation     time.Duration
	ResponseTimer time.Duration
	HeadTimer     time.Duration // a header section must be complete within
	MaxMemory     int64         // octets of incomplete messages of all sessions
	Window        int           // requests without response
	MaxOutput     int           // octets of responses and REPORTs not yet taken; then input waits
}

func (c Config) withDefaults() Config {
	def(&c.MaxMessage, DefaultMaxMessage)
	def(&c.MaxIncomplete, DefaultMaxIncomplete)
	def(&c.MaxMemory, DefaultMaxMemory)
	def(&c.MaxGap, DefaultMaxGap)
	def(&c.History, DefaultHistory)
	def(&c.HistoryAge, DefaultHistoryAge)
	def(&c.MaxPending, DefaultMaxPending)
	def(&c.MaxUnconfirmed, DefaultMaxUnconfirmed)
	def(&c.MaxQueued, DefaultMaxQueued)
	return c
}

func (c ConnConfig) withDefaults() ConnConfig {
	def(&c.Probation, DefaultProbation)
	def(&c.ResponseTimer, DefaultResponseTimer)
	def(&c.HeadTimer, DefaultHeadTimer)
	def(&c.MaxMemory, DefaultConnMemory)
	def(&c.Window, DefaultWindow)
	def(&c.MaxOutput, DefaultMaxOutput)
	return c
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
