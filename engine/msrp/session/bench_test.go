package session_test

import (
	"bytes"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// dialogue is a caller and a PSAP joined without sockets.
type dialogue struct {
	caller, psap *session.Conn
	from         *session.Session
	ids          *msrp.IDSource
	buf          []byte
	events       []session.Event
	now          time.Time
}

func newDialogue(tb testing.TB) *dialogue {
	tb.Helper()
	table := &session.Table{}
	cfg := config(tb)
	cfg.MaxMessage = 0
	there, err := session.New(cfg)
	if err != nil || !table.Add(there) {
		tb.Fatal("psap session", err)
	}
	from, err := session.New(session.Config{Local: cfg.Remote[0], Remote: msrp.Path{cfg.Local}})
	if err != nil {
		tb.Fatal(err)
	}
	d := &dialogue{
		caller: session.NewConn(start, session.ConnConfig{Random: newRandom(1)}),
		psap:   session.NewConn(start, session.ConnConfig{Random: newRandom(2), Sessions: table, Incoming: true}),
		from:   from, ids: msrp.NewIDSource(newRandom(3)), now: start,
	}
	d.caller.Attach(start, from)
	d.exchange(tb)
	return d
}

// exchange carries octets both ways until both sides are quiet. Every message is accepted.
func (d *dialogue) exchange(tb testing.TB) (messages, delivered int) {
	for {
		d.buf = d.caller.AppendOutput(d.buf[:0], 1<<16)
		n := len(d.buf)
		d.caller.Wrote(d.now)
		d.psap.Receive(d.now, d.buf)
		d.events = d.psap.TakeEvents(d.events[:0])
		for i := range d.events {
			if e := &d.events[i]; e.Kind == session.EventMessage {
				messages++
				e.Session.Accept(d.now, e.Ticket)
			}
		}
		d.buf = d.psap.AppendOutput(d.buf[:0], 1<<16)
		n += len(d.buf)
		d.psap.Wrote(d.now)
		d.caller.Receive(d.now, d.buf)
		d.events = d.caller.TakeEvents(d.events[:0])
		for i := range d.events {
			switch e := &d.events[i]; {
			case e.Kind == session.EventSent && (e.State == session.Accepted || e.State == session.Delivered):
				delivered++
			case e.Kind == session.EventFailed, e.Kind == session.EventClosing:
				tb.Fatal("dialogue failed")
			}
		}
		if n == 0 {
			return messages, delivered
		}
	}
}

// BenchmarkReceiveSend is what a PSAP does for one text: scan, deliver, accept, answer.
func BenchmarkReceiveSend(b *testing.B) {
	d := newDialogue(b)
	frame := []byte(sendFrame("Kq7Zt2Wn9Bx4Lp3V", "m1Hd8sKe03Kq7Zt2Wn9Bx4", "1-160/160", "", string(bytes.Repeat([]byte{'x'}, 160)), "$"))
	id := bytes.Index(frame, []byte("m1Hd8sKe03"))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		for i, v := 0, n; i < 8; i, v = i+1, v/10 {
			frame[id+2+i] = '0' + byte(v%10)
		}
		n++
		d.psap.Receive(d.now, frame)
		d.events = d.psap.TakeEvents(d.events[:0])
		for i := range d.events {
			d.events[i].Session.Accept(d.now, d.events[i].Ticket)
		}
		d.buf = d.psap.AppendOutput(d.buf[:0], 1<<16)
		d.psap.Wrote(d.now)
		if len(d.buf) == 0 {
			b.Fatal("no answer")
		}
	}
}

// BenchmarkRoundTrip is both sides of one text of 160 octets: send, scan, deliver, accept,
// answer, match.
func BenchmarkRoundTrip(b *testing.B) {
	for _, bm := range []struct {
		name   string
		report bool
	}{{"200", false}, {"200+report", true}} {
		b.Run(bm.name, func(b *testing.B) {
			d := newDialogue(b)
			body := bytes.Repeat([]byte{'x'}, 160)
			b.ReportAllocs()
			for b.Loop() {
				err := d.from.Send(d.now, session.Outgoing{
					MessageID: d.ids.MessageID(), ContentType: "text/plain", Body: body, SuccessReport: bm.report,
				})
				if err != nil {
					b.Fatal(err)
				}
				if got, _ := d.exchange(b); got != 1 {
					b.Fatalf("%d messages", got)
				}
			}
		})
	}
}
