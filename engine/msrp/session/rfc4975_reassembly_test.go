package session_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// ASM-06: octets behind the end are thrown away and counted, before and after completion.
func TestOctetsBeyondTheEnd(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	e.receive(sendFrame("one00001", "mOne", "9-12/*", "", "xxxx", "+"))
	e.receive(sendFrame("one00002", "mOne", "5-8/*", "", "EFGH", "$"))
	e.receive(sendFrame("one00003", "mOne", "7-12/*", "", "GHxxxx", "+"))
	e.receive(sendFrame("one00004", "mOne", "1-4/*", "", "abcd", "+"))
	e.wantTold("message mOne 8")
	if body := string(e.events[0].Body); body != "abcdEFGH" {
		t.Errorf("body is %d octets of something else", len(body))
	}
	e.receive(sendFrame("one00005", "mOne", "9-12/*", "", "xxxx", "+"))
	e.receive(sendFrame("one00006", "mOne", "9-12/*", "", "xxxx", "$"))
	e.wantTold("repeat mOne")
	if n := e.conn.Stats().BeyondEnd; n != 12 {
		t.Errorf("counted %d octets", n)
	}
}

// ASM-05 ASM-08 ASM-11: any cut of a message in any order, with overlaps, gives the message.
func TestAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 50 {
		e, _ := newBound(t, msrp.Strict, nil)
		want := make([]byte, 1+rng.IntN(3000))
		for i := range want {
			want[i] = 'a' + byte(rng.IntN(26))
		}
		type chunk struct{ first, last int }
		var chunks []chunk
		for at := 0; at < len(want); {
			n := min(rng.IntN(400), len(want)-at) // empty chunks too
			chunks = append(chunks, chunk{max(0, at-rng.IntN(50)), at + n})
			at += n
		}
		rng.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
		for i, c := range chunks {
			flag := "+"
			if c.last == len(want) {
				flag = "$"
			}
			e.receive(sendFrame(fmt.Sprintf("id%06d", i), "mOne", fmt.Sprintf("%d-*/*", c.first+1), "", string(want[c.first:c.last]), flag))
		}
		if len(e.events) == 0 || e.events[0].Kind != session.EventMessage || string(e.events[0].Body) != string(want) {
			t.Fatalf("round %d: %v", round, e.told)
		}
		for _, said := range e.said {
			if !strings.HasPrefix(said, "200 ") {
				t.Fatalf("round %d: %s", round, said)
			}
		}
	}
}

// ASM-08: one chunk of the largest size, and one-octet chunks.
func TestChunkSizes(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, func(c *session.Config) { c.MaxMessage = 1 << 20 })
	e.receive(sendFrame("one00001", "mOne", "1-*/1048576", "", strings.Repeat("x", 1<<20), "$"))
	e.wantTold("message mOne 1048576")
	for i := range 100 {
		e.receive(sendFrame(fmt.Sprintf("id%06d", i), "mTwo", fmt.Sprintf("%d-%d/100", i+1, i+1), "", "x", map[bool]string{true: "$", false: "+"}[i == 99]))
	}
	e.wantTold("message mTwo 100")
}

// ASM-10 LIM-09: the largest message, crossed by one in every way it can be announced.
func TestLargestMessage(t *testing.T) {
	over := strings.Repeat("x", 10_001)
	for name, frames := range map[string][]string{
		"total":        {sendFrame("one00001", "mOne", "1-*/10001", "", "x", "+")},
		"start":        {sendFrame("one00001", "mOne", "10002-*/*", "", "x", "+")},
		"whole":        {sendFrame("one00001", "mOne", "1-*/*", "", over, "$")},
		"start + data": {sendFrame("one00001", "mOne", "10001-*/*", "", "x", "+")},
		"lying total":  {sendFrame("one00001", "mOne", "1-*/10", "", over, "$")},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := newBound(t, msrp.Strict, nil)
			e.receive(strings.Join(frames, ""))
			e.wantTold()
			e.wantSaid("413 one00001")
			e.receive(sendFrame("two00001", "mTwo", "1-4/4", "", "help", "$"))
			e.wantTold("message mTwo 4")
		})
	}
	e, _ := newBound(t, msrp.Strict, nil)
	e.receive(sendFrame("one00001", "mOne", "1-*/10000", "", over[:10_000], "$"))
	e.wantTold("message mOne 10000")
}

// RSP-14 ASM-10: the refusal of a chunk goes out while it is still coming in, and the other
// chunks of the message get the same.
func TestEarlyRefusal(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	frame := sendFrame("one00001", "mOne", "1-*/*", "", strings.Repeat("x", 30_000), "+")
	e.receive(frame[:20_000])
	e.wantSaid("413 one00001")
	e.receive(frame[20_000:])
	e.wantSaid()
	e.receive(sendFrame("one00002", "mOne", "30001-*/*", "", "x", "$"))
	e.wantSaid("413 one00002")
	e.wantTold()
}

// ASM-12 LIM-10: one incomplete message too many is refused, the others go on.
func TestIncompleteMessages(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	for i := range session.DefaultMaxIncomplete + 1 {
		e.receive(sendFrame(fmt.Sprintf("id%06d", i), fmt.Sprintf("mMsg%d", i), "1-2/4", "", "he", "+"))
	}
	if got := e.said[session.DefaultMaxIncomplete]; got != "413 id000016" {
		t.Errorf("17th: %s", got)
	}
	e.said = nil
	for i := range session.DefaultMaxIncomplete {
		e.receive(sendFrame(fmt.Sprintf("jd%06d", i), fmt.Sprintf("mMsg%d", i), "3-4/4", "", "lp", "$"))
	}
	if len(e.told) != session.DefaultMaxIncomplete {
		t.Errorf("%d messages", len(e.told))
	}
}

// ASM-12 LIM-11 SEC-08: memory per session, per connection and in the process.
func TestReassemblyMemory(t *testing.T) {
	fill := func(e *end, mid string, n int) string {
		e.reset()
		e.receive(sendFrame("one00001", mid, "1-*/*", "", strings.Repeat("x", n), "+"))
		return strings.Join(e.said, ";")
	}
	e, _ := newBound(t, msrp.Strict, func(c *session.Config) { c.MaxMemory = 5000 })
	if got := fill(e, "mOne", 5000); got != "200 one00001" {
		t.Error("5000 octets:", got)
	}
	if got := fill(e, "mTwo", 1); got != "413 one00001" {
		t.Error("one more:", got)
	}
	held := int64(0)
	reserve := func(n int64) bool {
		if held+n > 5000 {
			return false
		}
		held += n
		return true
	}
	e, s := newBound(t, msrp.Strict, func(c *session.Config) { c.Reserve = reserve })
	if got := fill(e, "mOne", 5000); got != "200 one00001" || held != 5000 {
		t.Error("5000 octets:", got, held)
	}
	if got := fill(e, "mTwo", 1); got != "413 one00001" {
		t.Error("one more:", got)
	}
	e.receive(sendFrame("one00003", "mOne", "1-4/*", "", "help", "#"))
	if held != 0 {
		t.Errorf("%d octets are reserved for nothing", held)
	}
	fill(e, "mThree", 3000)
	e.receive(sendFrame("one00004", "mThree", "1-1000/*", "", strings.Repeat("y", 1000), "+"))
	if held != 3000 {
		t.Errorf("%d octets are reserved for 3000: an overlap counts twice", held)
	}
	s.Close(e.now)
	if held != 0 {
		t.Errorf("%d octets are still reserved", held)
	}
	// another session on the same connection is not hurt by the first one's memory
	cfg1, cfg2 := config(t), config(t)
	cfg1.MaxMemory = 5000
	cfg2.Local = mustPath(t, strings.Replace(ownText, "Lq9T", "Zz9T", 1))[0]
	e, _ = newEnd(t, msrp.Strict, cfg1, cfg2)
	e.receive(bindFrame)
	fill(e, "mOne", 5000)
	e.reset()
	e.receive(strings.Replace(sendFrame("two00001", "mOne", "1-4/4", "", "help", "$"), "Lq9T", "Zz9T", 1))
	e.wantTold("bound", "message mOne 4")
}

// LIM-11: the cap of one connection over its sessions.
func TestConnectionMemory(t *testing.T) {
	cfg := config(t)
	e, _ := newEnd(t, msrp.Strict, cfg)
	e.conn = session.NewConn(e.now, session.ConnConfig{Profile: msrp.Strict, Random: newRandom(7), Sessions: e.table, MaxMemory: 3000})
	e.receive(sendFrame("one00001", "mOne", "1-*/*", "", strings.Repeat("x", 3000), "+"))
	e.receive(sendFrame("one00002", "mTwo", "1-*/*", "", "x", "+"))
	e.wantSaid("200 one00001", "413 one00002")
}

// ASM-11: gaps cost intervals, of which there are at most 1024.
func TestGaps(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	for i := range 1025 {
		e.receive(sendFrame(fmt.Sprintf("id%06d", i), "mOne", fmt.Sprintf("%d-%d/*", 2*i+2, 2*i+2), "", "x", "+"))
	}
	if e.said[1023] != "200 id001023" || e.said[1024] != "413 id001024" {
		t.Errorf("1024th: %s, 1025th: %s", e.said[1023], e.said[1024])
	}
	// octets in falling order touch one another: that is one interval, however many chunks
	e.reset()
	for i := 2000; i > 0; i-- {
		e.receive(sendFrame(fmt.Sprintf("jd%06d", i), "mTwo", fmt.Sprintf("%d-%d/*", i, i), "", "x", map[bool]string{true: "$", false: "+"}[i == 2000]))
	}
	if got := e.told[len(e.told)-1]; got != "message mTwo 2000" {
		t.Error(got)
	}
}

// ASM-18: the type of the first chunk is the type of the message.
func TestTypeMayNotChange(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	e.receive(sendFrame("one00001", "mOne", "1-2/4", "", "he", "+"))
	e.receive(strings.Replace(sendFrame("one00002", "mOne", "3-4/4", "", "lp", "$"), "text/plain", "application/octet-stream", 1))
	e.receive(sendFrame("one00003", "mTwo", "1-2/4", "", "he", "+"))
	e.receive(strings.Replace(sendFrame("one00004", "mTwo", "3-4/4", "", "lp", "$"), "text/plain", "TEXT/Plain; charset=utf-8", 1))
	e.wantSaid("200 one00001", "400 one00002", "200 one00003", "200 one00004")
	e.wantTold("message mTwo 4")
}

// ASM-19: a chunk that starts at 1 again overlaps; a whole message starts anew.
func TestStartAgain(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	e.receive(sendFrame("one00001", "mOne", "1-6/8", "", "abcdef", "+"))
	e.receive(sendFrame("one00002", "mOne", "1-2/8", "", "AB", "+"))
	e.receive(sendFrame("one00003", "mOne", "7-8/8", "", "gh", "$"))
	e.wantTold("message mOne 8")
	if string(e.events[0].Body) != "ABcdefgh" {
		t.Error("the later octets did not win, or the collection began again")
	}
	e.reset()
	e.receive(sendFrame("two00001", "mTwo", "1-6/8", "", "abcdef", "+"))
	e.receive(sendFrame("two00002", "mTwo", "1-3/3", "", "xyz", "$"))
	e.wantTold("message mTwo 3")
	if string(e.events[0].Body) != "xyz" {
		t.Error("the whole message was mixed with an older part")
	}
}

// ASM-09 B06: what a message that never completes leaves behind. ASM-12 LIM-12.
func TestPartialMessages(t *testing.T) {
	e, s := newBound(t, msrp.Strict, nil)
	e.receive(sendFrame("one00001", "mOne", "5-8/8", "", "EFGH", "$"))
	due, ok := e.conn.Deadline()
	if !ok || due != start.Add(session.DefaultMaxGap) {
		t.Fatal("no deadline for the gap", due, ok)
	}
	e.now = due.Add(-time.Millisecond)
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold()
	e.now = start.Add(541 * time.Second)
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold("partial mOne 4")
	if e.events[0].Partial != session.Expired || string(e.events[0].Body) != "EFGH" {
		t.Error("the octets received were not kept")
	}
	e.wantSaid("200 one00001", "report mOne 5-8/8 413")
	e.reset()
	// RPT-05 RPT-06: the end of the range is counted, not believed; nobody who does not want to know is told
	e.receive(sendFrame("lat00001", "mLate", "1-*/*", "Failure-Report: partial\r\n", "help me", "+"))
	e.receive(sendFrame("lat00002", "mMute", "1-*/*", "Failure-Report: no\r\n", "help me", "+"))
	e.now = e.now.Add(541 * time.Second)
	e.conn.Tick(e.now)
	e.settle()
	e.wantSaid("report mLate 1-7/* 413")
	e.wantTold("partial mMute 7", "partial mLate 7")
	e.reset()
	// the sender gives up without an octet at hand
	e.receive(sendFrame("two00001", "mTwo", "1-4/8", "", "help", "+"))
	e.receive("MSRP two00002 SEND\r\nTo-Path: " + ownText + "\r\nFrom-Path: " + peerText +
		"\r\nMessage-ID: mTwo\r\nByte-Range: 1-0/8\r\n-------two00002#\r\n")
	e.wantTold("partial mTwo 4")
	e.wantSaid("200 two00001", "200 two00002")
	// binary is of no use in part
	e.receive(strings.Replace(sendFrame("thr00001", "mThree", "1-4/8", "", "help", "#"), "text/plain", "application/octet-stream", 1))
	e.wantTold()
	e.receive(sendFrame("fou00001", "mFour", "1-4/8", "", "help", "+"))
	s.Close(e.now)
	e.settle()
	e.wantTold("partial mFour 4")
}
