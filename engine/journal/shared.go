package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// sharedBatches bounds the open atomic batches: the server takes 50.
	sharedBatches = 16
	retryPause    = 50 * time.Millisecond
	retryPauseMax = time.Second
	// tailCheck is how often a shared stream is asked for its end, in case
	// the last notice of a burst was lost.
	tailCheck = 2 * time.Second
)

// sharedWriter stores Appends in a stream that others write to as well. Every Append goes out at once, fenced, and has
// an answer of its own: with three replicas the servers' log groups them.
type sharedWriter struct {
	j       *JetStream
	s       *stream
	prefix  string
	batches atomic.Uint64
	open    chan struct{} // places for atomic batches
	waiting atomic.Int64

	ctx    context.Context // ends with the writer
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	ended  bool
	wg     sync.WaitGroup // Appends under way
}

func (j *JetStream) startShared(ctx context.Context, s *stream, last uint64) error {
	w := &sharedWriter{j: j, s: s, prefix: rand.Text()[:10] + "-", open: make(chan struct{}, sharedBatches)}
	w.ctx, w.cancel = context.WithCancelCause(context.Background())
	sub, err := j.nc.Subscribe(s.names.evt+">", func(m *nats.Msg) {
		if r, err := s.names.parse(m); err == nil {
			s.tail.add([]Stored{r})
		}
	})
	if err == nil {
		err = j.nc.FlushWithContext(ctx)
	}
	if err != nil {
		return err
	}
	// What was stored before the subscription is reached by reading.
	s.tail.reach(last)
	if end, err := j.lastOf(ctx, s); err == nil {
		s.tail.reach(end)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for pause(w.ctx, tailCheck) {
			if end, err := j.lastOf(w.ctx, s); err == nil {
				s.tail.reach(end)
				j.watch.answered()
			}
		}
	})
	s.writer = w
	s.helpers = append(s.helpers, func() {
		_ = sub.Unsubscribe() // the connection is about to close
		wg.Wait()
	})
	return nil
}

func (j *JetStream) lastOf(ctx context.Context, s *stream) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, j.cfg.AckWait)
	defer cancel()
	st, err := j.js.Stream(ctx, s.name)
	if err != nil {
		return 0, err
	}
	return st.CachedInfo().State.LastSeq, nil
}

func (w *sharedWriter) append(ctx context.Context, call string, last uint64, recs []Record) ([]uint64, error) {
	if !w.enter() {
		return nil, ErrClosed
	}
	defer w.wg.Done()
	if n := w.waiting.Add(1); n > int64(w.j.cfg.Queue) {
		w.waiting.Add(-1)
		w.j.stats.refused.Add(1)
		return nil, unavailable(errors.New("too many appends under way"))
	}
	defer w.waiting.Add(-1)
	if len(recs) > 1 {
		select {
		case w.open <- struct{}{}:
			defer func() { <-w.open }()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	r := &request{call: call, last: last, recs: recs}
	seqs, stored, err := w.insist(ctx, r)
	w.count(r, seqs, stored, err)
	return seqs, err
}

func (w *sharedWriter) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.wg.Add(1)
	}
	return !w.ended
}

// insist repeats r with the same ids until there is an outcome.
func (w *sharedWriter) insist(ctx context.Context, r *request) (seqs []uint64, stored bool, err error) {
	s := settler{send: w.exchange, after: w.after, batchID: w.batchID}
	for wait := retryPause; ; wait = min(2*wait, retryPauseMax) {
		seqs, stored, err := s.store(ctx, r)
		if final(err) {
			w.j.watch.answered()
			return seqs, stored, err
		}
		if ctx.Err() != nil {
			return nil, false, context.Cause(ctx)
		}
		w.j.watch.unanswered(err)
		if refusal := w.j.watch.refusal(); refusal != nil {
			return nil, false, refusal
		}
		w.j.stats.retries.Add(1)
		if !pause(ctx, wait) {
			return nil, false, context.Cause(ctx)
		}
	}
}

func (w *sharedWriter) count(r *request, seqs []uint64, stored bool, err error) {
	st := &w.j.stats
	switch {
	case errors.Is(err, ErrFenced):
		st.fenced.Add(1)
	case errors.Is(err, ErrUnavailable):
		st.refused.Add(1)
	case err != nil:
	case !stored:
		st.duplicates.Add(1)
	default:
		st.appends.Add(1)
		st.records.Add(uint64(len(seqs)))
		if len(r.recs) > 1 {
			st.batches.Add(1)
		} else {
			st.singles.Add(1)
		}
	}
}

// exchange publishes puts; only the last asks for an answer.
func (w *sharedWriter) exchange(ctx context.Context, puts []put) (pubAck, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.j.cfg.AckWait, errTimeout)
	defer cancel()
	ctx, unbind := w.j.link.bind(ctx)
	defer unbind()
	end := len(puts) - 1
	for i := range puts[:end] {
		if err := w.j.nc.PublishMsg(w.message(&puts[i])); err != nil {
			return pubAck{}, err
		}
	}
	m, err := w.j.nc.RequestMsgWithContext(ctx, w.message(&puts[end]))
	if err != nil {
		return pubAck{}, err
	}
	return parseAck(m.Data)
}

func (w *sharedWriter) message(p *put) *nats.Msg {
	n := &w.s.names
	call := EscapeToken(p.rec.Call)
	h := ceHeader(n, p.rec)
	if p.fence {
		h[hdrLastSeq] = []string{strconv.FormatUint(p.last, 10)}
		h[hdrLastSubject] = []string{n.evt + call + ".>"}
	}
	if p.batch != "" {
		h[hdrBatchID] = []string{p.batch}
		h[hdrBatchSeq] = []string{strconv.Itoa(p.nth)}
	}
	if p.commit {
		h[hdrBatchCommit] = []string{"1"}
	}
	if p.probe {
		h[hdrLastID] = []string{impossibleID}
	}
	return &nats.Msg{Subject: n.put + call + "." + p.rec.Kind, Header: h, Data: p.rec.Data}
}

func (w *sharedWriter) after(ctx context.Context, call string, after uint64, limit int) ([]Stored, error) {
	return w.j.readStream(ctx, w.s, call, after, limit)
}

func (w *sharedWriter) batchID() string {
	return w.prefix + strconv.FormatUint(w.batches.Add(1), 36)
}

func (w *sharedWriter) queued() int { return int(w.waiting.Load()) }

// stop waits for the Appends under way, which end when the journal forbids
// storing at the latest.
func (w *sharedWriter) stop() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.wg.Wait()
	w.cancel(ErrClosed)
}
