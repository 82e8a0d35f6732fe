package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// CON-11 LIM-14 B08: probation, for the silent, the trickling and the guessing.
func TestProbation(t *testing.T) {
	e, _ := newEnd(t, msrp.Strict, config(t))
	due, ok := e.conn.Deadline()
	if !ok || due != start.Add(30*time.Second) {
		t.Fatal("deadline", due, ok)
	}
	wire := strings.Replace(bindFrame, "From-Path", "X-Filler: "+strings.Repeat("f", 200)+"\r\nFrom-Path", 1)
	for i := range 29 { // an octet a second buys no time
		e.now = start.Add(time.Duration(i+1) * time.Second)
		e.receive(wire[i : i+1])
		e.conn.Tick(e.now)
	}
	e.settle()
	e.wantTold()
	e.now = start.Add(30 * time.Second)
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold("close")
	if !e.conn.Closing() {
		t.Error("not closing")
	}

	e, _ = newEnd(t, msrp.Strict, config(t))
	for i := range 4 {
		e.receive(strings.ReplaceAll(strings.Replace(bindFrame, "Lq9T", "Zz9T", 1), "bind0001", fmt.Sprintf("guess%03d", i)))
	}
	e.wantSaid("481 guess000", "481 guess001", "481 guess002")
	e.wantTold("close")

	e, _ = newBound(t, msrp.Strict, nil) // bound: no probation
	e.now = start.Add(24 * time.Hour)    // CON-26
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold()
	if _, ok := e.conn.Deadline(); ok {
		t.Error("an idle session has a deadline")
	}
}

// LIM-16 SEC-03: a header section must be complete in 30 s, however it trickles in.
func TestSlowHead(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	for i := range 31 {
		e.now = start.Add(time.Duration(i) * time.Second)
		e.receive(bindFrame[i : i+1])
		e.conn.Tick(e.now)
		e.settle()
	}
	e.wantTold("close")
	// many frames, each begun in the same read as the last one ends, are no slow head
	e, _ = newBound(t, msrp.Strict, nil)
	e.receive(bindFrame[:10])
	for i := range 100 {
		e.now = start.Add(time.Duration(i) * time.Second)
		e.receive(bindFrame[10:] + bindFrame[:10])
		e.conn.Tick(e.now)
		e.settle()
	}
	e.wantTold()
}

// LIM-17: a body must grow at all, and by 64 octets a second on average.
func TestSlowBody(t *testing.T) {
	run := func(step time.Duration, octets, steps int) string {
		e, _ := newBound(t, msrp.Strict, func(c *session.Config) { c.MaxMessage = 1 << 20 })
		frame := sendFrame("one00001", "mOne", "1-*/*", "", strings.Repeat("x", 400_000), "$")
		head := strings.Index(frame, "xxx") + 1
		e.receive(frame[:head])
		for i := range steps {
			e.now = e.now.Add(step)
			if octets > 0 {
				e.receive(frame[head+i*octets : head+(i+1)*octets])
			}
			e.conn.Tick(e.now)
			e.settle()
		}
		return fmt.Sprint(len(e.told))
	}
	if run(59*time.Second, 0, 1) != "0" || run(60*time.Second, 0, 1) != "1" {
		t.Error("60 s without an octet")
	}
	if run(30*time.Second, 1, 9) != "0" || run(30*time.Second, 1, 10) != "1" {
		t.Error("an octet every 30 s")
	}
	if run(30*time.Second, 64*30, 100) != "0" {
		t.Error("64 octets a second are enough")
	}
}

// CON-18: keep-alive, off by default; its silence reveals a dead path.
func TestKeepAlive(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, func(c *session.Config) { c.KeepAlive = time.Minute })
	due, ok := e.conn.Deadline()
	if !ok || due != start.Add(time.Minute) {
		t.Fatal(due, ok)
	}
	e.now = due
	e.conn.Tick(e.now)
	e.settle()
	e.wantSaid("bodiless")
	e.answerAll(200)
	e.now = e.now.Add(time.Minute)
	e.conn.Tick(e.now)
	e.settle()
	e.now = e.now.Add(30 * time.Second)
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold("failed 408 []")
}
