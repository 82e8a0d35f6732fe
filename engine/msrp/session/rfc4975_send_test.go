package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// newSender is an end whose session is bound, with nothing written yet.
func newSender(t testing.TB, change func(*session.Config)) (*end, *session.Session) {
	t.Helper()
	return newBound(t, msrp.Strict, change)
}

func text(id, body string) session.Outgoing {
	return session.Outgoing{MessageID: msrp.MessageID(id), ContentType: "text/plain", Body: []byte(body)}
}

func (e *end) send(s *session.Session, m session.Outgoing) {
	e.t.Helper()
	if err := s.Send(e.now, m); err != nil {
		e.t.Fatal(err)
	}
}

// SND-01 SND-02 SND-04 CHK-04 CHK-05: one small message on the wire.
func TestSendForm(t *testing.T) {
	e, s := newSender(t, func(c *session.Config) {
		c.Remote = mustPath(t, "msrp://relay.example.net:2855/aaaa;tcp "+peerText)
	})
	m := text("mOut1", "Where are you?")
	m.SuccessReport = true
	e.send(s, m)
	e.settle()
	wire := e.take()
	want := "MSRP " + ids(wire)[0] + " SEND\r\nTo-Path: msrp://relay.example.net:2855/aaaa;tcp " + peerText + "\r\nFrom-Path: " + ownText +
		"\r\nMessage-ID: mOut1\r\nSuccess-Report: yes\r\nByte-Range: 1-14/14\r\nContent-Type: text/plain\r\n\r\nWhere are you?\r\n-------" +
		ids(wire)[0] + "$\r\n"
	if wire != want {
		t.Errorf("got\n%s\nwant\n%s", wire, want)
	}
	e.send(s, text("mOut2", ""))
	e.settle()
	if wire := e.take(); !strings.Contains(wire, "Byte-Range: 1-0/0\r\nContent-Type: text/plain\r\n\r\n\r\n-------") {
		t.Errorf("the empty message is %q", wire)
	}
}

// RSP-10 RSP-11 RSP-12 SND-13 RPT-09 RPT-12: how far a message has come.
func TestSendStates(t *testing.T) {
	out := func(success bool, wish msrp.FailureReport) (*end, *session.Session, string) {
		e, s := newSender(t, nil)
		m := text("mOut1", strings.Repeat("x", 200))
		m.SuccessReport, m.FailureReport = success, wish
		e.send(s, m)
		e.settle()
		return e, s, ids(e.take())[0]
	}
	e, _, id := out(false, msrp.FailureYes)
	e.wantTold()
	e.receive(strings.Replace(response(id, 200), "To-Path: "+ownText, "To-Path: "+peerText+" "+ownText, 1))
	e.wantTold("accepted mOut1 200")
	e.receive(response(id, 200) + response(id, 400) + response("unknown1", 481))
	e.wantTold()
	if st := e.conn.Stats(); st.UnmatchedResponses != 3 || st.PathMismatch != 1 {
		t.Errorf("counted %d unmatched, %d paths", st.UnmatchedResponses, st.PathMismatch)
	}
	e, _, id = out(false, msrp.FailureYes)
	e.receive(response(id, 299))
	e.wantTold("accepted mOut1 299")
	e, _, id = out(false, msrp.FailureYes)
	e.receive(response(id, 499))
	e.wantTold("failed mOut1 499")

	e, _, id = out(true, msrp.FailureYes)
	e.receive(response(id, 200))
	e.receive(reportFrame("mOut1", "1-100/200", "000 200 OK") + reportFrame("mOut1", "50-150/200", "000 200 OK"))
	e.wantTold("accepted mOut1 200")
	e.receive(reportFrame("mOut1", "151-200/200", "000 200 OK"))
	e.wantTold("delivered mOut1 200")
	e.receive(reportFrame("mOut1", "151-200/200", "000 200 OK"))
	e.wantTold()

	e, _, _ = out(true, msrp.FailureYes)
	e.receive(reportFrame("mOut1", "", "000 200"))
	e.wantTold("delivered mOut1 200")

	e, s, _ := out(true, msrp.FailureYes)
	e.receive(reportFrame("mOut1", "1-100/200", "000 200 OK"))
	if got := s.Close(e.now); len(got) != 1 || got[0] != "mOut1" {
		t.Errorf("unconfirmed: %v", got)
	}
}

// RPT-07 RPT-08 RPT-14: REPORTs that change nothing, and are never answered.
func TestReportsThatAreIgnored(t *testing.T) {
	e, s := newSender(t, nil)
	m := text("mOut1", "help")
	m.SuccessReport = true
	e.send(s, m)
	e.settle()
	e.reset()
	body := strings.Replace(reportFrame("mNone", "1-4/4", "000 408"), "-------rep", "Content-Type: text/plain\r\n\r\nwhy\r\n-------rep", 1)
	e.receive(reportFrame("mOut1", "1-4/4", "001 200 OK") + reportFrame("mOut1", "1-4/4", "001 408") + body +
		strings.Replace(reportFrame("mOut1", "1-4/4", "000 408"), "Lq9T", "Zz9T", 1) + // another session
		strings.Replace(reportFrame("mOut1", "1-4/4", "000 200"), "Status", "X-Status", 1) +
		strings.Replace(reportFrame("mOut1", "0-4/4", "000 200"), "Message-ID: mOut1\r\n", "", 1))
	e.wantTold()
	e.wantSaid()
	if st := e.conn.Stats(); st.IgnoredReports != 4 || st.UnmatchedReports != 2 {
		t.Errorf("counted %d ignored, %d unmatched", st.IgnoredReports, st.UnmatchedReports)
	}
	e.receive(strings.Replace(reportFrame("mOut1", "1-4/4", "000 200 OK"), "-------rep", "Content-Type: text/plain\r\n\r\nwhy\r\n-------rep", 1))
	e.wantTold("delivered mOut1 200")
}

// RPT-10: what a failure REPORT ends.
func TestFailureReports(t *testing.T) {
	for _, tt := range []struct {
		status, told string
	}{
		{"000 408", "failed 408 [mOut1 mOut2]"}, {"000 481 Gone", "failed 481 [mOut1 mOut2]"},
		{"000 413", "failed mOut1 413"}, {"000 415", "failed mOut1 415"},
	} {
		e, s := newSender(t, nil)
		e.send(s, text("mOut1", "help"))
		e.send(s, text("mOut2", "more"))
		e.settle()
		e.reset()
		e.receive(reportFrame("mOut1", "1-4/4", tt.status))
		e.wantTold(tt.told)
		alive := strings.HasPrefix(tt.told, "failed m")
		if err := s.Send(e.now, session.Outgoing{MessageID: "mOut3", ContentType: "text/html", Body: []byte("x")}); (err == nil) != alive {
			t.Errorf("%s: sending after it: %v", tt.status, err)
		}
		e.receive(reportFrame("mOut1", "1-4/4", tt.status))
		e.wantTold()
	}
}

// B04 SND-11 SND-14 LIM-13: a mute peer, the fake clock, and exactly one copy on the wire.
func TestResponseTimer(t *testing.T) {
	e, s := newSender(t, nil)
	e.send(s, text("mOut1", "help"))
	wire := e.conn.AppendOutput(nil, 1<<16)
	e.now = e.now.Add(5 * time.Second) // the octets wait in our own hands
	if _, ok := e.conn.Deadline(); ok {
		t.Error("the timer runs before the octets were handed over")
	}
	e.write(wire)
	due, ok := e.conn.Deadline()
	if !ok || due != e.now.Add(30*time.Second) {
		t.Fatalf("deadline %v, %v", due, ok)
	}
	e.now = due.Add(-time.Millisecond)
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold()
	e.now = due
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold("timeout mOut1 408")
	e.receive(response(ids(e.take())[0], 200))
	e.wantTold()
	if n := strings.Count(string(e.wire), "mOut1"); n != 1 {
		t.Errorf("%d copies on the wire", n)
	}
	if _, ok := e.conn.Deadline(); ok {
		t.Error("a deadline is left")
	}
}

// A response that is faster than our own books.
func TestResponseBeforeWrote(t *testing.T) {
	e, s := newSender(t, nil)
	e.send(s, text("mOut1", "x"))
	e.send(s, text("mOut2", "x"))
	got := ids(string(e.conn.AppendOutput(nil, 1<<16)))
	e.conn.Receive(e.now, []byte(response(got[0], 200)))
	e.send(s, text("mOut3", "x"))
	e.conn.AppendOutput(nil, 1<<16)
	if _, ok := e.conn.Deadline(); ok {
		t.Error("a timer runs before anything was handed over")
	}
	e.conn.Wrote(e.now)
	e.now = e.now.Add(30 * time.Second)
	e.conn.Tick(e.now)
	e.settle()
	e.wantTold("accepted mOut1 200", "timeout mOut2 408", "timeout mOut3 408")
}

// What waits is bounded in octets, and room comes back as it goes out.
func TestQueueOctets(t *testing.T) {
	e, s := newSender(t, func(c *session.Config) { c.MaxQueued = 100 })
	for i := range 10 {
		e.send(s, text(fmt.Sprintf("mOne%d", i), strings.Repeat("x", 60)))
		if err := s.Send(e.now, text(fmt.Sprintf("mTwo%d", i), strings.Repeat("x", 60))); !errors.Is(err, session.ErrFull) {
			t.Fatalf("%d: got %v", i, err)
		}
		e.settle()
	}
}

// SND-12: partial and no have no timer; an error is told with partial and ignored with no.
func TestSendWithoutTimer(t *testing.T) {
	for _, tt := range []struct {
		wish msrp.FailureReport
		told string
	}{{msrp.FailurePartial, "sent mOut1 0; failed mOut1 403"}, {msrp.FailureNo, "sent mOut1 0"}} {
		e, s := newSender(t, nil)
		m := text("mOut1", "help")
		m.FailureReport, m.SuccessReport = tt.wish, true
		e.send(s, m)
		e.settle()
		if _, ok := e.conn.Deadline(); ok {
			t.Error("a timer runs")
		}
		e.receive(response(ids(e.take())[0], 403))
		e.wantTold(tt.told)
	}
	e, s := newSender(t, nil)
	for i := range 100 { // more than are remembered
		m := text(fmt.Sprintf("mOut%d", i), "help")
		m.FailureReport = msrp.FailurePartial
		e.send(s, m)
	}
	e.settle()
	if len(e.told) != 100 {
		t.Errorf("told %d", len(e.told))
	}
}

// SND-10 LIM-13: sixty-four and more requests may be outstanding, up to the window.
func TestPipelining(t *testing.T) {
	e, s := newSender(t, nil)
	for i := range 300 {
		e.send(s, text(fmt.Sprintf("mOut%d", i), "x"))
	}
	e.settle()
	if n := len(e.said); n != session.DefaultWindow {
		t.Errorf("%d requests without any response", n)
	}
	for len(e.told) < 300 {
		before := len(e.told)
		e.answerAll(200)
		if len(e.told) == before {
			t.Fatalf("stuck at %d", before)
		}
	}
	for i, told := range e.told {
		if told != fmt.Sprintf("accepted mOut%d 200", i) {
			t.Fatalf("%d: %s", i, told)
		}
	}
}

// SND-06 SND-07 SND-15 SND-16 SND-03 ISC-01: what Send refuses.
func TestSendRefuses(t *testing.T) {
	wrap := func(_ time.Time, contentType string, body []byte) ([]byte, error) {
		return []byte("wrapped " + contentType + " " + string(body)), nil
	}
	for _, tt := range []struct {
		name           string
		types, wrapped []string
		wrap           bool
		contentType    string
		want           error
	}{
		{"listed", []string{"text/plain"}, nil, false, "text/plain", nil},
		{"parameters do not matter", []string{"text/plain;charset=x"}, nil, false, "TEXT/plain; charset=utf-8", nil},
		{"not listed", []string{"text/plain"}, nil, false, "text/html", session.ErrType},
		{"everything", []string{"*"}, nil, false, "image/png", nil},
		{"a kind", []string{"text/*"}, nil, false, "text/html", nil},
		{"another kind", []string{"text/*"}, nil, false, "image/png", session.ErrType},
		{"no list", nil, nil, false, "image/png", nil},
		{"container first", []string{"message/cpim", "text/plain"}, nil, true, "text/plain", nil},
		{"container first, wrapped list", []string{"message/cpim"}, []string{"text/html"}, true, "text/html", nil},
		{"container first, type nowhere", []string{"message/cpim"}, []string{"text/html"}, true, "text/plain", session.ErrType},
		{"container first, any wrapped", []string{"message/cpim"}, []string{"*"}, true, "image/png", nil},
		{"typing, not listed", []string{"text/plain"}, []string{"*"}, false, "application/im-iscomposing+xml", session.ErrType},
		{"typing, listed", []string{"text/plain", "application/im-iscomposing+xml"}, nil, false, "application/im-iscomposing+xml", nil},
		{"container first, nothing wraps", []string{"message/cpim", "text/plain"}, nil, false, "text/plain", session.ErrNeedsCPIM},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, s := newSender(t, func(c *session.Config) {
				if tt.wrap {
					c.Wrap = wrap
				}
			})
			s.SetPeer(tt.types, tt.wrapped, 0)
			err := s.Send(e.now, session.Outgoing{MessageID: "mOut1", ContentType: tt.contentType, Body: []byte("x")})
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			e.settle()
			// SND-17: the range counts what was wrapped
			if tt.wrap && err == nil && !strings.Contains(e.take(), fmt.Sprintf("Byte-Range: 1-%d/%[1]d\r\nContent-Type: message/cpim", len("wrapped  x")+len(tt.contentType))) {
				t.Error("not wrapped")
			}
		})
	}
	e, s := newSender(t, func(c *session.Config) { c.PeerMaxMessage = 10; c.MaxUnconfirmed = 2 })
	try := func(m session.Outgoing, want error) {
		t.Helper()
		if err := s.Send(e.now, m); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	try(text("mOut1", "01234567890"), session.ErrSize)
	try(text("bad id", "x"), session.ErrMessageID)
	try(text("0123456789012345678901234567890123", "x"), session.ErrMessageID)
	try(session.Outgoing{MessageID: "mOut1", ContentType: "text/plain\r\nX: y", Body: []byte("x")}, session.ErrHeader)
	try(session.Outgoing{MessageID: "mOut1", Body: []byte("x")}, session.ErrHeader)
	s.SetHeld(true)
	try(text("mOut1", "x"), session.ErrHeld)
	try(session.Outgoing{MessageID: "mImdn", ContentType: "message/imdn+xml", Body: []byte("x")}, nil)
	s.SetHeld(false)
	try(text("mImdn", "x"), session.ErrDuplicate)
	try(text("mOut1", "x"), nil)
	try(text("mOut2", "x"), session.ErrFull)
	e.settle()
	e.answerAll(200)
	s.Close(e.now)
	try(text("mOut3", "x"), session.ErrEnded)
}

// SND-15: what was queued before the hold stays until it ends; bodiless and control go out.
func TestHold(t *testing.T) {
	e, s := newSender(t, nil)
	e.send(s, text("mOut1", "x"))
	s.SetHeld(true)
	e.send(s, session.Outgoing{MessageID: "mType", ContentType: "application/im-iscomposing+xml", Body: []byte("x")})
	e.settle()
	e.wantSaid("send mType 1-1/1 $")
	s.SetHeld(false)
	e.settle()
	e.wantSaid("send mOut1 1-1/1 $")
	// what has begun is not broken off, although a response cuts it in two
	e.send(s, bulk("mBulk", 1<<16, 1))
	e.write(e.conn.AppendOutput(nil, 5000))
	s.SetHeld(true)
	e.receive(bindFrame)
	e.wantSaid("send mBulk 1-*/65536 +", "200 bind0001", "send mBulk 6145-*/65536 $")
}

// ISC-08 and COD-415: a type that was refused is not sent again in this session.
func TestUnwelcomeType(t *testing.T) {
	e, s := newSender(t, nil)
	m := session.Outgoing{MessageID: "mOut1", ContentType: "application/im-iscomposing+xml", Body: []byte("x")}
	e.send(s, m)
	e.settle()
	e.answerAll(415)
	e.wantTold("failed mOut1 415")
	m.MessageID = "mOut2"
	if err := s.Send(e.now, m); !errors.Is(err, session.ErrType) {
		t.Errorf("got %v", err)
	}
	e.send(s, text("mOut3", "x"))
}

// COD-481 COD-506: the session is dead.
func TestDeadSession(t *testing.T) {
	for _, code := range []int{481, 506} {
		e, s := newSender(t, nil)
		e.send(s, text("mOut1", "x"))
		e.send(s, text("mOut2", "x"))
		e.settle()
		first := ids(e.take())[0]
		e.receive(response(first, code))
		e.wantTold(fmt.Sprintf("failed %d [mOut1 mOut2]", code))
		if err := s.Send(e.now, text("mOut3", "x")); !errors.Is(err, session.ErrEnded) {
			t.Errorf("got %v", err)
		}
	}
}

// IMDN-08: a notification goes only to a peer that takes the type inside its container.
func TestNotificationNeedsItsType(t *testing.T) {
	for _, tt := range []struct {
		wrapped []string
		want    error
	}{{nil, session.ErrType}, {[]string{"text/html"}, session.ErrType}, {[]string{"message/imdn+xml"}, nil}, {[]string{"*"}, nil}} {
		e, s := newSender(t, func(c *session.Config) {
			c.WrappedType = func([]byte) (string, bool) { return "message/imdn+xml", true }
		})
		s.SetPeer([]string{"message/cpim", "text/plain"}, tt.wrapped, 0)
		m := session.Outgoing{MessageID: "mImdn", ContentType: "message/cpim", Body: []byte("x"), Control: true}
		if err := s.Send(e.now, m); !errors.Is(err, tt.want) {
			t.Errorf("wrapped types %v: %v", tt.wrapped, err)
		}
	}
}
