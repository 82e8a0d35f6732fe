package transport

import (
	"crypto/tls"
	"io"
	"net"
	"time"
)

// flush writes what the core has, unless somebody is at it: whoever writes looks
// again before leaving, so that concurrent answers share a write. It never
// waits: what the socket does not take goes to a goroutine that does. c.mu is
// held and given up during the write.
func (c *Conn) flush(now time.Time) {
	if c.writing || c.dead {
		return
	}
	for c.core.HasOutput() && !c.killed() {
		c.writing = true
		err := c.writeBatch()
		if err == nil && c.wire.blocked() {
			c.endpoint.work.Go(c.drain)
			return // drain goes on with c.writing
		}
		c.writing = false
		if err != nil {
			c.kill(endWrite)
			return
		}
		c.core.Wrote(now)
	}
}

// writeBatch hands one batch of the core's output to the wire.
func (c *Conn) writeBatch() error {
	out := c.endpoint.pools.takeOut()
	*out = c.core.AppendOutput((*out)[:0], writeBatch)
	c.mu.Unlock()
	defer c.mu.Lock()
	_, err := c.stream.Write(*out)
	c.endpoint.pools.putOut(out)
	return err
}

// drain writes for a peer that does not keep up, until everything is written.
func (c *Conn) drain() {
	defer c.contain()
	e := c.endpoint
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		c.mu.Unlock()
		err := c.wire.drain(e.cfg.Now, e.cfg.WriteStall)
		c.mu.Lock()
		if err != nil {
			why := endWrite
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				why = endStalled
			}
			c.kill(why)
			break
		}
		c.core.Wrote(e.cfg.Now())
		if c.dead || !c.core.HasOutput() {
			break
		}
		if c.writeBatch() != nil {
			c.kill(endWrite)
			break
		}
	}
	c.writing = false
	c.wakeReader()
	if !c.dead {
		c.settle(e.cfg.Now())
		if c.ending() {
			c.interrupt()
		}
	}
}

// linger ends the connection in good order: what is left is written, the peer
// is told by a half-close, and what it still sends is dropped for a moment, so
// that a reset does not destroy the last response.
func (c *Conn) linger() {
	limit := c.endpoint.cfg.Now().Add(c.endpoint.cfg.Drain)
	timeout := time.NewTimer(c.endpoint.cfg.Drain)
	defer timeout.Stop()
	c.mu.Lock()
	c.flush(c.endpoint.cfg.Now())
	for c.writing && !c.killed() && c.endpoint.cfg.Now().Before(limit) {
		c.await(timeout.C)
	}
	c.mu.Unlock()
	if !c.killed() && c.closeWrite() {
		c.wire.Conn.SetReadDeadline(limit)
		io.Copy(io.Discard, io.LimitReader(c.wire.Conn, lingerMax))
	}
	c.kill(c.closeReason())
}

// closeWrite says that nothing more comes from this side.
func (c *Conn) closeWrite() bool {
	if t, ok := c.stream.(*tls.Conn); ok && t.CloseWrite() != nil {
		return false
	}
	half, ok := c.wire.Conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

func (c *Conn) closeReason() endReason {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.why != endNone:
		return c.why
	case c.core.Closing():
		return endProtocol
	case c.closing:
		return endDone
	}
	return endPeer
}
