package session_test

import (
	"fmt"
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// B07 CON-04 CON-05 CON-07 CON-21: one session, two connections: the first binds, the other
// gets 506 and delivers nothing.
func TestOneBinding(t *testing.T) {
	e, s := newBound(t, msrp.Strict, nil)
	other, _ := newEnd(t, msrp.Strict)
	other.conn = session.NewConn(e.now, session.ConnConfig{Profile: msrp.Strict, Random: newRandom(9), Sessions: e.table, Incoming: true})
	other.receive(sendFrame("one00001", "mOne", "1-4/4", "", "help", "$"))
	other.receive(strings.Replace(bindFrame, "Lq9T", "Zz9T", 1))
	other.wantSaid("506 one00001", "481 bind0001")
	other.wantTold()
	e.receive(sendFrame("one00002", "mOne", "1-4/4", "", "help", "$"))
	e.wantTold("message mOne 4")
	// CON-06: the first connection is known dead
	e.conn.Lost(e.now)
	e.settle()
	e.wantTold("failed 0 []")
	e.table.Release(s)
	other.receive(strings.ReplaceAll(bindFrame, "bind0001", "bind0002"))
	other.wantTold("bound")
	other.wantSaid("200 bind0002")
	if err := s.Send(other.now, text("mOut1", "x")); err != nil {
		t.Error("the session that is bound again does not send:", err)
	}
	other.settle()
	other.wantSaid("send mOut1 1-1/1 $")
}

// CON-08: the From-Path of the first SEND in both profiles.
func TestFromPathOfTheFirstSend(t *testing.T) {
	wrong := strings.Replace(bindFrame, "Rm5J", "Xx5J", 1)
	e, _ := newEnd(t, msrp.Strict, config(t))
	e.receive(wrong)
	e.wantSaid("481 bind0001")
	e.receive(strings.ReplaceAll(bindFrame, "bind0001", "bind0002"))
	e.wantSaid("200 bind0002")
	e, _ = newEnd(t, msrp.Lenient, config(t))
	e.receive(wrong)
	e.wantSaid("200 bind0001")
	if e.conn.Stats().PathMismatch != 1 {
		t.Error("the mismatch was not counted")
	}
	e.receive(strings.ReplaceAll(wrong, "bind0001", "bind0002")) // bound: not looked at again
	if e.conn.Stats().PathMismatch != 1 {
		t.Error("From-Path is checked after the binding")
	}
}

// CON-03: what is queued before the binding goes out directly after it, and nothing before.
func TestQueueBeforeBinding(t *testing.T) {
	e, all := newEnd(t, msrp.Strict, config(t))
	e.send(all[0], text("mOut1", "x"))
	e.settle()
	e.wantSaid()
	e.receive(bindFrame)
	e.wantSaid("200 bind0001", "send mOut1 1-1/1 $")
}

// CON-01 CON-20: the side that connected speaks first, and hears what comes meanwhile.
func TestAttach(t *testing.T) {
	for _, queued := range []bool{false, true} {
		e, all := newEnd(t, msrp.Strict, config(t))
		if queued {
			e.send(all[0], text("mOut1", "x"))
		}
		e.conn.Attach(e.now, all[0])
		e.table.Bind(all[0])
		e.settle()
		e.wantTold("bound")
		if queued {
			e.wantSaid("send mOut1 1-1/1 $")
		} else {
			e.wantSaid("bodiless")
		}
		if !strings.Contains(string(e.wire), "To-Path: "+peerText+"\r\nFrom-Path: "+ownText) {
			t.Error("paths of the first SEND")
		}
		e.receive(bindFrame) // the passive side greets too
		e.wantSaid("200 bind0001")
		e.answerAll(200)
		e.conn.Attach(e.now, all[0]) // nothing happens twice
		e.settle()
		e.wantSaid()
	}
	// the first SEND is refused: the session cannot be had
	e, all := newEnd(t, msrp.Strict, config(t))
	e.conn.Attach(e.now, all[0])
	e.settle()
	e.answerAll(481)
	e.wantTold("bound", "failed 481 []")
}

// CON-09: three sessions on one connection, each by its own first SEND; ASM-07: equal
// Message-IDs in two of them have nothing to do with one another.
func TestThreeSessions(t *testing.T) {
	var cfgs []session.Config
	rename := func(s string, i int) string { return strings.Replace(s, "Lq9T", fmt.Sprintf("Lq%dX", i), 1) }
	for i := range 3 {
		c := config(t)
		c.Local = mustPath(t, rename(ownText, i))[0]
		cfgs = append(cfgs, c)
	}
	e, _ := newEnd(t, msrp.Strict, cfgs...)
	for i := range 3 {
		e.receive(rename(sendFrame("one00001", "mOne", "1-2/4", "", "he", "+"), i))
	}
	for i := range 3 {
		e.receive(rename(sendFrame("one00002", "mOne", "3-4/4", "", "lp", "$"), i))
	}
	e.wantTold("bound", "bound", "bound", "message mOne 4", "message mOne 4", "message mOne 4")
	if e.events[3].Session == e.events[4].Session || e.conn.Sessions() != 3 {
		t.Error("sessions are mixed")
	}
}

// CON-27: after a session ended its URI gets 481 and the others go on. RPT-13: no REPORT
// goes into it. RSP-08: nor an answer.
func TestEndedSession(t *testing.T) {
	e, one, other := two(t)
	e.judge = func(session.Event) int { return 0 }
	e.receive(sendFrame("one00001", "mOne", "1-4/4", "Success-Report: yes\r\n", "help", "$"))
	one.Close(e.now)
	e.table.Remove(one)
	if one.Accept(e.now, e.events[0].Ticket) {
		t.Error("a verdict into an ended session counts")
	}
	e.receive(sendFrame("one00002", "mTwo", "1-4/4", "", "help", "$"))
	e.wantSaid("481 one00002")
	e.send(other, text("mOut1", "x"))
	e.settle()
	e.wantSaid("send mOut1 1-1/1 $")
	if e.conn.Sessions() != 1 || one.Conn() != nil {
		t.Error("the session is still bound")
	}
	// in the middle of a chunk
	e, one, _ = two(t)
	frame := sendFrame("one00003", "mOne", "1-*/*", "", strings.Repeat("x", 9000), "$")
	e.receive(frame[:5000])
	one.Close(e.now)
	e.receive(frame[5000:])
	e.wantSaid("481 one00003")
}

// CON-12 SND-13 B05: a lost connection fails its sessions, once each, with what is
// unconfirmed; the messages go out again, with their ids, on the new session.
func TestLostConnection(t *testing.T) {
	e, one, other := two(t)
	var out []session.Outgoing
	for i := range 5 {
		out = append(out, text(fmt.Sprintf("mOut%d", i+1), "x"))
		e.send(one, out[i])
	}
	e.settle()
	wire := ids(e.take())
	e.receive(response(wire[0], 200) + response(wire[1], 200))
	e.receive(sendFrame("one00001", "mPart", "1-4/8", "", "help", "+"))
	e.told = nil
	e.conn.Lost(e.now)
	e.conn.Lost(e.now)
	e.settle()
	e.wantTold("partial mPart 4", "failed 0 [mOut3 mOut4 mOut5]", "failed 0 []")
	if e.conn.HasOutput() || one.Conn() != nil || other.Conn() != nil {
		t.Error("something is left")
	}

	cfg := config(t)
	cfg.Local = mustPath(t, strings.Replace(ownText, "Lq9T", "Zz9T", 1))[0]
	cfg.Previous = one
	again, all := newEnd(t, msrp.Strict, cfg)
	for _, m := range out[2:] {
		again.send(all[0], m)
	}
	again.receive(strings.Replace(bindFrame, "Lq9T", "Zz9T", 1))
	again.wantSaid("200 bind0001", "send mOut3 1-1/1 $", "send mOut4 1-1/1 $", "send mOut5 1-1/1 $")
}

// URI-07: a session URI without a port is none: 2855 is nobody's default.
func TestNoDefaultPort(t *testing.T) {
	bare := func(text string) string { return strings.NewReplacer(":2855", "", ":49152", "").Replace(text) }
	cfg := config(t)
	cfg.Local = mustPath(t, bare(ownText))[0]
	if _, err := session.New(cfg); err == nil {
		t.Error("an own URI without a port was taken")
	}
	cfg = config(t)
	cfg.Remote = mustPath(t, bare(peerText))
	if _, err := session.New(cfg); err == nil {
		t.Error("a peer's URI without a port was taken")
	}
	e, _ := newEnd(t, msrp.Strict, config(t))
	e.receive(strings.Replace(bindFrame, ownText, bare(ownText), 1))
	e.wantTold()
	if len(e.said) != 1 || strings.HasPrefix(e.said[0], "200") {
		t.Errorf("a request to a URI without a port: %v", e.said)
	}
}

// V35 and V36 before binding: without To-Path there is nobody to answer for.
func TestFaultBeforeBinding(t *testing.T) {
	e, _ := newEnd(t, msrp.Strict, config(t))
	e.receive(strings.Replace(bindFrame, "To-Path: "+ownText+"\r\n", "", 1))
	e.wantTold("close")
	e.wantSaid()
	e, _ = newEnd(t, msrp.Strict, config(t))
	e.receive(strings.Replace(bindFrame, "From-Path: "+peerText+"\r\n", "", 1))
	e.wantTold("close")
	e.wantSaid()
}

// FRM-33: over a limit of the header section: 400, then close.
func TestHeadLimit(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	e.receive(strings.Replace(bindFrame, "Message-ID", "X-A: "+strings.Repeat("a", 17<<10)+"\r\nMessage-ID", 1))
	e.wantSaid("400 bind0001")
	e.wantTold("close")
}

// CON-19 CON-28: greetings of every form, and methods an endpoint does not know.
func TestOtherRequests(t *testing.T) {
	e, _ := newBound(t, msrp.Strict, nil)
	plain := strings.Replace(bindFrame, "Byte-Range: 1-0/0\r\n", "", 1)
	e.receive(plain + strings.Replace(bindFrame, "Byte", "Keep-Alive: yes\r\nByte", 1))
	e.wantSaid("200 bind0001", "200 bind0001")
	for _, method := range []string{"AUTH", "NICKNAME", "FOOBAR"} {
		e.receive(strings.Replace(plain, " SEND", " "+method, 1))
	}
	e.wantSaid("501 bind0001", "501 bind0001", "501 bind0001")
	e.receive(strings.Replace(strings.Replace(plain, " SEND", " FOOBAR", 1), "Lq9T", "Zz9T", 1))
	e.wantSaid("481 bind0001")
	e.wantTold()
}

// The peer closes its side in the middle of a frame, or after one without line end.
func TestPeerClosed(t *testing.T) {
	e, _ := newBound(t, msrp.Lenient, nil)
	e.receive(strings.TrimSuffix(sendFrame("one00001", "mOne", "1-4/4", "", "help", "$"), "\r\n"))
	e.wantTold()
	e.conn.PeerClosed(e.now)
	e.settle()
	e.wantTold("message mOne 4")
	e, _ = newBound(t, msrp.Lenient, nil)
	e.receive(bindFrame[:40])
	e.conn.PeerClosed(e.now)
	e.settle()
	e.wantTold("close")
}

// FRM-36: a chunk is ended before the connection is closed, and responses still go out.
func TestClosingEndsTheRunningChunk(t *testing.T) {
	e, one, _ := two(t)
	e.send(one, bulk("mBulk", 1<<20, 1))
	e.write(e.conn.AppendOutput(nil, 10_000))
	e.receive(bindFrame + "GET / HTTP/1.1\r\n")
	e.wantTold("close")
	e.wantSaid("send mBulk 1-*/1048576 +", "200 bind0001")
	e, one, _ = two(t)
	e.send(one, bulk("mBulk", 1<<20, 1))
	e.write(e.conn.AppendOutput(nil, 10_000))
	e.receive("GET / HTTP/1.1\r\n")
	e.wantSaid("send mBulk 1-*/1048576 +")
}

// FRM-05: an id that is under way is not used again, whoever uses it.
func TestIDsUnderWay(t *testing.T) {
	conf := config(t)
	e, all := newEnd(t, msrp.Strict, conf)
	e.conn = session.NewConn(e.now, session.ConnConfig{
		Profile: msrp.Strict, Sessions: e.table, Random: &fixedIDs{first: make([]byte, 64), random: newRandom(3)},
	})
	e.judge = func(session.Event) int { return 0 }
	e.receive(sendFrame("AAAAAAAAAAAAAAAA", "mOne", "1-4/4", "", "help", "$"))
	e.send(all[0], text("mOut1", "x"))
	e.settle()
	if id := ids(string(e.wire))[0]; id == "AAAAAAAAAAAAAAAA" {
		t.Error("the peer's id is used")
	}
	e, all = newEnd(t, msrp.Strict, conf)
	e.conn = session.NewConn(e.now, session.ConnConfig{
		Profile: msrp.Strict, Sessions: e.table, Random: &fixedIDs{first: make([]byte, 64), random: newRandom(3)},
	})
	e.receive(bindFrame)
	e.send(all[0], text("mOut1", "x"))
	e.send(all[0], text("mOut2", "x"))
	e.settle()
	if got := ids(string(e.wire)); len(got) != 2 || got[0] == got[1] {
		t.Errorf("ids %v", got)
	}
}

// URI-04 URI-06 URI-15: what a session is made of.
func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*session.Config){
		"no uri":            func(c *session.Config) { c.Local = msrp.URI{} },
		"no session-id":     func(c *session.Config) { c.Local.SessionID = "" },
		"no port":           func(c *session.Config) { c.Local.Port = 0 },
		"invalid peer path": func(c *session.Config) { c.Remote = msrp.Path{{Host: "a b", Port: 1, SessionID: "x"}} },
		"empty peer path":   func(c *session.Config) { c.Remote = msrp.Path{} },
		"peer without port": func(c *session.Config) { c.Remote = mustPath(t, "msrp://a.example.org/x;tcp") },
		"unknown next hop":  func(c *session.Config) { c.Remote = mustPath(t, "msrp://a.example.org:1/x;sctp") },
	} {
		cfg := config(t)
		change(&cfg)
		if _, err := session.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// URI-15: one URI, one session
	table := &session.Table{}
	for i, want := range []bool{true, false} {
		s, err := session.New(config(t))
		if err != nil {
			t.Fatal(err)
		}
		if table.Add(s) != want {
			t.Errorf("add %d: %v", i, !want)
		}
	}
}

// Five thousand idle sessions, each on its own connection, are cheap.
func TestIdleMemory(t *testing.T) {
	const count = 1000
	var keep []*end
	perSession := measure(func() {
		for range count {
			e, _ := newEnd(t, msrp.Lenient, config(t))
			e.receive(bindFrame)
			e.reset()
			e.verify = nil
			keep = append(keep, e)
		}
	}) / count
	t.Logf("%d octets each", perSession)
	if perSession > 8<<10 {
		t.Errorf("%d octets for an idle session and its connection", perSession)
	}
	if len(keep) != count {
		t.Error("lost some")
	}
}
