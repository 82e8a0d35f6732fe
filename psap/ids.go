package psap

import (
	"crypto/rand"
	"io"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// ids makes ULIDs that sort in the order they were made.
type ids struct {
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
	last    uint64
}

func newIDs(entropy io.Reader) *ids {
	if entropy == nil {
		entropy = rand.Reader
	}
	return &ids{entropy: ulid.Monotonic(entropy, 0)}
}

func (g *ids) next(now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = max(g.last, ulid.Timestamp(now))
	for range 8 {
		id, err := ulid.New(g.last, g.entropy)
		if err == nil {
			return id.String()
		}
		g.last++ // the millisecond is full, or the source failed once
	}
	// Without a source of randomness the time alone has to do: it rises with every id.
	g.last++
	var id ulid.ULID
	_ = id.SetTime(g.last)
	return id.String()
}
