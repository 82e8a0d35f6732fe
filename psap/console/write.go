package console

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"text911/callmodel"
	"text911/psap"
)

// pollMost is how many events are taken from the stream at a time, so that replies and pings get
// their turn between.
const pollMost = 128

// writer is the state of the writing side; only its goroutine touches it.
type writer struct {
	c       *conn
	id      callmodel.PSAPID
	sub     *psap.Subscription
	wake    <-chan struct{}
	filter  *filter
	window  window
	stalled *time.Timer // runs while the window is full
	passed  uint64      // newest seq that was sent or filtered out
	notices []*psap.Notice
}

// write is the writing goroutine. read is closed when the reader is done.
func (c *conn) write(read <-chan struct{}) {
	w := &writer{c: c, window: window{most: c.s.cfg.Window, mostOctets: c.s.cfg.WindowBytes}, stalled: time.NewTimer(time.Hour)}
	w.stalled.Stop()
	defer c.rescue()
	defer w.stalled.Stop()
	defer w.unsubscribe()
	defer c.ws.Close()
	beat := time.NewTicker(c.s.cfg.Heartbeat)
	defer beat.Stop()
	err := w.loop(beat.C)
	w.unsubscribe()
	if err != nil {
		c.cancel(err)
	}
	w.farewell(read)
}

func (w *writer) unsubscribe() {
	if w.sub != nil {
		w.sub.Close()
		w.sub = nil
	}
}

// loop writes until the connection is to end, and returns why if it was for writing.
func (w *writer) loop(beat <-chan time.Time) error {
	c := w.c
	for {
		var err error
		select {
		case frame := <-c.out:
			err = w.text(frame)
		case b := <-c.begin:
			err = w.start(b)
		case <-w.wake:
			err = w.pump()
		case <-c.acks:
			if w.window.ack(c.acked.Load()) {
				w.stalled.Stop()
			}
			err = w.pump()
		case <-w.stalled.C:
			return bye(CloseSlowConsumer, codeSlow, "Too slow", "events were not acknowledged in time; resume by seq")
		case <-beat:
			err = w.beat()
		case <-c.ctx.Done():
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// start sends what the stream begins with.
func (w *writer) start(b beginning) error {
	p := w.c.seat.PSAP
	w.id, w.filter = p.ID(), b.filter
	if !b.resume {
		return w.snapshot(p, b.gap)
	}
	w.sub = p.Subscribe(b.from)
	w.wake, w.passed = w.sub.Wake(), b.from
	w.c.sent.Store(b.from)
	return w.text(encode(resumedFrame{Op: opResumed, PSAP: w.id, Epoch: p.Epoch(), From: b.from + 1, To: b.to}))
}

func (w *writer) snapshot(p *psap.PSAP, gap *gapFrame) error {
	if gap != nil {
		if err := w.text(encode(gap)); err != nil {
			return err
		}
	}
	if w.sub != nil {
		w.sub.Close()
	}
	snap, sub := p.Join()
	w.sub, w.wake, w.passed = sub, sub.Wake(), snap.Seq
	w.c.sent.Store(snap.Seq)
	return w.text(encode(readyOf(w.id, snap)))
}

// pump sends what is there, as far as the window allows.
func (w *writer) pump() error {
	if w.sub == nil {
		return nil
	}
	room := w.window.room()
	var err error
	w.notices, err = w.sub.Poll(w.c.ctx, w.notices[:0], min(room, pollMost))
	defer clear(w.notices)
	for _, n := range w.notices {
		if err := w.event(n); err != nil {
			return err
		}
	}
	var gap *psap.Gap
	switch {
	case errors.As(err, &gap):
		w.c.s.count.gaps.Add(1)
		return w.snapshot(w.c.seat.PSAP, &gapFrame{Op: opGap, From: gap.From, To: gap.To, Reason: "expired"})
	case err != nil && w.c.ctx.Err() == nil:
		return bye(CloseInternal, callmodel.CodeUnavailable, "The log cannot be read", "resume by seq")
	}
	if room > 0 && w.window.room() == 0 {
		w.stalled.Reset(w.c.s.cfg.AckWait)
	}
	return nil
}

// event sends one event if the console wants it.
func (w *writer) event(n *psap.Notice) error {
	seq := n.Event.Seq
	if seq != 0 {
		w.passed = seq
		w.c.sent.Store(seq) // also of what is filtered out: it may be acknowledged
	}
	if !w.filter.wants(n) {
		return nil
	}
	f := frameOf(w.id, n)
	if f == nil {
		return bye(CloseInternal, "internal", "Internal fault", "an event could not be written")
	}
	w.due()
	if err := w.c.ws.WritePreparedMessage(f.msg); err != nil {
		return w.failed(err)
	}
	w.c.s.count.events.Add(1)
	if seq != 0 {
		w.window.add(seq, f.size)
	}
	return nil
}

func (w *writer) beat() error {
	w.due()
	if err := w.c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(w.c.s.cfg.WriteWait)); err != nil {
		return w.failed(err)
	}
	return w.text(encode(beatFrame{Op: opPing, Time: stamp(w.c.s.cfg.Now()), Seq: w.passed}))
}

func (w *writer) text(frame []byte) error {
	w.due()
	if err := w.c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		return w.failed(err)
	}
	return nil
}

// due sets the deadline of the next write.
func (w *writer) due() { _ = w.c.ws.SetWriteDeadline(time.Now().Add(w.c.s.cfg.WriteWait)) }

// failed: after a failed write nothing can be written any more. A deadline means that the console
// does not read.
func (w *writer) failed(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return bye(CloseSlowConsumer, codeSlow, "Too slow", "a write took too long")
	}
	return errGone
}

// farewell tells the client why, if the server ends it, and closes.
func (w *writer) farewell(read <-chan struct{}) {
	var f *farewell
	if !errors.As(context.Cause(w.c.ctx), &f) {
		return
	}
	w.c.s.tally(f)
	w.flush()
	frame := encode(errorFrame{Op: opError, Problem: f.problem, Close: f.close})
	if w.text(frame) != nil {
		return
	}
	msg := websocket.FormatCloseMessage(f.close, string(f.problem.Code))
	if w.c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(w.c.s.cfg.WriteWait)) != nil {
		return
	}
	linger := time.NewTimer(lingerFor)
	defer linger.Stop()
	select {
	case <-read:
	case <-linger.C:
	}
}

// flush sends the replies that wait.
func (w *writer) flush() {
	for {
		select {
		case frame := <-w.c.out:
			if w.text(frame) != nil {
				return
			}
		default:
			return
		}
	}
}
