package session

import (
	"maps"
	"slices"
	"time"

	"text911/engine/msrp"
)

// history remembers the messages that the application accepted, so that a repetition is
// answered again and shown once, and a few that were refused in the middle, so that their
// remaining chunks are refused too.
type history struct {
	limit int
	age   time.Duration
	done  map[msrp.MessageID]finished
	order []msrp.MessageID // ring, oldest at next once it is full
	next  int

	refused [16]refusal
	nextRef int
}

type finished struct {
	at          time.Time
	length      int64
	transaction uint64 // of the completing chunk
}

type refusal struct {
	id   msrp.MessageID
	code int
}

func (h *history) find(now time.Time, id []byte) (finished, bool) {
	d, ok := h.done[msrp.MessageID(id)]
	if ok && now.Sub(d.at) > h.age {
		return finished{}, false
	}
	return d, ok
}

func (h *history) add(id msrp.MessageID, d finished) {
	if h.done == nil {
		h.done = make(map[msrp.MessageID]finished)
	}
	if _, known := h.done[id]; known {
		h.done[id] = d
		return
	}
	if len(h.order) < h.limit {
		h.order = append(h.order, id)
	} else {
		delete(h.done, h.order[h.next])
		h.order[h.next] = id
		h.next = (h.next + 1) % h.limit
	}
	h.done[id] = d
}

func (h *history) refuse(id msrp.MessageID, code int) {
	h.refused[h.nextRef] = refusal{id, code}
	h.nextRef = (h.nextRef + 1) % len(h.refused)
}

func (h *history) refusedCode(id []byte) int {
	for i := range h.refused {
		if r := &h.refused[i]; r.code != 0 && string(r.id) == string(id) {
			return r.code
		}
	}
	return 0
}

// copyFrom takes over what another session finished.
func (h *history) copyFrom(other *history) {
	h.done, h.order, h.next = maps.Clone(other.done), slices.Clone(other.order), other.next
	h.limit = max(h.limit, other.limit)
}

// fingerprint tells transaction ids apart well enough to recognise a repetition whose
// Message-ID is the same too (FNV-1a).
func fingerprint(id []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range id {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
