package journal

import (
	"fmt"
	"time"
)

const (
	maxIDLen   = 128
	maxCallLen = 128
	maxKindLen = 64
)

// validate refuses what could never be stored, before it is queued. The errors
// name the record by its place, never by its content.
func validate(call string, recs []Record) error {
	if len(recs) == 0 {
		return fmt.Errorf("%w: no records", ErrInvalid)
	}
	if len(recs) > MaxAppend {
		return fmt.Errorf("%w: %d records, at most %d", ErrTooLarge, len(recs), MaxAppend)
	}
	if call == "" || len(call) > maxCallLen {
		return fmt.Errorf("%w: call id of %d bytes", ErrInvalid, len(call))
	}
	total := 0
	for i := range recs {
		r := &recs[i]
		switch {
		case !validID(r.ID):
			return fmt.Errorf("%w: id of record %d", ErrInvalid, i)
		case r.Call != call:
			return fmt.Errorf("%w: record %d is of another call", ErrInvalid, i)
		case len(r.Kind) > maxKindLen || !validKind(r.Kind):
			return fmt.Errorf("%w: kind of record %d", ErrInvalid, i)
		case len(r.Data) > MaxRecordSize:
			return fmt.Errorf("%w: record %d has %d bytes, at most %d", ErrTooLarge, i, len(r.Data), MaxRecordSize)
		}
		total += len(r.Data)
	}
	if total > maxAppendBytes {
		return fmt.Errorf("%w: %d bytes in one append, at most %d", ErrTooLarge, total, maxAppendBytes)
	}
	return uniqueIDs(recs)
}

// maxAppendBytes bounds one Append as a whole, so that a batch stays a small
// part of the memory of client and server.
const maxAppendBytes = 8 << 20

// validID: an id travels in a message header, so it is printable and without
// spaces.
func validID(id string) bool {
	if id == "" || len(id) > maxIDLen {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] >= 0x7f {
			return false
		}
	}
	return true
}

func uniqueIDs(recs []Record) error {
	if len(recs) == 1 {
		return nil
	}
	seen := make(map[string]struct{}, len(recs))
	for i := range recs {
		if _, twice := seen[recs[i].ID]; twice {
			return fmt.Errorf("%w: record %d repeats an id", ErrInvalid, i)
		}
		seen[recs[i].ID] = struct{}{}
	}
	return nil
}

// keptTime is t as it comes back from the store.
func keptTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
