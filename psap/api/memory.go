package api

import (
	"sync"
	"time"

	"text911/callmodel"
)

// memory holds the answers of the newest commands, so that a repeat gets the same one.
type memory struct {
	mu    sync.Mutex
	known map[memoryKey]*remembered
	order []memoryKey // oldest first, from head on
	head  int
}

type memoryKey struct {
	agent callmodel.AgentID
	id    callmodel.CommandID
}

type remembered struct {
	digest string
	at     time.Time
	done   chan struct{} // closed when the rest is set
	kept   bool          // false: it was not an answer for ever, the next may try
	reply  Reply
}

func newMemory() *memory { return &memory{known: map[memoryKey]*remembered{}} }

// enter returns what is known of a command. mine says that it is new, and that the caller must do
// it and leave.
func (m *memory) enter(key memoryKey, digest string, now time.Time) (r *remembered, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if r = m.known[key]; r != nil {
		return r, false
	}
	r = &remembered{digest: digest, at: now, done: make(chan struct{})}
	m.known[key] = r
	m.order = append(m.order, key)
	return r, true
}

// leave sets the answer. One that says "try again" is not kept.
func (m *memory) leave(key memoryKey, r *remembered, reply Reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if reply.OK || !reply.Error.Retryable {
		r.kept, r.reply = true, reply
	} else if m.known[key] == r {
		delete(m.known, key)
	}
	close(r.done)
}

func (m *memory) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.known)
}

// expire needs mu.
func (m *memory) expire(now time.Time) {
	for m.head < len(m.order) {
		key := m.order[m.head]
		r := m.known[key]
		if r != nil && len(m.known) < maxRemembered && len(m.order)-m.head < 2*maxRemembered && now.Sub(r.at) <= RememberedFor*time.Second {
			break
		}
		if r != nil {
			delete(m.known, key)
		}
		m.head++
	}
	if m.head > len(m.order)/2 {
		m.order = append(m.order[:0:0], m.order[m.head:]...)
		m.head = 0
	}
}
