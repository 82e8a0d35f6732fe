package session

import (
	"hash/maphash"
	"slices"
	"time"

	"text911/engine/msrp"
)

// history remembers the messages that the application accepted, so that a repetition is
// answered again and shown once, and a few that were refused in the middle, so that their
// remaining chunks are refused too.
//
// It is a ring of entries without pointers, which grows with use up to limit, and chains
// through it by Message-ID. Of an id only 64 bits of a keyed hash are kept: nobody outside
// can choose two that meet, and by chance one message in 10¹⁶ would be taken for one of the
// limit before it.
type history struct {
	limit int
	age   time.Duration
	seed  maphash.Seed // made with the first entry
	epoch time.Time    // what entries count from: the first one's time
	ring  []finished
	heads []int32 // newest entry of each chain, plus one; a power of two of them
	next  int     // oldest entry once ring is full

	refused []refusal // a ring of maxRefused
	nextRef int
}

type finished struct {
	key         uint64        // of the Message-ID
	at          time.Duration // since epoch
	length      int64
	transaction uint32 // of the completing chunk
	older       int32  // next entry of the chain, plus one
}

type refusal struct {
	id   msrp.MessageID
	code int
}

const (
	firstHistory = 4  // entries that the first message makes room for
	maxRefused   = 16 // messages whose later chunks are refused without a look
)

func (h *history) find(now time.Time, id []byte) (finished, bool) {
	if len(h.ring) == 0 {
		return finished{}, false
	}
	f := h.lookup(maphash.Bytes(h.seed, id))
	if f == nil || now.Sub(h.epoch)-f.at > h.age {
		return finished{}, false
	}
	return *f, true
}

func (h *history) lookup(key uint64) *finished {
	for i := h.heads[key&uint64(len(h.heads)-1)]; i != 0; i = h.ring[i-1].older {
		if f := &h.ring[i-1]; f.key == key {
			return f
		}
	}
	return nil
}

func (h *history) add(now time.Time, id msrp.MessageID, length int64, transaction uint32) {
	if h.heads == nil {
		h.seed, h.epoch = maphash.MakeSeed(), now
	}
	if len(h.ring) == len(h.heads) && len(h.ring) < h.limit {
		h.grow()
	}
	f := finished{key: maphash.String(h.seed, string(id)), at: now.Sub(h.epoch), length: length, transaction: transaction}
	if known := h.lookup(f.key); known != nil {
		f.older = known.older
		*known = f
		return
	}
	slot := h.next
	if len(h.ring) < h.limit {
		slot = len(h.ring)
		h.ring = append(h.ring, f)
	} else {
		h.unlink(slot)
		h.ring[slot] = f
		h.next = (h.next + 1) % h.limit
	}
	h.link(slot)
}

// grow makes room for twice as many entries. The ring has not wrapped, so next is 0.
func (h *history) grow() {
	size := max(firstHistory, 2*len(h.heads))
	ring := make([]finished, len(h.ring), min(size, h.limit))
	copy(ring, h.ring)
	h.ring, h.heads = ring, make([]int32, size)
	for i := range ring {
		h.link(i)
	}
}

func (h *history) link(slot int) {
	f := &h.ring[slot]
	head := &h.heads[f.key&uint64(len(h.heads)-1)]
	f.older, *head = *head, int32(slot+1)
}

// unlink takes an entry out of its chain, of which it is the last.
func (h *history) unlink(slot int) {
	f := &h.ring[slot]
	at := &h.heads[f.key&uint64(len(h.heads)-1)]
	for *at != 0 && *at != int32(slot+1) {
		at = &h.ring[*at-1].older
	}
	*at = f.older
}

func (h *history) refuse(id msrp.MessageID, code int) {
	if len(h.refused) < maxRefused {
		h.refused = append(h.refused, refusal{id, code})
		return
	}
	h.refused[h.nextRef] = refusal{id, code}
	h.nextRef = (h.nextRef + 1) % maxRefused
}

func (h *history) refusedCode(id []byte) int {
	for i := range h.refused {
		if r := &h.refused[i]; string(r.id) == string(id) {
			return r.code
		}
	}
	return 0
}

// copyFrom takes over what another session finished.
func (h *history) copyFrom(other *history) {
	h.seed, h.epoch, h.heads = other.seed, other.epoch, slices.Clone(other.heads)
	h.ring = append(slices.Clone(other.ring[other.next:]), other.ring[:other.next]...) // oldest first, so that it can grow
	h.limit = max(h.limit, other.limit)
	clear(h.heads)
	for i := range h.ring {
		h.link(i)
	}
}

// fingerprint tells transaction ids apart well enough to recognise a repetition whose
// Message-ID is the same too (FNV-1a).
func fingerprint(id []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range id {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
