package journal

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// Config describes a JetStream journal. The zero value of a field is its
// documented default; Dir or URL must be set.
type Config struct {
	// Dir is where the embedded server keeps its files. It belongs to one
	// process at a time.
	Dir string
	// URL names external NATS servers ("nats://a:4222,nats://b:4222"). When
	// set, nothing is embedded.
	URL string
	// User, Password, Token, CredsFile and TLS are the credentials for URL.
	User, Password, Token, CredsFile string
	TLS                              *tls.Config

	// Replicas of each stream, with URL or a cluster. 0: 1.
	Replicas int
	// Dedupe is how long an id is remembered by the server; about 150 bytes
	// of memory per id. 0: 24 h.
	Dedupe time.Duration
	// MaxAge removes records older than this. 0: keep for ever.
	MaxAge time.Duration
	// MaxStore bounds the embedded server's files in bytes. 0: 50 GiB.
	MaxStore int64
	// Ballast is the size of a file kept in Dir only to be given up by an
	// operator when the disk is full. 0: 64 MiB, negative: none.
	Ballast int64
	// MinFree is the free space under Dir below which the journal refuses
	// with ErrUnavailable. 0: 256 MiB, negative: not watched.
	MinFree int64

	// Queue is how many Appends may wait per stream. 0: 8192.
	Queue int
	// AckWait is the deadline of one publish. 0: 5 s.
	AckWait time.Duration
	// TailCount and TailBytes bound the tail for followers, per PSAP.
	// 0: 16,384 records, 32 MiB.
	TailCount int
	TailBytes int64

	// Listen lets external clients reach the embedded server.
	Listen Listen
	// Log receives life-cycle and faults, never content. nil: nothing.
	Log *slog.Logger
}

// Listen is how external clients reach the embedded server. They may publish
// commands (t911.*.cmd.>) and replies, and subscribe to events
// (t911.*.evt.>) and replies; nothing else.
type Listen struct {
	// Addr is host:port, port 0 for any; empty: no listener.
	Addr string
	// User and Password, or Token, are asked of clients; all empty: nothing
	// is asked.
	User, Password, Token string
	// TLS is the server's configuration. nil: no TLS.
	TLS *tls.Config
}
