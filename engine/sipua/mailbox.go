package sipua

import (
	"sync"
)

// crew owns every goroutine of a UA: none starts after close, and wait returns when all ended.
type crew struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// start runs f on a goroutine of the crew; false once the crew is closed.
func (c *crew) start(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wg.Go(f)
	return true
}

func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
}

func (c *crew) wait() { c.wg.Wait() }

// mailbox runs work one piece at a time in the order it was posted. It has a goroutine only while
// there is work.
type mailbox struct {
	crew  *crew
	guard func(func()) // runs one piece, recovering

	mu   sync.Mutex
	work []func()
	busy bool
}

// post queues work that the network asked for: above maxMailbox it is refused, and the sender
// repeats.
func (m *mailbox) post(f func()) bool { return m.put(f, maxMailbox) }

// force queues work of our own (timers, ends, calls of the application), which is bounded by what
// a call holds.
func (m *mailbox) force(f func()) bool { return m.put(f, 1<<20) }

func (m *mailbox) put(f func(), limit int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.work) >= limit {
		return false
	}
	if !m.busy && !m.crew.start(m.drain) {
		return false
	}
	m.busy = true
	m.work = append(m.work, f)
	return true
}

// full says whether more work of the network would be refused.
func (m *mailbox) full() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.work) >= maxMailbox
}

func (m *mailbox) drain() {
	for {
		m.mu.Lock()
		if len(m.work) == 0 {
			m.work, m.busy = nil, false
			m.mu.Unlock()
			return
		}
		f := m.work[0]
		m.work[0] = nil
		m.work = m.work[1:]
		m.mu.Unlock()
		m.guard(f)
	}
}
