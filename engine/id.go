package engine

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
	"time"
)

// ids makes ULIDs: 48 bits of milliseconds, 80 bits of randomness that count up within one
// millisecond, in Crockford's base 32. They sort in the order they were made, also when the clock
// steps back.
type ids struct {
	mu      sync.Mutex
	entropy io.Reader
	pool    [640]byte
	left    int
	ms      uint64
	hi      uint16
	lo      uint64
}

const (
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ulidLen   = 26
)

func newIDs(entropy io.Reader) *ids {
	if entropy == nil {
		entropy = rand.Reader
	}
	return &ids{entropy: entropy}
}

// next returns a new ULID for now.
func (g *ids) next(now time.Time) string {
	g.mu.Lock()
	if ms := uint64(max(now.UnixMilli(), 0)); ms > g.ms {
		g.ms = ms
		g.draw()
	} else if g.lo++; g.lo == 0 {
		g.hi++
	}
	ms, hi, lo := g.ms, g.hi, g.lo
	g.mu.Unlock()

	var b [ulidLen]byte
	for i := ulidLen - 1; i >= 14; i-- { // 12 characters: 60 bits
		b[i] = crockford[lo&31]
		lo >>= 5
	}
	rest := uint64(hi)<<4 | lo // 4 bits are left of lo
	for i := 13; i >= 10; i-- {
		b[i] = crockford[rest&31]
		rest >>= 5
	}
	for i := 9; i >= 0; i-- {
		b[i] = crockford[ms&31]
		ms >>= 5
	}
	return string(b[:])
}

// draw needs mu. Without entropy the old random part counts on, which keeps ids unique within this
// process; a source that fails is not worth refusing an emergency text for.
func (g *ids) draw() {
	if g.left < 10 {
		if _, err := io.ReadFull(g.entropy, g.pool[:]); err != nil {
			g.lo++
			return
		}
		g.left = len(g.pool)
	}
	p := g.pool[len(g.pool)-g.left:]
	g.hi = binary.BigEndian.Uint16(p) >> 1 // room to count up
	g.lo = binary.BigEndian.Uint64(p[2:])
	g.left -= 10
}
