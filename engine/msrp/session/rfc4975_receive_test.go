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

// RSP-01 RPT-01 RPT-02 RPT-11: earlier chunks are answered at once; the one that completes
// the message, and its REPORT, wait for the application.
func TestAnswerWaitsForTheApplication(t *testing.T) {
	e, s := newBound(t, msrp.Strict, nil)
	e.judge = func(session.Event) int { return 0 }
	e.receive(sendFrame("one00001", "mOne", "1-2/4", "Success-Report: yes\r\n", "he", "+"))
	e.wantSaid("200 one00001")
	e.receive(sendFrame("one00002", "mOne", "3-4/4", "Success-Report: yes\r\n", "lp", "$"))
	e.receive(sendFrame("two00001", "mTwo", "1-4/4", "", "HELP", "$"))
	e.wantTold("message mOne 4", "message mTwo 4")
	e.wantSaid()
	first, second := e.events[1-1].Ticket, e.events[1].Ticket
	if !e.events[0].SuccessReport || e.events[1].SuccessReport {
		t.Error("success report wish is wrong")
	}
	// verdicts out of order
	if !s.Accept(e.now, second) || s.Accept(e.now, second) {
		t.Error("a verdict counts once")
	}
	e.settle()
	e.wantSaid("200 two00001")
	if !s.Accept(e.now, first) {
		t.Error("first ticket is not open")
	}
	e.settle()
	e.wantSaid("200 one00002", "report mOne 1-4/4")
	if s.Accept(e.now, session.Ticket{}) || s.Reject(e.now, first, 413) {
		t.Error("a ticket that is not open was taken")
	}
}

// RPT-11: what the application refuses is neither acknowledged nor reported, and may come
// again.
func TestReject(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	codes := []int{413, 200}
	e.judge = func(session.Event) int { c := codes[0]; codes = codes[1:]; return c }
	e.receive(sendFrame("one00001", "mOne", "1-4/4", "Success-Report: yes\r\n", "help", "$"))
	e.wantSaid("413 one00001")
	e.receive(sendFrame("one00002", "mOne", "1-4/4", "Success-Report: yes\r\n", "help", "$"))
	e.wantTold("message mOne 4", "message mOne 4")
	e.wantSaid("200 one00002", "report mOne 1-4/4")
}

// RSP-02: partial hears errors only, no hears nothing, whoever refuses.
func TestFailureReportWishes(t *testing.T) {
	for _, tt := range []struct {
		wish string
		code int
		said []string
	}{
		{"partial", 200, nil}, {"partial", 413, []string{"413 one00001"}}, {"no", 200, nil}, {"no", 413, nil},
		{"yes", 200, []string{"200 one00001"}}, {"yes", 400, []string{"400 one00001"}},
	} {
		e, _ := newBound(t, msrp.Strict, nil)
		e.judge = func(session.Event) int { return tt.code }
		e.receive(sendFrame("one00001", "mOne", "1-4/4", "Failure-Report: "+tt.wish+"\r\n", "help", "$"))
		e.wantSaid(tt.said...)
	}
	e, _ := newBound(t, msrp.Strict, nil)
	e.receive(sendFrame("one00001", "mOne", "1-4/4", "Failure-Report: no\r\nSuccess-Report: yes\r\n", "help", "$"))
	e.wantSaid("report mOne 1-4/4")
}

// RSP-01: exactly one response per SEND, in the profile's default, for every outcome.
func TestOneResponseEach(t *testing.T) {
	e, _ := newBound(t, msrp.Lenient, nil)
	for i, flag := range []string{"+", "+", "#", "+", "$"} {
		e.receive(sendFrame(fmt.Sprintf("id%06d", i), "mOne", fmt.Sprintf("%d-%d/*", 2*i+1, 2*i+2), "", "ab", flag))
	}
	if len(e.said) != 5 {
		t.Errorf("5 SENDs, said %v", e.said)
	}
}

// ASM-13 and the deployed peers that write a request twice: the same transaction again gets
// the same answer, and only that; a new one with the same Message-ID is a repetition.
func TestRepetition(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	frame := sendFrame("one00001", "mOne", "1-4/4", "Success-Report: yes\r\n", "help", "$")
	e.receive(frame)
	e.wantTold("message mOne 4")
	e.wantSaid("200 one00001", "report mOne 1-4/4")
	e.receive(frame)
	e.wantTold()
	e.wantSaid("200 one00001")
	e.receive(strings.ReplaceAll(frame, "one00001", "one00002"))
	e.wantTold("repeat mOne")
	e.wantSaid("200 one00002", "report mOne 1-4/4")
	// in two chunks this time
	e.receive(sendFrame("one00003", "mOne", "1-2/4", "", "he", "+"))
	e.receive(sendFrame("one00004", "mOne", "3-4/4", "", "lp", "$"))
	e.wantTold("repeat mOne")
	e.wantSaid("200 one00003", "200 one00004")
	if st := e.conn.Stats(); st.RepeatedTransactions != 1 || st.RepeatedMessages != 2 {
		t.Errorf("counted %d, %d", st.RepeatedTransactions, st.RepeatedMessages)
	}
}

// ASM-13: a repetition of a message without verdict waits for it.
func TestRepetitionWhilePending(t *testing.T) {
	for _, code := range []int{200, 413} {
		e, s := newBound(t, msrp.Strict, nil)
		e.judge = func(session.Event) int { return 0 }
		e.receive(sendFrame("one00001", "mOne", "1-4/4", "", "help", "$"))
		e.receive(sendFrame("one00002", "mOne", "1-4/4", "Success-Report: yes\r\n", "help", "$"))
		e.wantTold("message mOne 4")
		e.wantSaid()
		if code == 200 {
			s.Accept(e.now, e.events[0].Ticket)
			e.settle()
			e.wantSaid("200 one00001", "200 one00002", "report mOne 1-4/4")
			continue
		}
		s.Reject(e.now, e.events[0].Ticket, code)
		e.settle()
		e.wantSaid("413 one00001", "413 one00002")
	}
}

// LIM-24: finished Message-IDs are remembered by number and by age, and taken over by the
// session that recovers.
func TestHistory(t *testing.T) {
	e, s := newBound(t, msrp.Strict, func(c *session.Config) { c.History = 3 })
	send := func(n int) {
		e.receive(sendFrame(fmt.Sprintf("id%06d", len(e.wire)), fmt.Sprintf("mMsg%d", n), "1-1/1", "", "x", "$"))
	}
	for _, n := range []int{1, 2, 3, 1, 4, 2, 1} {
		send(n)
	}
	e.wantTold("message mMsg1 1", "message mMsg2 1", "message mMsg3 1", "repeat mMsg1", "message mMsg4 1", "repeat mMsg2", "message mMsg1 1")
	e.now = e.now.Add(session.DefaultHistoryAge + time.Second)
	send(4)
	e.wantTold("message mMsg4 1")

	cfg := config(t)
	cfg.Previous = s
	cfg.Local = mustPath(t, strings.Replace(ownText, "Lq9T", "Zz9T", 1))[0]
	again, all := newEnd(t, msrp.Strict, cfg)
	again.now = e.now
	all[0].Remember(e.now, "mElse")
	for i, mid := range []string{"mMsg4", "mElse", "mNew1"} {
		again.receive(strings.Replace(sendFrame(fmt.Sprintf("id%06d", i), mid, "1-1/1", "", "x", "$"), "Lq9T", "Zz9T", 1))
	}
	again.wantTold("bound", "repeat mMsg4", "repeat mElse", "message mNew1 1")
}

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
	e.receive(sendFrame("one00003", "mOne", "1-4/*", "", "help", "+")) // overlap costs nothing lasting
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

// B09 SND-10: ten thousand frames in one write are all delivered in order.
func TestManyFramesInOneWrite(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	var wire strings.Builder
	for i := range 10_000 {
		wire.WriteString(sendFrame(fmt.Sprintf("id%06d", i), fmt.Sprintf("mMsg%d", i), "1-3/3", "", "abc", "$"))
	}
	e.receive(wire.String())
	if len(e.told) != 10_000 || len(e.said) != 10_000 {
		t.Fatalf("%d messages, %d answers", len(e.told), len(e.said))
	}
	for i := range 10_000 {
		if e.told[i] != fmt.Sprintf("message mMsg%d 3", i) || e.said[i] != fmt.Sprintf("200 id%06d", i) {
			t.Fatalf("%d: %s, %s", i, e.told[i], e.said[i])
		}
	}
}

// Too many verdicts owed: input waits, nothing is lost, and goes on with the verdicts.
func TestBackPressure(t *testing.T) {
	e, s := newBound(t, msrp.Strict, func(c *session.Config) { c.MaxPending = 4 })
	e.judge = func(session.Event) int { return 0 }
	wire := ""
	for i := range 10 {
		wire += sendFrame(fmt.Sprintf("id%06d", i), fmt.Sprintf("mMsg%d", i), "1-1/1", "", "x", "$")
	}
	e.receive(wire)
	if len(e.told) != 4 || e.conn.WantsInput() {
		t.Fatalf("%d messages without verdict, wants input: %v", len(e.told), e.conn.WantsInput())
	}
	for i := range 10 {
		if !s.Accept(e.now, e.events[i].Ticket) {
			t.Fatal("ticket", i)
		}
		e.settle()
	}
	if len(e.told) != 10 || len(e.said) != 10 || !e.conn.WantsInput() {
		t.Errorf("%d messages, %d answers", len(e.told), len(e.said))
	}
}

// Typing states and the heartbeat of some clients are answered at once; only the first are
// told, and never as messages.
func TestControlMessages(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, func(c *session.Config) { c.AcceptTypes = []string{"*"} })
	e.judge = func(session.Event) int { t.Error("a control message asks for a verdict"); return 200 }
	e.receive(strings.Replace(sendFrame("one00001", "mOne", "1-4/4", "", "<a/>", "$"), "text/plain", "application/im-iscomposing+xml", 1))
	e.receive(strings.Replace(sendFrame("one00002", "mTwo", "1-9/9", "", "HEARTBEAT", "$"), "text/plain", "text/x-msrp-heartbeat", 1))
	e.wantTold("composing 4")
	e.wantSaid("200 one00001", "200 one00002")
}

// CPIM-16: the type inside a container counts too, without its parameters.
func TestWrappedTypes(t *testing.T) {
	inner := ""
	for _, tt := range []struct {
		inner string
		said  string
	}{
		{"text/plain; charset=utf-8", "200 one00001"}, {"Text/HTML", "200 one00001"}, {"image/png", "415 one00001"},
	} {
		e, _ := newBound(t, msrp.Strict, func(c *session.Config) {
			c.AcceptWrappedTypes = []string{"text/html"}
			c.WrappedType = func([]byte) (string, bool) { return inner, true }
		})
		inner = tt.inner
		e.receive(strings.Replace(sendFrame("one00001", "mOne", "1-4/4", "", "help", "$"), "text/plain", "message/cpim", 1))
		e.wantSaid(tt.said)
	}
}
