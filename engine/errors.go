package engine

import (
	"errors"

	"text911/callmodel"
)

// Unavailable says that an input could not be made durable, or not be taken at all, for a reason
// that is ours and passes. The sender must not take it as accepted and may repeat it.
type Unavailable struct{ Err error }

func (u *Unavailable) Error() string { return "engine: " + u.Err.Error() }

// Unwrap returns what the log or the context said.
func (u *Unavailable) Unwrap() error { return u.Err }

// Unavailable makes the error recognisable without importing this package.
func (u *Unavailable) Unavailable() bool { return true }

var (
	errStopped   = errors.New("not running")
	errReplaying = errors.New("the PSAP's log is not replayed yet")
	errFault     = errors.New("the engine met a fault")
	errMoved     = errors.New("the call kept moving to another writer")
	// errGone is internal: the actor has left memory between look-up and turn.
	errGone = errors.New("actor retired")
)

func unknownCall() error {
	return callmodel.Refuse(callmodel.CodeUnknownCall, "there is no such call")
}

func tooMany(detail string) error { return callmodel.Refuse(callmodel.CodeTooMany, detail) }

func asA[T any](err error) (T, bool) {
	var t T
	ok := errors.As(err, &t)
	return t, ok
}
