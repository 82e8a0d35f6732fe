package journal

import (
	"context"
	"errors"
)

// logError is an error of Events.
type logError struct{ err error }

func (e *logError) Error() string { return e.err.Error() }

func (e *logError) Unwrap() error { return e.err }

// Fenced reports that another writer has appended to the call.
func (e *logError) Fenced() bool { return errors.Is(e.err, ErrFenced) }

// Unavailable reports that nothing was stored and that a later try may succeed.
func (e *logError) Unavailable() bool { return errors.Is(e.err, ErrUnavailable) }

// told gives err the methods callers ask for. The end of a context stays what it is.
func told(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &logError{err: err}
}
