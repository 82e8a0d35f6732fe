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

	// CPIMFrom and CPIMTo are the addresses used when the peer wants everything wrapped in
	// message/cpim. Empty means that Send refuses unwrapped messages to such a peer.
	CPIMFrom, CPIMTo string

	Profile       msrp.Profile
	MaxIncomplete int           // messages being reassembled
	MaxMemory     int64         // octets of incomplete messages and of messages without verdict
	MaxGap        time.Duration // between chunks of one message
	History       int           // finished Message-IDs remembered
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

// ConnConfig describes one connection.
type ConnConfig struct {
	Profile msrp.Profile
	Limits  msrp.Limits
	Random  io.Reader // cryptographic source; required

	// Find tells which session a To-Path names and binds it to this connection, in one
	// step. It returns 0 and the session, or nil and 481 or 506. Nil means that nothing is
	// ever found: sessions come through Attach only. Table.Claim has this form.
	Find func(key msrp.Key) (*Session, int)

	// Incoming puts the connection on probation: without a bound session at the end of
	// Probation, or after three bad requests before, it is closed.
	Incoming      bool
	Probation     time.Duration
	ResponseTimer time.Duration
	HeadTimer     time.Duration // a header section must be complete within
	MaxMemory     int64         // octets of incomplete messages of all sessions
	Window        int           // requests without response
}
