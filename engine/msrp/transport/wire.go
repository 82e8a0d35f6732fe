package transport

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// writeStep is the most that one blocking write takes; the write-stall clock
// starts anew with each.
const writeStep = 16 << 10

// wire is a socket whose Write never waits: what the kernel does not take at
// once is kept, and drain writes it later. It stands under TLS as well, so that
// both kinds of connection are written the same way.
type wire struct {
	net.Conn
	raw   syscall.RawConn // nil: not a socket, so everything is kept for drain
	write func(fd uintptr) bool
	read  func(fd uintptr) bool
	pools *pools

	mu       sync.Mutex
	blocking bool // handshake: write through
	draining bool
	rest     []byte
	failed   error

	chunk []byte // argument and results of write
	n     int
	err   error

	in    *readBuffer // results of read; the reader's alone
	inN   int
	inErr error
}

func newWire(nc net.Conn, p *pools) *wire {
	w := &wire{Conn: nc, pools: p}
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			w.raw = raw
			w.write, w.read = w.writeSome, w.readSome
		}
	}
	return w
}

// take waits for octets and reads them into a borrowed buffer, which the caller
// gives back when n > 0.
func (w *wire) take() (buf *readBuffer, n int, err error) {
	w.in, w.inN, w.inErr = nil, 0, nil
	if err = w.raw.Read(w.read); err == nil {
		err = w.inErr
	}
	buf, w.in = w.in, nil
	return buf, w.inN, err
}

// readSome reads what is there; false asks to be called again when there is
// something.
func (w *wire) readSome(fd uintptr) bool {
	buf := w.pools.takeRead()
	for {
		n, err := syscall.Read(int(fd), buf[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			w.pools.putRead(buf)
			return false
		case err != nil:
			w.inErr = err
		case n == 0:
			w.inErr = io.EOF
		default:
			w.in, w.inN = buf, n
			return true
		}
		w.pools.putRead(buf)
		return true
	}
}

// writeSome writes what the kernel takes now.
func (w *wire) writeSome(fd uintptr) bool {
	for w.n < len(w.chunk) {
		n, err := syscall.Write(int(fd), w.chunk[w.n:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			w.err = err
			return true
		case n <= 0:
			w.err = io.ErrUnexpectedEOF
			return true
		}
		w.n += n
	}
	return true
}

// Write takes all of p, or fails. It does not keep p.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocking {
		return w.Conn.Write(p)
	}
	if w.failed != nil {
		return 0, w.failed
	}
	done := 0
	if w.raw != nil && !w.draining && len(w.rest) == 0 {
		w.chunk, w.n, w.err = p, 0, nil
		err := w.raw.Write(w.write)
		if w.chunk = nil; err == nil {
			err = w.err
		}
		if err != nil {
			w.failed = err
			return w.n, err
		}
		done = w.n
	}
	w.rest = append(w.rest, p[done:]...)
	return len(p), nil
}

// blocked reports whether something waits for drain.
func (w *wire) blocked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.rest) > 0 || w.draining
}

// drain writes what is kept, waiting for the peer for at most stall per step.
func (w *wire) drain(now func() time.Time, stall time.Duration) error {
	for {
		w.mu.Lock()
		p := w.rest
		w.rest, w.draining = nil, len(p) > 0
		err := w.failed
		w.mu.Unlock()
		if err != nil || len(p) == 0 {
			return err
		}
		for len(p) > 0 {
			step := p[:min(len(p), writeStep)]
			if err = w.Conn.SetWriteDeadline(now().Add(stall)); err == nil {
				_, err = w.Conn.Write(step)
			}
			if err != nil {
				w.mu.Lock()
				w.failed, w.draining = err, false
				w.mu.Unlock()
				return err
			}
			p = p[len(step):]
		}
		if err = w.Conn.SetWriteDeadline(time.Time{}); err != nil {
			return err
		}
	}
}

// setBlocking switches between writing through and never waiting.
func (w *wire) setBlocking(on bool) {
	w.mu.Lock()
	w.blocking = on
	w.mu.Unlock()
}
