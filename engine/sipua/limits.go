package sipua

import "time"

// Limits on what the network may make us hold or do. Those that a site may want to change are
// fields of Config with these as defaults.
const (
	maxMessageBytes = 256 << 10 // 128 KiB of SDP, location and additional data must pass
	maxDatagram     = 65535
	maxParts        = 32 // body parts of one message, containers not counted
	maxDepth        = 4  // multipart inside multipart
	maxPartHeaders  = 32 // header lines of one part
	maxFolded       = 32 // lines that one of them is folded over
	maxValues       = 64 // values of one header field that are read
	maxBranches     = 16 // forks of one INVITE of ours that are kept apart

	maxCalls          = 20_000
	maxConnections    = 4_096
	maxMailbox        = 256     // queued work of one call; above it requests are dropped and the sender repeats
	maxServerTx       = 256     // server transactions of one call; above it requests are answered without keeping one
	maxHeld           = 16      // requests of one dialog waiting for a missing CSeq
	maxHeldBytes      = 1 << 20 // bytes waiting for a connection that is being made
	maxStrangers      = 256     // stream connections whose peer is not known, or not yet
	maxStrangersOfOne = 32      // of these from one address: one source cannot keep out peers known by certificate

	acceptPause      = 50 * time.Millisecond // after running out of descriptors
	handshakeTimeout = 10 * time.Second
	dialTimeout      = 10 * time.Second
	writeTimeout     = 5 * time.Second
	idleTimeout      = 30 * time.Minute // a stream without a byte read
	strangerTimeout  = 10 * time.Second // a stream of a peer that Policy does not know

	streamAbove      = 1300            // octets above which a request prefers TCP (RFC 3261 §18.1.1)
	inviteLimit      = 3 * time.Minute // a re-INVITE of ours that rings longer is cancelled
	defaultT1        = 500 * time.Millisecond
	defaultT2        = 4 * time.Second
	defaultT4        = 5 * time.Second
	defaultRing      = 3 * time.Second
	defaultHold      = 150 * time.Millisecond
	defaultMinSE     = 90 * time.Second
	defaultSE        = 30 * time.Minute
	maxSE            = 24 * time.Hour
	updateRetryAfter = 10 // seconds, upper end of the random Retry-After of 500 (RFC 3311 §5.2)
)
