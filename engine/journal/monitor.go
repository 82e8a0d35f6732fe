package journal

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	reopenPauseMin = time.Second
	reopenPauseMax = 30 * time.Second
)

// monitor decides whether the journal may store: it watches the space under
// the embedded server and the server's health, refuses before the disk is
// full, and opens the server anew when a stream has stopped writing, for a
// write error stays with a stream for as long as its server lives.
// With external servers it counts how long they have not answered.
type monitor struct {
	j     *JetStream
	space space
	free  atomic.Int64

	refused atomic.Pointer[error] // why nothing may be stored

	mu        sync.Mutex
	closed    error     // for good
	low       bool      // too little space
	fault     error     // what the server said
	silent    time.Time // external: first failure in a row
	nextOpen  time.Time
	openPause time.Duration

	kick chan struct{}
	quit chan struct{}
	wg   sync.WaitGroup
}

func newMonitor(j *JetStream) *monitor {
	m := &monitor{j: j, kick: make(chan struct{}, 1), quit: make(chan struct{})}
	m.free.Store(-1)
	m.space = space{dir: j.cfg.Dir, ballast: j.cfg.Ballast}
	return m
}

func (m *monitor) start() { m.wg.Go(m.run) }

func (m *monitor) stop() {
	close(m.quit)
	m.wg.Wait()
}

func (m *monitor) run() {
	t := time.NewTicker(m.j.cfg.CheckEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-m.kick:
		case <-m.quit:
			return
		}
		if m.j.node != nil {
			m.checkNode()
		}
		m.decide()
	}
}

// openNode opens the embedded server for the first time.
func (m *monitor) openNode() error {
	if err := m.space.prepare(); err != nil {
		return err
	}
	m.checkSpace()
	if err := m.reopen(); err != nil {
		return err
	}
	m.decide()
	return nil
}

func (m *monitor) checkNode() {
	m.checkSpace()
	fault := m.j.node.fault()
	m.mu.Lock()
	if fault != nil && m.fault == nil {
		m.fault = fault
	}
	fault, low := m.fault, m.low
	due := fault != nil && !low && m.closed == nil && !time.Now().Before(m.nextOpen)
	m.mu.Unlock()
	if fault == nil {
		m.recovered()
		return
	}
	m.decide()
	if !due {
		return
	}
	m.j.cfg.Log.Warn("open the store anew", "cause", fault)
	m.j.stats.reopens.Add(1)
	err := m.reopen()
	m.mu.Lock()
	m.openPause = min(max(2*m.openPause, reopenPauseMin), reopenPauseMax)
	m.nextOpen = time.Now().Add(m.openPause)
	m.fault = err
	m.mu.Unlock()
}

// recovered: the server has been well for as long as it would have been left
// alone.
func (m *monitor) recovered() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.nextOpen.IsZero() && time.Now().After(m.nextOpen) {
		m.nextOpen, m.openPause = time.Time{}, 0
	}
}

// reopen opens the server; if there is no room even for that, the ballast
// makes some.
func (m *monitor) reopen() error {
	if free, err := m.space.free(); err == nil && free < m.j.cfg.Ballast {
		m.space.release()
	}
	return m.j.node.open()
}

func (m *monitor) checkSpace() {
	free, err := m.space.free()
	if err != nil || m.j.cfg.MinFree < 0 {
		return
	}
	m.free.Store(free)
	m.mu.Lock()
	was := m.low
	// An eighth more is asked for before storing goes on, so that the state
	// does not flutter.
	m.low = free < m.j.cfg.MinFree || was && free < m.j.cfg.MinFree+m.j.cfg.MinFree/8
	now := m.low
	m.mu.Unlock()
	if was != now {
		m.j.cfg.Log.Warn("space for the journal", "low", now, "free", free)
	}
	if !now {
		m.space.keep(free, m.j.cfg.MinFree)
	}
}

// decide puts what is known into refused.
func (m *monitor) decide() {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	switch {
	case m.closed != nil:
		err = m.closed
	case m.low:
		err = unavailable(errors.New("too little space on the disk"))
	case m.fault != nil && !m.nextOpen.IsZero():
		err = unavailable(m.fault) // opening it anew did not help
	case !m.silent.IsZero() && time.Since(m.silent) > m.j.cfg.Grace:
		err = unavailable(fmt.Errorf("servers away for %s", m.j.cfg.Grace))
	}
	if err == nil {
		m.refused.Store(nil)
		return
	}
	m.refused.Store(&err)
}

func (m *monitor) refusal() error {
	if p := m.refused.Load(); p != nil {
		return *p
	}
	return nil
}

func (m *monitor) health() error {
	if err := m.refusal(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		return unavailable(m.fault)
	}
	if !m.silent.IsZero() {
		return unavailable(errors.New("servers do not answer"))
	}
	return nil
}

// forbid ends storing for good.
func (m *monitor) forbid(err error) {
	m.mu.Lock()
	m.closed = err
	m.mu.Unlock()
	m.decide()
}

// stuck reports that the embedded store does not answer.
func (m *monitor) stuck(err error) {
	m.mu.Lock()
	if m.fault == nil {
		m.fault = err
	}
	m.mu.Unlock()
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// unanswered reports that external servers did not answer.
func (m *monitor) unanswered(err error) {
	m.mu.Lock()
	first := m.silent.IsZero()
	if first {
		m.silent = time.Now()
	}
	m.mu.Unlock()
	if first {
		m.j.cfg.Log.Warn("store does not answer", "err", err)
	}
	m.decide()
}

// answered reports that they do.
func (m *monitor) answered() {
	m.mu.Lock()
	was := !m.silent.IsZero()
	m.silent = time.Time{}
	m.mu.Unlock()
	if was {
		m.decide()
	}
}
