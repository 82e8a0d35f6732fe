package leg

import (
	"crypto/rand"
	"io"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// ulids makes identifiers that sort by time: 26 letters and digits, so that each is also a legal
// Message-ID (RFC 4975 §9) and the opaque part of an i3 identifier (NENA-STA-010.3 §2.1.6).
type ulids struct {
	now func() time.Time

	mu      sync.Mutex // guards entropy
	entropy *ulid.MonotonicEntropy
}

func newULIDs(now func() time.Time, r io.Reader) *ulids {
	return &ulids{now: now, entropy: ulid.Monotonic(newPool(r), 0)}
}

func (u *ulids) next() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return ulid.MustNew(ulid.Timestamp(u.now()), u.entropy).String()
}

// pool reads a source in larger pieces. It belongs to one goroutine at a time.
type pool struct {
	r    io.Reader
	buf  [512]byte
	left int
}

func newPool(r io.Reader) *pool {
	if r == nil {
		r = rand.Reader
	}
	return &pool{r: r}
}

func (p *pool) Read(b []byte) (int, error) {
	if p.left == 0 {
		n, err := io.ReadFull(p.r, p.buf[:])
		if err != nil {
			return 0, err
		}
		p.left = n
	}
	n := copy(b, p.buf[len(p.buf)-p.left:])
	p.left -= n
	return n, nil
}
