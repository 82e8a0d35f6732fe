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

// TooLarge reports that the events are beyond what the log ever takes. Nothing was stored.
func (e *logError) TooLarge() bool { return errors.Is(e.err, ErrTooLarge) }

// Unavailable reports that a later try may succeed. Whether this one was stored shows in the log.
func (e *logError) Unavailable() bool { return errors.Is(e.err, ErrUnavailable) }

// told gives err the methods callers ask for. The end of a context stays what it is.
func told(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &logError{err: err}
}
