package msrptest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// PipeOptions shape a Pipe. The zero value reads whatever is there and buffers
// 64 KiB in each direction.
type PipeOptions struct {
	// ReadSize, when set, is asked before each read for the most octets to
	// return; values below 1 count as 1. It is called from the reading goroutine
	// of either end.
	ReadSize func() int
	// Capacity is how many octets one direction holds before a write waits.
	Capacity int
	// Local and Remote are the addresses of the first end; the second has them
	// swapped. Nil stands for 192.0.2.1:2855 and 192.0.2.2:49152.
	Local, Remote net.Addr
}

// Pipe makes two connected in-memory connections. Closing one end lets the
// other read what was written before, then io.EOF.
func Pipe(o PipeOptions) (net.Conn, net.Conn) {
	if o.Capacity <= 0 {
		o.Capacity = 64 << 10
	}
	if o.Local == nil {
		o.Local = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 2855}
	}
	if o.Remote == nil {
		o.Remote = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 49152}
	}
	ab, ba := newStream(o), newStream(o)
	a := &pipeEnd{in: ba, out: ab, local: o.Local, remote: o.Remote}
	b := &pipeEnd{in: ab, out: ba, local: o.Remote, remote: o.Local}
	return a, b
}

// stream is one direction.
type stream struct {
	mu       sync.Mutex
	changed  *sync.Cond
	data     []byte
	capacity int
	size     func() int
	ended    bool // the writer closed: EOF after data
	broken   bool // the reader closed: writes fail

	readBy, writeBy deadline
}

func newStream(o PipeOptions) *stream {
	s := &stream{capacity: o.Capacity, size: o.ReadSize}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// deadline wakes a waiting call when it passes.
type deadline struct {
	timer *time.Timer
	past  bool
}

func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.past = nil, false
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.past = true
		s.changed.Broadcast()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.timer == timer {
			d.past = true
			s.changed.Broadcast()
		}
	})
	d.timer = timer
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.broken:
			return 0, net.ErrClosed
		case s.readBy.past:
			return 0, os.ErrDeadlineExceeded
		case len(s.data) > 0:
			limit := len(p)
			if s.size != nil {
				limit = min(limit, max(1, s.size()))
			}
			n := copy(p[:limit], s.data)
			s.data = s.data[n:]
			s.changed.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		switch {
		case s.ended:
			return n, net.ErrClosed
		case s.broken:
			return n, io.ErrClosedPipe
		case s.writeBy.past:
			return n, os.ErrDeadlineExceeded
		case len(s.data) < s.capacity:
			k := min(len(p), s.capacity-len(s.data))
			s.data = append(s.data, p[:k]...)
			p, n = p[k:], n+k
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
	return n, nil
}

func (s *stream) close(flag *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*flag = true
	s.changed.Broadcast()
}

// pipeEnd is one end as a net.Conn.
type pipeEnd struct {
	in, out       *stream
	local, remote net.Addr
}

func (e *pipeEnd) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *pipeEnd) Write(p []byte) (int, error) { return e.out.write(p) }
func (e *pipeEnd) LocalAddr() net.Addr         { return e.local }
func (e *pipeEnd) RemoteAddr() net.Addr        { return e.remote }

// Close ends both directions.
func (e *pipeEnd) Close() error {
	e.out.close(&e.out.ended)
	e.in.close(&e.in.broken)
	return e.SetDeadline(time.Time{})
}

// CloseWrite ends the sending direction only, like a TCP half-close.
func (e *pipeEnd) CloseWrite() error {
	e.out.close(&e.out.ended)
	return nil
}

func (e *pipeEnd) SetReadDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.readBy, t)
	return nil
}

func (e *pipeEnd) SetWriteDeadline(t time.Time) error {
	e.out.setDeadline(&e.out.writeBy, t)
	return nil
}

func (e *pipeEnd) SetDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.readBy, t)
	e.out.setDeadline(&e.out.writeBy, t)
	return nil
}
