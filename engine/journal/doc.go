// Package journal is the durable log of the engine: every event of every
// PSAP, in order, on NATS JetStream, with an in-memory twin for tests and
// short-lived demos.
//
// The journal knows records, not what they mean. A record belongs to one call
// (or to the PSAP itself, call "_") and to one PSAP; each PSAP has a stream of
// its own, so that sequence, retention, permission and damage stay per PSAP.
//
// # What an Append promises
//
// Append returns nil only when its records are on stable storage: that return
// is the permission to acknowledge a text. The records of one Append are
// stored together, in order and next to each other, or not at all. Append
// names the newest sequence of the call the writer knows; if somebody else has
// written since, nothing is stored and ErrFenced is returned, so that a node
// which lost a call cannot write to it. The same ids again are stored once and
// yield the sequences of the first time.
//
// # Subjects
//
// Records enter on t911.<psap>.put.<call>.<noun>.<verb>, are stored as
// t911.<psap>.evt.<call>.<noun>.<verb>, and are published to readers under
// that second subject by the server, with Nats-Sequence, after storage only.
// See subject.go for the escaping.
//
// # Limits
//
// A record is at most MaxRecordSize bytes, an Append at most MaxAppend
// records. The queue in front of a stream is bounded: when it is full, Append
// waits with its context. The tail kept in memory for followers is bounded by
// count and bytes; a follower that falls behind reads the stream.
//
// # Ownership
//
// A Journal is safe for concurrent use and is closed by whoever opened it. A
// Cursor belongs to one goroutine.
package journal
