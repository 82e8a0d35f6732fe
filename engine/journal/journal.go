package journal

import (
	"context"
	"time"
)

const (
	// PSAPLevel is the Call of records that belong to the PSAP itself.
	PSAPLevel = "_"

	// NoFence as last makes an Append unconditional. It is meant for records
	// that have no single owner, such as those of a trunk; a call's own
	// records always name the last sequence.
	NoFence = ^uint64(0)

	// MaxAppend is the largest number of records in one Append: JetStream
	// takes at most 1,000 messages in an atomic batch.
	MaxAppend = 1000

	// MaxRecordSize is the largest Data of one record. Attachments go to an
	// object store and are named by the event.
	MaxRecordSize = 512 << 10
)

// Record is one event as the journal sees it.
type Record struct {
	// ID is the event's id (a ULID). The same id is stored once.
	ID string
	// Call is the call's id, or PSAPLevel.
	Call string
	// Kind is the event's noun.verb, for instance "message.received". It is
	// part of the subject.
	Kind string
	// Time is when the event happened, kept to the millisecond.
	Time time.Time
	// Data is the event's envelope as JSON, without seq. The journal keeps the
	// slice: it must not be changed after Append.
	Data []byte
}

// Stored is a record with its place in the PSAP's stream. The first is 1.
type Stored struct {
	Seq uint64
	Record
}

// Bounds tells what a stream holds.
type Bounds struct {
	// First and Last are the oldest and newest sequences held; an empty stream
	// has First == Last+1.
	First, Last uint64
	// Epoch names this incarnation of the stream: it survives restarts and
	// changes when the stream was deleted and made anew, so that a reader
	// knows its cursor is void.
	Epoch string
}

// Journal is the log of all PSAPs of this node.
type Journal interface {
	// Open makes the PSAP's stream ready and creates it if it is missing.
	// Every other method fails with ErrUnknownPSAP before. Opening twice does
	// nothing.
	Open(ctx context.Context, psap string) error

	// Append stores recs, all of the one call, atomically, durably and in
	// order, and returns their sequences. last is the newest sequence of this
	// call the writer knows, 0 for none, NoFence to write regardless.
	//
	// It returns ErrFenced if the call's newest record is another, ErrInvalid
	// or ErrTooLarge for records that cannot be stored, ErrMixed if some of
	// the ids are stored and some are not, all of them with nothing stored,
	// and ErrUnavailable while the journal cannot store. Append repeats by
	// itself through restarts and leader changes, with the same ids, until ctx
	// ends; then it returns ctx's error. After ErrUnavailable and ctx's error
	// the outcome is unknown: repeating with the same ids and last tells.
	Append(ctx context.Context, psap, call string, last uint64, recs []Record) ([]uint64, error)

	// Read returns the stored records with seq > after, oldest first, at most
	// limit (0: DefaultReadLimit). Records that are gone are left out.
	Read(ctx context.Context, psap string, after uint64, limit int) ([]Stored, error)

	// ReadCall is Read for the records of one call.
	ReadCall(ctx context.Context, psap, call string, after uint64, limit int) ([]Stored, error)

	// Replay calls f for every record with seq > after that is stored when
	// Replay starts, oldest first, and stops at f's first error, which it
	// returns. f owns the record.
	Replay(ctx context.Context, psap string, after uint64, f func(Stored) error) error

	// Bounds tells what the PSAP's stream holds.
	Bounds(ctx context.Context, psap string) (Bounds, error)

	// Follow returns a cursor that delivers every record with seq > after
	// once, in order, and then waits for more. It starts nothing: faults show
	// in Next.
	Follow(psap string, after uint64) Cursor

	// Healthy returns nil while records can be stored, otherwise why not.
	Healthy() error

	// Stats returns the counters since the journal was opened.
	Stats() Stats

	// Close stores what is queued, as far as ctx allows, and releases
	// everything. Waiting Appends and cursors end with ErrClosed.
	Close(ctx context.Context) error
}

// DefaultReadLimit is what Read and ReadCall return at most when limit is 0.
const DefaultReadLimit = 1000

// Cursor walks along one PSAP's stream. It is used by one goroutine; Close may
// come from another.
type Cursor interface {
	// Next returns the next records, at least one, in order and without
	// repeats; it waits until there is one, ctx ends or the cursor or journal
	// is closed. The slice is valid until the following call. If records this
	// cursor should have seen no longer exist (retention, damage), Next
	// returns a *GapError naming them once and goes on behind them.
	Next(ctx context.Context) ([]Stored, error)
	// Seq is the sequence of the last record delivered or skipped.
	Seq() uint64
	// Close releases the cursor and wakes a waiting Next with ErrClosed.
	Close()
}

// Stats are counters since the journal was opened; Queued, TailRecords,
// TailBytes and FreeBytes are what holds now.
type Stats struct {
	Appends    uint64 // Appends that returned sequences
	Records    uint64 // records stored by them
	Singles    uint64 // plain publishes
	Batches    uint64 // atomic batches
	Fallbacks  uint64 // atomic batches refused and taken apart
	Fenced     uint64 // Appends refused because another writer wrote
	Duplicates uint64 // Appends whose records were stored already
	Retries    uint64 // publishes repeated after a timeout or a restart
	Refused    uint64 // Appends refused with ErrUnavailable
	Reopens    uint64 // times the embedded server was opened anew
	TailHits   uint64 // records followers took from memory
	TailMisses uint64 // records followers read from the stream
	Gaps       uint64 // sequences followers found missing
	// Unpublished counts records external clients were not shown.
	Unpublished uint64
	Queued      int   // Appends waiting now
	TailCount   int   // records in memory for followers now
	TailBytes   int64 // their size
	FreeBytes   int64 // free space under the store, -1 if unknown
}
