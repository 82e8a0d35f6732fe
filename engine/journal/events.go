package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"text911/callmodel"
	"text911/callmodel/eventjson"
)

// Events is the log in the words of the domain: a typed layer over a Journal. Its methods are what
// the engine, the PSAP, the console and the bus ask for. It is safe for concurrent use and starts
// no goroutine; the Journal beneath stays with whoever opened it.
//
// Errors of Events have the methods Fenced() bool and Unavailable() bool, so that callers can tell
// the two that matter without importing this package; errors.Is sees the Journal's own errors.
type Events struct {
	j     Journal
	fresh *freshEvents
	gap   func(*GapError)
}

// NewEvents returns the typed layer over j. onGap, which may be nil, is told when a follower had to
// go past records that no longer exist; it must not block.
func NewEvents(j Journal, onGap func(*GapError)) *Events {
	if onGap == nil {
		onGap = func(*GapError) {}
	}
	return &Events{j: j, fresh: newFreshEvents(), gap: onGap}
}

// Open makes the PSAP's log ready, creating it if it is missing.
func (e *Events) Open(ctx context.Context, psap callmodel.PSAPID) error {
	return told(e.j.Open(ctx, string(psap)))
}

// Append stores evs, all of one call, together and durably, and returns their sequences. last is
// the newest sequence of the call the writer knows. evs must carry ID, Call, CallSeq and Time, and
// is not changed.
func (e *Events) Append(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, last uint64, evs []callmodel.Event) ([]uint64, error) {
	recs := make([]Record, len(evs))
	for i := range evs {
		raw, err := eventjson.Encode(psap, evs[i])
		if err != nil {
			return nil, told(fmt.Errorf("%w: event %d: %w", ErrInvalid, i, err))
		}
		recs[i] = Record{
			ID: string(evs[i].ID), Call: string(call), Kind: string(evs[i].Data.Kind()),
			Time: evs[i].Time, Data: raw,
		}
	}
	for i := range evs {
		e.fresh.put(&evs[i], len(recs[i].Data))
	}
	seqs, err := e.j.Append(ctx, string(psap), string(call), last, recs)
	return seqs, told(err)
}

// Replay calls f for every event with seq > after that is stored when Replay starts, in order, and
// stops at f's first error, which it returns.
func (e *Events) Replay(ctx context.Context, psap callmodel.PSAPID, after uint64, f func(callmodel.Logged) error) error {
	var mine error
	err := e.j.Replay(ctx, string(psap), after, func(s Stored) error {
		mine = f(e.logged(psap, &s))
		return mine
	})
	if mine != nil {
		return mine
	}
	return told(err)
}

// Read returns the events with seq > after, oldest first, at most limit (0: DefaultReadLimit).
func (e *Events) Read(ctx context.Context, psap callmodel.PSAPID, after uint64, limit int) ([]callmodel.Logged, error) {
	recs, err := e.j.Read(ctx, string(psap), after, limit)
	return e.all(psap, recs), told(err)
}

// ReadCall is Read for the events of one call.
func (e *Events) ReadCall(ctx context.Context, psap callmodel.PSAPID, call callmodel.CallID, after uint64, limit int) ([]callmodel.Logged, error) {
	recs, err := e.j.ReadCall(ctx, string(psap), string(call), after, limit)
	return e.all(psap, recs), told(err)
}

// Follow gives f every event with seq > after once, in order, in batches, and waits for more. It
// returns f's first error, or why the log cannot be followed. f may keep the slice's elements, not
// the slice. Records that no longer exist are passed over and told to onGap.
func (e *Events) Follow(ctx context.Context, psap callmodel.PSAPID, after uint64, f func([]callmodel.Logged) error) error {
	c := e.j.Follow(string(psap), after)
	defer c.Close()
	var batch []callmodel.Logged
	for {
		recs, err := c.Next(ctx)
		var gap *GapError
		if errors.As(err, &gap) {
			e.gap(gap)
			continue
		}
		if err != nil {
			return told(err)
		}
		batch = batch[:0]
		for i := range recs {
			batch = append(batch, e.logged(psap, &recs[i]))
		}
		if err := f(batch); err != nil {
			return err
		}
		clear(batch)
	}
}

// Bounds tells which sequences the PSAP's log holds, and its epoch. An empty log has first ==
// last+1.
func (e *Events) Bounds(ctx context.Context, psap callmodel.PSAPID) (first, last uint64, epoch string, err error) {
	b, err := e.j.Bounds(ctx, string(psap))
	return b.First, b.Last, b.Epoch, told(err)
}

// Healthy returns nil while events can be stored, otherwise why not.
func (e *Events) Healthy() error { return told(e.j.Healthy()) }

func (e *Events) all(psap callmodel.PSAPID, recs []Stored) []callmodel.Logged {
	if len(recs) == 0 {
		return nil
	}
	out := make([]callmodel.Logged, len(recs))
	for i := range recs {
		out[i] = e.logged(psap, &recs[i])
	}
	return out
}

// logged decodes a record unless this process appended it a moment ago. What cannot be decoded
// keeps its place, with Unknown data, so that one bad record does not hide the rest of a log.
func (e *Events) logged(psap callmodel.PSAPID, s *Stored) callmodel.Logged {
	call := callmodel.CallID(s.Call)
	ev, ok := e.fresh.get(s.ID)
	raw := s.Data
	if !ok {
		var err error
		if _, ev, err = eventjson.Decode(raw); err != nil {
			ev = callmodel.Event{
				ID: callmodel.EventID(s.ID), Time: s.Time,
				Data: eventjson.Unknown{Type: s.Kind, JSON: []byte("{}")},
			}
		}
		if err != nil || ev.Seq != 0 || ev.Call != call || raw[0] != '{' || !utf8.Valid(raw) {
			ev.Call, ev.Seq = call, 0
			raw = envelope(psap, ev)
		}
	}
	ev.Seq = s.Seq
	return callmodel.Logged{Event: ev, Raw: raw}
}

// envelope is what readers get in the place of a record they could not bear: no JSON, or of another
// call, or with a seq of its own.
func envelope(psap callmodel.PSAPID, ev callmodel.Event) []byte {
	raw, err := eventjson.Encode(psap, ev)
	if err != nil {
		ev.Time, ev.Data = time.Time{}, eventjson.Unknown{Type: string(ev.Data.Kind()), JSON: []byte("{}")}
		raw, _ = eventjson.Encode(psap, ev) // of strings only
	}
	return raw
}
