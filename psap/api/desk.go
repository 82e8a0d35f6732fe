package api

import (
	"context"

	"text911/callmodel"
)

// Desk is what a PSAP can do (psap.PSAP). Errors are *callmodel.Refusal, errors with
// Unavailable() true, or faults.
type Desk interface {
	// Deliver gives an input to a call of this PSAP and returns when what follows is durable.
	Deliver(ctx context.Context, call callmodel.CallID, in callmodel.Input) (callmodel.Outcome, error)
	// Claim gives a call to the agent behind by.
	Claim(ctx context.Context, call callmodel.CallID, by callmodel.CommandRef, position string) (callmodel.CallClaimed, uint64, error)
	// SetAgent records the state of the agent behind by. seq is 0 when nothing changed.
	SetAgent(ctx context.Context, by callmodel.CommandRef, state callmodel.AgentState, position string, canRing *bool) (seq uint64, err error)
	// View returns one call, Views all that are on the board, in the order to be shown.
	View(ctx context.Context, call callmodel.CallID) (callmodel.View, error)
	Views() []callmodel.View
	// Read and ReadCall return stored events with seq > after, oldest first; Read also the newest seq.
	Read(ctx context.Context, after uint64, limit int) (page []callmodel.Logged, last uint64, err error)
	ReadCall(ctx context.Context, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error)
}
