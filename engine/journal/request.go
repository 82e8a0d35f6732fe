package journal

import (
	"context"
	"sync"
)

// request is one Append on its way. The appender owns it until done.
type request struct {
	call string
	last uint64
	recs []Record
	// fence: the server is to compare last, for the appender does not know.
	fence bool

	seqs []uint64
	err  error
	done chan struct{} // one token when seqs and err are set
}

// finish hands the outcome to whoever waits.
func (r *request) finish(seqs []uint64, err error) {
	r.seqs, r.err = seqs, err
	r.done <- struct{}{}
}

// requestPool keeps requests and their channels. A request whose Append gave
// up waiting is not put back: the appender may still hold it.
type requestPool struct{ p sync.Pool }

func (rp *requestPool) get(call string, last uint64, recs []Record) *request {
	r, _ := rp.p.Get().(*request)
	if r == nil {
		r = &request{done: make(chan struct{}, 1)}
	}
	r.call, r.last, r.recs, r.fence = call, last, recs, false
	return r
}

func (rp *requestPool) give(r *request) {
	r.recs, r.seqs, r.err, r.call = nil, nil, nil, ""
	rp.p.Put(r)
}

// await waits for the outcome of a queued request; ended is closed when nobody
// will serve it any more.
func (rp *requestPool) await(ctx context.Context, r *request, ended <-chan struct{}) ([]uint64, error) {
	select {
	case <-r.done:
		return rp.outcome(r)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-ended:
	}
	select {
	case <-r.done:
		return rp.outcome(r)
	default:
		return nil, ErrClosed
	}
}

func (rp *requestPool) outcome(r *request) ([]uint64, error) {
	seqs, err := r.seqs, r.err
	rp.give(r)
	return seqs, err
}

// contiguous are the n sequences that end with last.
func contiguous(last uint64, n int) []uint64 {
	seqs := make([]uint64, n)
	for i := range seqs {
		seqs[i] = last - uint64(n-1-i)
	}
	return seqs
}
