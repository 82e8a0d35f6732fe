package session

import "text911/engine/msrp"

// Table knows the sessions that expect to be reached through one listener, and which of
// them are bound. It is not safe for concurrent use: lock around it.
type Table struct {
	entries map[msrp.Key]*entry
}

type entry struct {
	session *Session
	bound   bool
}

// Add makes a session known. It reports false if its URI is already taken.
func (t *Table) Add(s *Session) bool {
	if t.entries == nil {
		t.entries = make(map[msrp.Key]*entry)
	}
	k := s.Key()
	if _, taken := t.entries[k]; taken {
		return false
	}
	t.entries[k] = &entry{session: s}
	return true
}

// Remove forgets a session: requests for it get 481 from now on.
func (t *Table) Remove(s *Session) { delete(t.entries, s.Key()) }

// Claim binds the session of that key to the caller's connection. It returns 481 for an
// unknown key and 506 for a session that is bound already (RFC 4975 §5.4).
func (t *Table) Claim(key msrp.Key) (*Session, int) {
	e := t.entries[key]
	if e == nil || !e.session.Key().Equal(key) {
		return nil, msrp.CodeNoSession
	}
	if e.bound {
		return nil, msrp.CodeSessionBoundElsewhere
	}
	e.bound = true
	return e.session, 0
}

// Bind marks a session as bound that was attached to a connection opened by this side.
func (t *Table) Bind(s *Session) {
	if e := t.entries[s.Key()]; e != nil {
		e.bound = true
	}
}

// Release lets the session bind again, after its connection was lost or a new
// offer/answer made the binding obsolete.
func (t *Table) Release(s *Session) {
	if e := t.entries[s.Key()]; e != nil {
		e.bound = false
	}
}

// Len is the number of sessions known.
func (t *Table) Len() int { return len(t.entries) }
