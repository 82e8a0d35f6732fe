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
// It is a ring of entries without pointers, which grows with use up to limit, and an index
// by Message-ID. Of an id only 64 bits of a keyed hash are kept: nobody outside can choose
// two that meet, and by chance one message in 10¹⁶ would be taken for one of the 1024 before
// it.
type history struct {
	limit int
	age   time.Duration
	seed  maphash.Seed // made with the first entry
	epoch time.Time    // what entries count from: the first one's time
	ring  []finished
	next  int // oldest entry once ring is full

	// index is an open table with a power of two of cells: the key's highest bits over the
	// place in ring plus one. Cells are never taken out: one whose entry has another key by now
	// is passed over, and a table half full is made anew from the ring.
	index []uint32
	used  int

	refused []refusal // a ring of maxRefused
	nextRef int
}

type finished struct {
	key         uint64        // of the Message-ID
	at          time.Duration // since epoch
	length      int64
	transaction uint32 // of the completing chunk
}

type refusal struct {
	id   msrp.MessageID
	code int
}

const (
	placeBits    = 20               // of a cell
	maxHistory   = 1<<placeBits - 1 // and so many entries at most
	firstHistory = 4                // entries that the first message makes room for
	cellsPer     = 4                // entry, when the table is new
	maxRefused   = 16               // messages whose later chunks are refused without a look
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
	mask := uint64(len(h.index) - 1)
	for i := key & mask; h.index[i] != 0; i = (i + 1) & mask {
		if cell := h.index[i]; cell>>placeBits == uint32(key>>(32+placeBits)) {
			if f := &h.ring[cell&maxHistory-1]; f.key == key {
				return f
			}
		}
	}
	return nil
}

func (h *history) add(now time.Time, id msrp.MessageID, length int64, transaction uint32) {
	if h.index == nil {
		h.seed, h.epoch = maphash.MakeSeed(), now
		h.rebuild()
	}
	f := finished{key: maphash.String(h.seed, string(id)), at: now.Sub(h.epoch), length: length, transaction: transaction}
	if known := h.lookup(f.key); known != nil {
		*known = f
		return
	}
	if 2*h.used >= len(h.index) {
		h.rebuild()
	}
	place := h.next
	if len(h.ring) < h.limit {
		place = len(h.ring)
		if place == cap(h.ring) {
			h.ring = append(make([]finished, 0, min(max(2*place, firstHistory), h.limit)), h.ring...)
		}
		h.ring = append(h.ring, f)
	} else {
		h.ring[place] = f
		h.next = (h.next + 1) % h.limit
	}
	h.enter(place)
}

// enter makes an entry known to the index, which has room.
func (h *history) enter(place int) {
	key, mask := h.ring[place].key, uint64(len(h.index)-1)
	i := key & mask
	for h.index[i] != 0 {
		i = (i + 1) & mask
	}
	h.index[i] = uint32(key>>(32+placeBits))<<placeBits | uint32(place+1)
	h.used++
}

// rebuild makes the index from the ring.
func (h *history) rebuild() {
	size := cellsPer * firstHistory
	for size < cellsPer*len(h.ring) {
		size *= 2
	}
	if size == len(h.index) {
		clear(h.index)
	} else {
		h.index = make([]uint32, size)
	}
	h.used = 0
	for i := range h.ring {
		h.enter(i)
	}
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
	h.limit = max(h.limit, other.limit)
	if other.index == nil {
		return
	}
	h.seed, h.epoch = other.seed, other.epoch
	h.ring = append(slices.Clone(other.ring[other.next:]), other.ring[:other.next]...) // oldest first, so that it can grow
	h.rebuild()
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
