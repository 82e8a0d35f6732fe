package session

import (
	"time"

	"text911/engine/msrp"
)

// Conn is the core of one connection.
type Conn struct{}

// NewConn makes the core of a connection that exists since now.
func NewConn(now time.Time, cfg ConnConfig) *Conn { return &Conn{} }

// Attach binds a session of which this side opened the connection. If nothing waits to be
// sent, a bodiless SEND announces it.
func (c *Conn) Attach(now time.Time, s *Session) {}

// Receive takes octets from the peer. p may be reused when it returns.
func (c *Conn) Receive(now time.Time, p []byte) {}

// PeerClosed says that the peer closed its side; Lost still has to be called.
func (c *Conn) PeerClosed(now time.Time) {}

// WantsInput is false while the application owes too many verdicts: stop reading. Input
// goes on by itself with the verdicts.
func (c *Conn) WantsInput() bool { return true }

// TakeEvents appends the events since the last call to dst, in order.
func (c *Conn) TakeEvents(dst []Event) []Event { return dst }

// HasOutput reports whether AppendOutput would append something.
func (c *Conn) HasOutput() bool { return false }

// AppendOutput appends what goes to the peer next: about max octets, always whole frames
// except for a message larger than Quantum, which continues in the next call unless
// something more urgent is waiting then. Responses and REPORTs come first. It may exceed
// max by one frame of up to Quantum octets of body.
func (c *Conn) AppendOutput(dst []byte, max int) []byte { return dst }

// Wrote says that everything taken with AppendOutput has been handed to the operating
// system: the response timers of those requests start now.
func (c *Conn) Wrote(now time.Time) {}

// Deadline is when Tick must be called next if nothing else happens.
func (c *Conn) Deadline() (time.Time, bool) { return time.Time{}, false }

// Tick lets the timers that are due act.
func (c *Conn) Tick(now time.Time) {}

// Closing reports whether the connection is to be closed once its output is written.
func (c *Conn) Closing() bool { return false }

// Lost ends the connection: each session gets EventFailed with its unconfirmed messages.
func (c *Conn) Lost(now time.Time) {}

// Sessions is the number of sessions bound.
func (c *Conn) Sessions() int { return 0 }

// Stats are counters of one connection.
type Stats struct {
	FramesIn, FramesOut  uint64
	Quirks               msrp.Quirks
	Refused              uint64 // requests answered with an error
	RangeMismatch        uint64 // byte ranges that disagree with the octets received
	BeyondEnd            uint64 // octets after the end of a message
	PathMismatch         uint64 // responses and first SENDs with unexpected paths
	UnmatchedResponses   uint64
	UnmatchedReports     uint64
	IgnoredReports       uint64 // without usable Status
	RepeatedMessages     uint64
	RepeatedTransactions uint64
}

// Stats gives the counters.
func (c *Conn) Stats() Stats { return Stats{} }
