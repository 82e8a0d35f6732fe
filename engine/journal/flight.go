package journal

import (
	"errors"
	"time"
)

var errTimeout = errors.New("no answer from the store in time")

// send hands g to the reader and writes it to the server.
func (a *appender) send(g *group) {
	a.enc.group(g)
	g.sent, g.alone = time.Now(), len(a.flight) == 0
	a.flight = append(a.flight, g)
	a.rd.flight <- g // has room: at most groupsInFlight are under way
	a.write(a.enc.buf)
}

// write writes to the server. A fault shows as the reader's end.
func (a *appender) write(p []byte) {
	if err := a.rd.w.conn.SetWriteDeadline(time.Now().Add(a.wait)); err != nil {
		a.rd.w.close()
		return
	}
	if _, err := a.rd.w.conn.Write(p); err != nil {
		a.rd.w.close()
	}
}

// landed takes a group back from the reader.
func (a *appender) landed(g *group) {
	for i, f := range a.flight {
		if f == g {
			a.flight = append(a.flight[:i], a.flight[i+1:]...)
			break
		}
	}
	if g.alone && !g.bad {
		a.costs.learn(g, time.Since(g.sent))
	}
	if g.bad {
		a.stats.fallbacks.Add(1)
		a.broken = true
		a.unsettled = append(a.unsettled, g.requests...)
	}
}

// lost gives up the connection: what is under way and not finished has an
// unknown outcome.
func (a *appender) lost() {
	a.disconnect()
	for _, g := range a.flight {
		a.unsettled = append(a.unsettled, g.requests...)
	}
	a.flight = nil
	a.broken = true
}

// disconnect ends the reader and takes back what it has finished.
func (a *appender) disconnect() {
	if a.rd == nil {
		return
	}
	a.rd.stop()
	for {
		select {
		case g := <-a.rd.done:
			a.landed(g)
			continue
		default:
		}
		break
	}
	a.rd = nil
}

// checkTime gives up when the oldest group has waited too long.
func (a *appender) checkTime() {
	if len(a.flight) > 0 && time.Since(a.flight[0].sent) > a.wait {
		a.stats.retries.Add(1)
		a.store.stuck(errTimeout)
		a.lost()
	}
}
