package journal

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// JetStream is the Journal on NATS JetStream: on a server embedded in the
// process, or on external ones.
type JetStream struct {
	cfg   Config
	stats counters
	node  *node    // nil with external servers
	watch *monitor // decides whether storing is allowed
	nc    *nats.Conn
	js    jetstream.JetStream
	link  *link

	mu      sync.RWMutex
	streams map[string]*stream
	closed  bool

	opening sync.Mutex // one Open at a time
}

var _ Journal = (*JetStream)(nil)

// stream is one PSAP's part of a JetStream journal.
type stream struct {
	names   names
	name    string
	epoch   string
	tail    *tail
	local   bool // this process is the stream's only writer
	writer  writer
	helpers []func() // end what was started for the stream, in order
}

// writer stores Appends in one stream.
type writer interface {
	append(ctx context.Context, call string, last uint64, recs []Record) ([]uint64, error)
	queued() int
	stop()
}

// Start opens the journal that cfg describes: it starts the embedded server or
// connects to the external ones. Close ends it.
func Start(ctx context.Context, cfg Config) (*JetStream, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	j := &JetStream{cfg: cfg.withDefaults(), streams: map[string]*stream{}, link: newLink()}
	j.watch = newMonitor(j)
	if cfg.Dir != "" {
		j.node = &node{cfg: j.cfg, password: rand.Text()}
		if err := j.watch.openNode(); err != nil {
			return nil, err
		}
	}
	if err := j.connect(ctx); err != nil {
		if j.node != nil {
			j.node.close()
		}
		return nil, err
	}
	j.watch.start()
	return j, nil
}

func (j *JetStream) stream(psap string) (*stream, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.closed {
		return nil, ErrClosed
	}
	s := j.streams[psap]
	if s == nil {
		return nil, ErrUnknownPSAP
	}
	return s, nil
}

// Append implements Journal.
func (j *JetStream) Append(ctx context.Context, psap, call string, last uint64, recs []Record) ([]uint64, error) {
	if err := validate(call, recs); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s, err := j.stream(psap)
	if err != nil {
		return nil, err
	}
	if err := j.watch.refusal(); err != nil {
		j.stats.refused.Add(1)
		return nil, err
	}
	return s.writer.append(ctx, call, last, recs)
}

// Bounds implements Journal.
func (j *JetStream) Bounds(ctx context.Context, psap string) (Bounds, error) {
	s, err := j.stream(psap)
	if err != nil {
		return Bounds{}, err
	}
	var info *jetstream.StreamInfo
	err = j.insist(ctx, func(ctx context.Context) error {
		st, err := j.js.Stream(ctx, s.name)
		if err == nil {
			info = st.CachedInfo()
		}
		return err
	})
	if err != nil {
		return Bounds{}, unavailable(err)
	}
	b := Bounds{First: info.State.FirstSeq, Last: info.State.LastSeq,
		Epoch: strconv.FormatInt(info.Created.UnixNano(), 36)}
	if s.local {
		b.Last = min(b.Last, s.tail.newest())
	}
	b.First = min(max(b.First, 1), b.Last+1)
	return b, nil
}

// Follow implements Journal.
func (j *JetStream) Follow(psap string, after uint64) Cursor {
	return newCursor(after, func() (source, error) {
		s, err := j.stream(psap)
		if err != nil {
			return source{}, err
		}
		return j.source(s), nil
	})
}

func (j *JetStream) source(s *stream) source {
	return source{psap: s.names.psap, tail: s.tail, stats: &j.stats,
		read: func(ctx context.Context, after uint64, limit int) ([]Stored, error) {
			return j.read(ctx, s, "", after, limit)
		}}
}

// Healthy implements Journal.
func (j *JetStream) Healthy() error {
	j.mu.RLock()
	closed := j.closed
	j.mu.RUnlock()
	if closed {
		return ErrClosed
	}
	return j.watch.health()
}

// Stats implements Journal.
func (j *JetStream) Stats() Stats {
	st := j.stats.snapshot()
	st.FreeBytes = j.watch.free.Load()
	j.mu.RLock()
	defer j.mu.RUnlock()
	for _, s := range j.streams {
		n, b := s.tail.size()
		st.TailCount += n
		st.TailBytes += b
		st.Queued += s.writer.queued()
	}
	return st
}

// Close implements Journal.
func (j *JetStream) Close(ctx context.Context) error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	streams := j.streams
	j.mu.Unlock()

	cut := context.AfterFunc(ctx, func() { j.watch.forbid(ErrClosed) })
	var wg sync.WaitGroup
	for _, s := range streams {
		wg.Go(s.writer.stop)
	}
	wg.Wait()
	cut()
	for _, s := range streams {
		s.tail.close()
		for _, end := range s.helpers {
			end()
		}
	}
	j.watch.stop()
	j.nc.Close()
	if j.node != nil {
		j.node.close()
	}
	return context.Cause(ctx)
}
