package sipua

import (
	"net/netip"
	"sync"
)

// table holds the stream connections by transport and far address.
type table struct {
	mu        sync.Mutex
	streams   map[string]*stream
	strangers int
	sources   map[netip.Addr]int // strangers by the address they came from
	all       map[*stream]bool   // value: counted as stranger
	closed    bool
}

func newTable() *table {
	return &table{streams: map[string]*stream{}, sources: map[netip.Addr]int{}, all: map[*stream]bool{}}
}

// add registers an accepted connection; false when there is no room or the UA is closing.
func (t *table) add(s *stream, limit int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := len(t.all) - t.strangers
	if t.closed || (s.known && known >= limit) {
		return false
	}
	if !s.known && (t.strangers >= maxStrangers || t.sources[s.addr.Addr()] >= maxStrangersOfOne) {
		return false
	}
	t.all[s] = !s.known
	if !s.known {
		t.stranger(s, 1)
	}
	t.streams[s.key] = s
	return true
}

// settle moves a connection between the two counts when its certificate changed what is known.
func (t *table) settle(s *stream, before bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.all[s]; !ok || before == s.known {
		return
	}
	t.all[s] = !s.known
	if s.known {
		t.stranger(s, -1)
	} else {
		t.stranger(s, 1)
	}
}

// stranger counts one more or one less; it needs mu.
func (t *table) stranger(s *stream, n int) {
	t.strangers += n
	from := s.addr.Addr()
	if t.sources[from] += n; t.sources[from] == 0 {
		delete(t.sources, from)
	}
}

// find returns the live connection under a key, or registers the one make returns.
func (t *table) find(key string, make func() *stream) (s *stream, made bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.streams[key]; s != nil && s.alive() {
		return s, false
	}
	if make == nil || t.closed {
		return nil, false
	}
	s = make()
	t.streams[key] = s
	t.all[s] = false
	return s, true
}

// alias registers a second key, used for dialled names.
func (t *table) alias(s *stream, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.all[s]; ok && t.streams[key] == nil {
		t.streams[key] = s
	}
}

func (t *table) drop(s *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if stranger, ok := t.all[s]; ok {
		delete(t.all, s)
		if stranger {
			t.stranger(s, -1)
		}
	}
	for _, key := range []string{s.key, string(s.transport) + " " + s.addr.String()} {
		if t.streams[key] == s {
			delete(t.streams, key)
		}
	}
}

func (t *table) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.all)
}

// close ends every connection and admits no more.
func (t *table) close() {
	t.mu.Lock()
	t.closed = true
	all := make([]*stream, 0, len(t.all))
	for s := range t.all {
		all = append(all, s)
	}
	t.mu.Unlock()
	for _, s := range all {
		s.kill(errStreamDead)
	}
}
