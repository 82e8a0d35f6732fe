package journal

import (
	"context"
	"errors"
	"fmt"
)

// exchange sends the messages of one Append and waits for the server's answer
// to the last of them.
type exchange func(ctx context.Context, puts []put) (pubAck, error)

// settler stores Appends one at a time and finds out what became of them. It
// is the way of external servers, and of the embedded one when something
// unusual has happened: a repeat, a fence, a restart.
type settler struct {
	send exchange
	// after reads the records of a call behind a sequence.
	after func(ctx context.Context, call string, after uint64, limit int) ([]Stored, error)
	// batchID names atomic batches.
	batchID func() string
}

// errConflict: the server is still busy with the same id.
var errConflict = errors.New("same id in process")

// store publishes r. stored tells whether it was this publish that stored it.
// Errors other than those of the journal's API are of the transport: repeat.
func (s *settler) store(ctx context.Context, r *request) (seqs []uint64, stored bool, err error) {
	ack, err := s.send(ctx, s.puts(r))
	switch {
	case err != nil:
		return nil, false, err
	case ack.Error == nil && !ack.Duplicate:
		return contiguous(ack.Seq, len(r.recs)), true, nil
	case ack.Error == nil:
		return []uint64{ack.Seq}, false, nil
	case ack.fenced() || ack.is(codeBatchDuplicate) || ack.is(codeDuplicateInProcess):
		seqs, err = s.explain(ctx, r, ack.fenced())
		return seqs, false, err
	}
	return nil, false, fmt.Errorf("%w: %s (%d)", ErrUnavailable, ack.Error.Description, ack.Error.ErrCode)
}

func (s *settler) puts(r *request) []put {
	puts := make([]put, len(r.recs))
	id := ""
	if len(r.recs) > 1 {
		id = s.batchID()
	}
	for i := range r.recs {
		puts[i] = put{rec: &r.recs[i]}
		if id != "" {
			puts[i].batch, puts[i].nth = id, i+1
		}
	}
	puts[len(puts)-1].commit = id != ""
	if r.last != NoFence {
		puts[0].fence, puts[0].last = true, r.last
	}
	return puts
}

// explain finds out why r was refused: because it is stored already, or
// because another writer wrote.
func (s *settler) explain(ctx context.Context, r *request, fenced bool) ([]uint64, error) {
	seqs, err := s.probe(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case len(seqs) == len(r.recs):
		return seqs, nil
	case len(seqs) > 0:
		return nil, ErrMixed
	case !fenced:
		return nil, errConflict
	}
	return s.compare(ctx, r)
}

// probe asks the server for the sequences of r's ids. It knows those of the
// dedupe window.
func (s *settler) probe(ctx context.Context, r *request) ([]uint64, error) {
	var seqs []uint64
	for i := range r.recs {
		ack, err := s.send(ctx, []put{{rec: &r.recs[i], probe: true}})
		switch {
		case err != nil:
			return nil, err
		case ack.Error == nil && ack.Duplicate:
			seqs = append(seqs, ack.Seq)
		case ack.is(codeWrongLastID):
		case ack.is(codeDuplicateInProcess):
			return nil, errConflict
		default:
			return nil, fmt.Errorf("%w: probe: unexpected answer", ErrUnavailable)
		}
	}
	return seqs, nil
}

// compare looks at what the call's log holds behind r.last: if it is r itself,
// an earlier try stored it and the ids have left the dedupe window.
func (s *settler) compare(ctx context.Context, r *request) ([]uint64, error) {
	got, err := s.after(ctx, r.call, r.last, len(r.recs))
	if err != nil {
		return nil, err
	}
	if len(got) != len(r.recs) {
		return nil, ErrFenced
	}
	seqs := make([]uint64, len(got))
	for i := range got {
		if got[i].ID != r.recs[i].ID {
			return nil, ErrFenced
		}
		seqs[i] = got[i].Seq
	}
	return seqs, nil
}

// final tells whether err is an outcome rather than a fault of the transport.
func final(err error) bool {
	return err == nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrMixed) ||
		errors.Is(err, ErrUnavailable) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrTooLarge)
}
