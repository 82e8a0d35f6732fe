package journal

import (
	"errors"
	"fmt"
)

// Errors of a Journal. Test with errors.Is.
var (
	// ErrFenced: another writer has appended to this call since last.
	ErrFenced = errors.New("journal: another writer has appended to this call")
	// ErrUnavailable: the journal cannot store now (disk full, quorum lost,
	// server away). This Append is not acknowledged; whether it reached the
	// disk before the fault shows when it is repeated with the same ids.
	ErrUnavailable = errors.New("journal: unavailable")
	// ErrUnknownPSAP: the PSAP was not opened.
	ErrUnknownPSAP = errors.New("journal: unknown PSAP")
	// ErrClosed: the journal or cursor is closed.
	ErrClosed = errors.New("journal: closed")
	// ErrInvalid: a record that cannot be stored whatever the state.
	ErrInvalid = errors.New("journal: invalid record")
	// ErrTooLarge: a record or an Append beyond the limits.
	ErrTooLarge = errors.New("journal: record too large")
	// ErrMixed: of the ids of one Append some are stored already and some are
	// not, so they are not a repeat of one Append.
	ErrMixed = errors.New("journal: some ids are stored and some are not")
)

// GapError says that the records From to To no longer exist.
type GapError struct {
	PSAP     string
	From, To uint64
}

func (e *GapError) Error() string {
	return fmt.Sprintf("journal: records %d to %d of %s are gone", e.From, e.To, e.PSAP)
}

// unavailable is ErrUnavailable with its reason.
func unavailable(reason error) error {
	if reason == nil || errors.Is(reason, ErrUnavailable) || errors.Is(reason, ErrClosed) {
		return reason
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, reason)
}
