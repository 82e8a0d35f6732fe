package engine

import (
	"context"

	"text911/callmodel"
)

// Log is the durable log of all PSAPs (engine/journal's Events). Its errors may have the methods
// Fenced() bool (another writer has appended to the call; nothing was stored), TooLarge() bool (it
// will never be stored) and Unavailable() bool (try later; whether it was stored shows in the log).
// After any other error the outcome is unknown, and the log is asked before anything follows.
type Log interface {
	// Append stores evs, all of one call, together and durably. last is the newest sequence of the
	// call the writer knows, 0 for none. The log may keep evs' contents but not the slice.
	Append(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, last uint64, evs []callmodel.Event) ([]uint64, error)
	// Replay gives f every stored event with seq > after, in order.
	Replay(ctx context.Context, psap callmodel.PSAPID, after uint64, f func(callmodel.Logged) error) error
	// ReadCall returns the stored events of one call with seq > after, oldest first, at most limit.
	ReadCall(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error)
}

// Legs is an adapter that carries legs of one bearer. Perform is called in order per leg, from the
// leg's outbox, and may take its time; the results come back through Deliver, also from within
// Perform. An effect may come again after a fault and must then count as one: a leg that is
// answered is not answered again, a message of a known id is the same message. ctx ends with the
// engine.
type Legs interface {
	Perform(ctx context.Context, call callmodel.CallID, eff callmodel.Effect)
}

// Observer is told of what is shown and forgotten. It must not block. Durable events are read from
// the log.
type Observer interface {
	Ephemeral(psap callmodel.PSAPID, ev callmodel.Event)
}

func isFenced(err error) bool {
	f, ok := asA[interface{ Fenced() bool }](err)
	return ok && f.Fenced()
}

func isUnavailable(err error) bool {
	u, ok := asA[interface{ Unavailable() bool }](err)
	return ok && u.Unavailable()
}

func isTooLarge(err error) bool {
	l, ok := asA[interface{ TooLarge() bool }](err)
	return ok && l.TooLarge()
}
