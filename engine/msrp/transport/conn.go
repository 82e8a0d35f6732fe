package transport

import (
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// endReason says why a connection ended. The first reason given counts.
type endReason int32

const (
	endNone      endReason = iota
	endPeer                // closed or reset by the peer
	endDone                // its last session ended
	endProtocol            // the core asked for it: broken frames, timers
	endStalled             // the peer took nothing for too long
	endWrite               // a write failed
	endEvicted             // made room for another while it had bound nothing
	endHandshake           // TLS handshake failed or took too long
	endIdentity            // certificate is not the one the SDP named
	endGuessing            // its source names too many unknown sessions
	endFault               // a fault of this program, contained
	endShutdown            // the endpoint ends
	numEndReasons
)

var endNames = [numEndReasons]string{"none", "peer", "done", "protocol", "stalled", "write",
	"evicted", "handshake", "identity", "guessing", "fault", "shutdown"}

func (r endReason) String() string { return endNames[r] }

// Conn is one connection. Its reading goroutine is its owner: it ends with it.
type Conn struct {
	endpoint *Endpoint
	listener *Listener // nil when this side opened it
	source   netip.Addr
	trusted  bool // its source is: never evicted
	secure   bool
	share    *shareKey // further sessions may use it
	wire     *wire
	stream   net.Conn // wire, or TLS over it
	buffer   []byte   // for reads that cannot borrow one
	leaf     []byte   // the peer's certificate
	opened   time.Time

	end  atomic.Int32
	done chan struct{} // closed by kill

	timer                    timerEntry // guarded by timers.mu
	unboundPrev, unboundNext *Conn      // guarded by endpoint.mu
	isUnbound                bool
	evicted                  bool // taken off the list to be ended

	mu          sync.Mutex
	core        *session.Conn
	one         *Session // the sessions bound here, by core
	more        map[*session.Session]*Session
	queue       *batch // events no dispatcher has taken yet
	armed       time.Time
	dispatching bool // somebody calls handlers
	writing     bool // somebody writes
	heard       bool // the peer sent something
	closing     bool // no session left: close when everything is written
	dead        bool
	why         endReason     // why it is closing; endDone unless set
	readable    chan struct{} // wakes the reader while it must not read
	quirks      msrp.Quirks
	reason      string
}

func newConn(e *Endpoint, nc net.Conn, now time.Time, incoming bool) *Conn {
	c := &Conn{endpoint: e, wire: newWire(nc, &e.pools), opened: now, done: make(chan struct{}), readable: make(chan struct{}, 1)}
	c.stream = c.wire
	c.core = session.NewConn(now, session.ConnConfig{
		Profile: e.cfg.Profile, Limits: e.cfg.Limits, Random: &e.random, Sessions: (*claims)(c), Incoming: incoming,
		Probation: e.cfg.Probation, ResponseTimer: e.cfg.ResponseTimer, HeadTimer: e.cfg.HeadTimer,
	})
	tune(nc)
	return c
}

// kill ends the connection from any goroutine; its reader does the rest.
func (c *Conn) kill(r endReason) {
	if c.end.CompareAndSwap(int32(endNone), int32(r)) {
		close(c.done)
		c.wire.Conn.Close()
	}
}

func (c *Conn) killed() bool { return c.end.Load() != int32(endNone) }

// serve reads until the connection ends. A panic ends this connection only.
func (c *Conn) serve() {
	defer c.finish()
	defer c.contain()
	if c.listener != nil && c.listener.tls != nil && !c.acceptTLS() {
		return
	}
	c.mu.Lock()
	c.rearm()
	c.mu.Unlock()
	if c.listener != nil && c.secure {
		if p, ok := c.hold(); !ok || !c.received(p) {
			c.linger()
			return
		}
	}
	c.read()
}

// contain turns a panic into the end of the connection.
func (c *Conn) contain() {
	if fault := recover(); fault != nil {
		c.endpoint.cfg.Log.Error("msrp connection fault", "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		c.kill(endFault)
	}
}

// read is the reader's loop: one read, all frames in it, one write.
func (c *Conn) read() {
	for goOn := true; goOn; {
		buf, n, err := c.take()
		if n > 0 {
			goOn = c.received(buf[:n])
			c.endpoint.pools.putRead(buf)
		}
		if err != nil {
			c.peerClosed()
			break
		}
	}
	c.linger()
}

// take reads once. A clear connection holds no buffer while it waits; TLS and
// connections in memory cannot do without.
func (c *Conn) take() (buf *readBuffer, n int, err error) {
	if c.wire.raw != nil && c.stream == net.Conn(c.wire) {
		return c.wire.take()
	}
	if c.buffer == nil {
		c.buffer = make([]byte, readSmall)
	}
	if n, err = c.stream.Read(c.buffer); n > 0 {
		buf = c.endpoint.pools.takeRead()
		copy(buf[:], c.buffer[:n])
	}
	return buf, n, err
}

// received steps the core with octets of the peer and answers. It waits while
// the application owes too many verdicts or the peer does not take its
// responses: not reading is what holds the peer back. It reports false when
// nothing more is to be read.
func (c *Conn) received(p []byte) bool {
	now := c.endpoint.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = true
	c.core.Receive(now, p)
	c.settle(now)
	for !c.ending() && !c.core.WantsInput() {
		c.await(nil)
		now = c.endpoint.cfg.Now()
		c.core.Receive(now, nil) // what was held back while output waited
		c.settle(now)
	}
	return !c.ending()
}

// await lets the reader sleep until wakeReader, kill or timeout. c.mu is held
// and given up meanwhile.
func (c *Conn) await(timeout <-chan time.Time) {
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-c.readable:
	case <-c.done:
	case <-timeout:
	}
}

func (c *Conn) wakeReader() {
	select {
	case c.readable <- struct{}{}:
	default:
	}
}

// ending reports whether reading is over. c.mu is held.
func (c *Conn) ending() bool { return c.dead || c.closing || c.killed() || c.core.Closing() }

func (c *Conn) peerClosed() {
	now := c.endpoint.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ending() {
		c.core.PeerClosed(now)
		c.settle(now)
	}
}

// settle brings everything that a step caused to its place: handlers hear of
// it, output is written, timers are armed. It is called by goroutines of the
// connection with c.mu held, and gives it up meanwhile.
func (c *Conn) settle(now time.Time) {
	c.dispatch(now)
	c.flush(now)
	c.rearm()
}

// afterForeign is settle for other goroutines: handlers are not called on them.
// c.mu is held.
func (c *Conn) afterForeign() {
	if c.dead {
		return
	}
	now := c.endpoint.cfg.Now()
	c.collect(now)
	if c.queue != nil && !c.dispatching {
		c.help()
	}
	c.flush(now)
	c.rearm()
	if c.ending() {
		c.interrupt()
	}
	c.wakeReader()
}

// interrupt gets the reader out of its read, so that it ends the connection.
func (c *Conn) interrupt() {
	c.wakeReader()
	c.wire.Conn.SetReadDeadline(time.Unix(1, 0))
}

// help calls handlers on a goroutine of its own, for what other goroutines
// caused. c.mu is held; the reader is alive, so the endpoint still waits.
func (c *Conn) help() {
	c.dispatching = true
	c.endpoint.work.Go(func() {
		defer c.contain()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.dispatching = false
		c.settle(c.endpoint.cfg.Now())
		if c.ending() {
			c.interrupt()
		}
	})
}

// tick serves a deadline of the core; the timers' goroutine calls it.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = time.Time{}
	if c.dead {
		return
	}
	c.core.Tick(c.endpoint.cfg.Now())
	c.afterForeign()
}

// rearm asks for a tick at the core's deadline. c.mu is held.
func (c *Conn) rearm() {
	at, ok := c.core.Deadline()
	if !ok || c.dead || (!c.armed.IsZero() && !at.Before(c.armed)) {
		return
	}
	c.armed = at
	c.endpoint.timers.arm(c, at)
}

// finish ends what the connection carried. It runs on the reader, last.
func (c *Conn) finish() {
	defer c.endpoint.remove(c)
	defer c.contain()
	c.kill(endPeer)
	now := c.endpoint.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	c.core.Lost(now)
	c.dispatch(now)
	c.orphan()
}
