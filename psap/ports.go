package psap

import (
	"context"

	"text911/callmodel"
)

// Calls is where calls live (the engine). A nil error means that what followed is durable.
type Calls interface {
	Deliver(ctx context.Context, call callmodel.CallID, in callmodel.Input) (callmodel.Outcome, error)
}

// Log is the durable log of the PSAP. Its errors may have the method Unavailable() bool: nothing
// was stored, try later.
type Log interface {
	// Append stores evs, all of one call, together and durably, and returns their sequences.
	Append(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, last uint64, evs []callmodel.Event) ([]uint64, error)
	// Read returns the events with seq > after, oldest first, at most limit.
	Read(ctx context.Context, psap callmodel.PSAPID, after uint64, limit int) ([]callmodel.Logged, error)
	// ReadCall is Read for one call.
	ReadCall(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error)
	// Follow gives f every event with seq > after once, in order, in batches, and waits for more.
	Follow(ctx context.Context, psap callmodel.PSAPID, after uint64, f func([]callmodel.Logged) error) error
	// Bounds tells the oldest and newest seq held and the epoch. An empty log has first == last+1.
	Bounds(ctx context.Context, psap callmodel.PSAPID) (first, last uint64, epoch string, err error)
}

// unfenced, as the last sequence given to Append, stores without comparing: PSAP-level events have
// no single owner.
const unfenced = ^uint64(0)
