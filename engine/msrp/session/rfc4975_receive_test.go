package session_test

import (
	"fmt"
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
	first, second := e.events[0].Ticket, e.events[1].Ticket
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
		e.receive(sendFrame("one00001", "mOne", "1-4/4", "Success-Report: yes\r\n", "help", "$")) // written twice
		e.wantTold("message mOne 4")
		e.wantSaid()
		if code == 200 {
			s.Accept(e.now, e.events[0].Ticket)
			e.settle()
			e.wantSaid("200 one00001", "200 one00002", "report mOne 1-4/4", "200 one00001")
			continue
		}
		s.Reject(e.now, e.events[0].Ticket, code)
		e.settle()
		e.wantSaid("413 one00001", "413 one00002", "413 one00001")
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

// A peer that does not take our answers is not read on; when it does, nothing is missing.
func TestAnswersThatAreNotTaken(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	e.conn.Lost(e.now)
	e.table = &session.Table{}
	cfg, err := session.New(config(t))
	if err != nil || !e.table.Add(cfg) {
		t.Fatal(err)
	}
	e.conn = session.NewConn(e.now, session.ConnConfig{Profile: msrp.Strict, Random: newRandom(7), Sessions: e.table, MaxOutput: 1000})
	e.conn.Receive(e.now, []byte(strings.Repeat(bindFrame, 100)))
	if e.conn.WantsInput() {
		t.Error("input is wanted although the output is full")
	}
	if out := e.conn.AppendOutput(nil, 1<<20); len(out) > 1500 {
		t.Errorf("%d octets of answers wait", len(out))
	} else {
		e.write(out)
	}
	e.settle()
	if len(e.said) != 100 {
		t.Errorf("%d answers to 100 requests", len(e.said))
	}
}

// A session that owes verdicts and ends does not hold up the others on its connection.
func TestEndReleasesBackPressure(t *testing.T) {
	one, other := config(t), config(t)
	one.MaxPending = 1
	other.Local = mustPath(t, strings.Replace(ownText, "Lq9T", "Zz9T", 1))[0]
	e, all := newEnd(t, msrp.Strict, one, other)
	e.judge = func(session.Event) int { return 0 }
	e.receive(sendFrame("one00001", "mOne", "1-4/4", "", "help", "$") +
		strings.Replace(sendFrame("two00001", "mTwo", "1-4/4", "", "help", "$"), "Lq9T", "Zz9T", 1))
	e.wantTold("bound", "message mOne 4")
	all[0].Close(e.now)
	e.settle()
	e.wantTold("bound", "message mTwo 4")
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
