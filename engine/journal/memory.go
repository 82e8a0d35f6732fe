package journal

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"sync"
)

// MemoryConfig sets the bounds of a Memory journal.
type MemoryConfig struct {
	// MaxRecords is how many records a PSAP may hold; then Append returns
	// ErrUnavailable. 0: 1,048,576.
	MaxRecords int
	// TailCount and TailBytes bound the tail for followers. 0: the defaults.
	TailCount int
	TailBytes int64
}

// Memory is a Journal without a disk: what it holds ends with it. It keeps
// every other promise of Journal and passes the same tests.
type Memory struct {
	cfg   MemoryConfig
	stats counters

	mu      sync.Mutex
	streams map[string]*memStream
	opened  int
	fault   error
	closed  bool
}

// NewMemory returns an empty journal in memory. It starts no goroutine.
func NewMemory(cfg MemoryConfig) *Memory {
	if cfg.MaxRecords <= 0 {
		cfg.MaxRecords = 1 << 20
	}
	return &Memory{cfg: cfg, streams: map[string]*memStream{}}
}

var _ Journal = (*Memory)(nil)

// Open implements Journal.
func (m *Memory) Open(_ context.Context, psap string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if psap == "" {
		return fmt.Errorf("%w: empty PSAP name", ErrInvalid)
	}
	if m.streams[psap] != nil {
		return nil
	}
	m.opened++
	m.streams[psap] = &memStream{
		psap: psap, epoch: "memory-" + strconv.Itoa(m.opened), first: 1,
		ids: map[string]uint64{}, calls: map[string][]uint64{}, newest: map[string]uint64{},
		tail: newTail(m.cfg.TailCount, m.cfg.TailBytes),
	}
	return nil
}

// Append implements Journal.
func (m *Memory) Append(ctx context.Context, psap, call string, last uint64, recs []Record) ([]uint64, error) {
	if err := validate(call, recs); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.stream(psap)
	if err != nil {
		return nil, err
	}
	if m.fault != nil {
		m.stats.refused.Add(1)
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, m.fault)
	}
	seqs, err := s.known(recs)
	if err != nil {
		return nil, err
	}
	if seqs != nil {
		m.stats.duplicates.Add(1)
		return seqs, nil
	}
	if last != NoFence && s.newest[call] != last {
		m.stats.fenced.Add(1)
		return nil, ErrFenced
	}
	if len(s.recs)+len(recs) > m.cfg.MaxRecords {
		m.stats.refused.Add(1)
		return nil, fmt.Errorf("%w: full", ErrUnavailable)
	}
	m.stats.appends.Add(1)
	m.stats.records.Add(uint64(len(recs)))
	return s.store(recs), nil
}

// stream needs mu.
func (m *Memory) stream(psap string) (*memStream, error) {
	if m.closed {
		return nil, ErrClosed
	}
	s := m.streams[psap]
	if s == nil {
		return nil, ErrUnknownPSAP
	}
	return s, nil
}

// Read implements Journal.
func (m *Memory) Read(ctx context.Context, psap string, after uint64, limit int) ([]Stored, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.stream(psap)
	if err != nil {
		return nil, err
	}
	return s.read(after, limit), nil
}

// ReadCall implements Journal.
func (m *Memory) ReadCall(ctx context.Context, psap, call string, after uint64, limit int) ([]Stored, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if limit <= 0 {
		limit = DefaultReadLimit
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.stream(psap)
	if err != nil {
		return nil, err
	}
	seqs := s.calls[call]
	from := sort.Search(len(seqs), func(i int) bool { return seqs[i] > after && seqs[i] >= s.first })
	var out []Stored
	for _, seq := range seqs[from:] {
		if len(out) == limit {
			break
		}
		out = append(out, s.recs[seq-s.first])
	}
	return out, nil
}

// Replay implements Journal.
func (m *Memory) Replay(ctx context.Context, psap string, after uint64, f func(Stored) error) error {
	b, err := m.Bounds(ctx, psap)
	if err != nil {
		return err
	}
	for after < b.Last {
		recs, err := m.Read(ctx, psap, after, DefaultReadLimit)
		if err != nil {
			return err
		}
		for _, r := range recs {
			if r.Seq > b.Last {
				return nil
			}
			if err := f(r); err != nil {
				return err
			}
			after = r.Seq
		}
		if len(recs) == 0 {
			return nil
		}
	}
	return nil
}

// Bounds implements Journal.
func (m *Memory) Bounds(_ context.Context, psap string) (Bounds, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.stream(psap)
	if err != nil {
		return Bounds{}, err
	}
	return Bounds{First: s.first, Last: s.first + uint64(len(s.recs)) - 1, Epoch: s.epoch}, nil
}

// Follow implements Journal.
func (m *Memory) Follow(psap string, after uint64) Cursor {
	return newCursor(after, func() (source, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		s, err := m.stream(psap)
		if err != nil {
			return source{}, err
		}
		return source{psap: psap, tail: s.tail, stats: &m.stats,
			read: func(ctx context.Context, after uint64, limit int) ([]Stored, error) {
				return m.Read(ctx, psap, after, limit)
			}}, nil
	})
}

// Fail makes every Append fail with ErrUnavailable because of err, as a full
// disk would, until it is called with nil.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = err
}

// Forget removes the records up to and including seq, as retention does.
func (m *Memory) Forget(psap string, seq uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.stream(psap)
	if err != nil {
		return err
	}
	for len(s.recs) > 0 && s.first <= seq {
		r := s.recs[0]
		delete(s.ids, r.ID)
		s.calls[r.Call] = s.calls[r.Call][1:]
		s.recs, s.first = s.recs[1:], s.first+1
	}
	s.tail.forget(seq)
	return nil
}

// Healthy implements Journal.
func (m *Memory) Healthy() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if m.fault != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, m.fault)
	}
	return nil
}

// Stats implements Journal.
func (m *Memory) Stats() Stats {
	st := m.stats.snapshot()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.streams {
		n, b := s.tail.size()
		st.TailCount += n
		st.TailBytes += b
	}
	return st
}

// Close implements Journal.
func (m *Memory) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for _, s := range m.streams {
		s.tail.close()
	}
	return nil
}
