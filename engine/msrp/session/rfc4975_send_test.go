package session_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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

// SND-01 SND-02 SND-04 SND-05 CHK-04 CHK-05: one small message on the wire.
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

	e, s, id := out(true, msrp.FailureYes)
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

	e, s, _ = out(true, msrp.FailureYes)
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

// SND-06 SND-07 SND-15 SND-16 SND-03: what Send refuses.
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

// bulk is a message that is not text and looks like nothing else.
func bulk(id string, n int, seed uint64) session.Outgoing {
	body := make([]byte, n)
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range body {
		body[i] = byte(rng.Uint32())
	}
	return session.Outgoing{MessageID: msrp.MessageID(id), ContentType: "application/octet-stream", Body: body}
}

// two is an end with two bound sessions.
func two(t testing.TB) (*end, *session.Session, *session.Session) {
	t.Helper()
	one, other := config(t), config(t)
	other.Local = mustPath(t, strings.Replace(ownText, "Lq9T", "Zz9T", 1))[0]
	e, all := newEnd(t, msrp.Strict, one, other)
	e.receive(bindFrame)
	e.receive(strings.ReplaceAll(strings.Replace(bindFrame, "Lq9T", "Zz9T", 1), "bind0001", "bind0002"))
	e.reset()
	return e, all[0], all[1]
}

// joined puts the bodies of a message's chunks together and checks their form:
// CHK-01 CHK-02 CHK-03 CHK-06 CHK-07 SND-02 FRM-36.
func joined(t testing.TB, wire []byte, id string) []byte {
	t.Helper()
	s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
	s.Write(wire)
	var body []byte
	var at int64
	seen := make(map[string]bool)
	n, interruptible := 0, false
	for {
		f, ok, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return body
		}
		if f.Response || string(f.MessageID()) != id {
			continue
		}
		if f.First {
			if seen[string(f.ID())] {
				t.Error("a transaction id is used twice")
			}
			seen[string(f.ID())] = true
			if f.Range.Start != at+1 {
				t.Errorf("chunk starts at %d after %d octets", f.Range.Start, at)
			}
			if f.Range.Total == msrp.Unknown {
				t.Error("the total is known and not said")
			}
			n, interruptible = 0, f.Range.End == msrp.Unknown
		}
		body = append(body, f.Body...)
		n, at = n+len(f.Body), at+int64(len(f.Body))
		if !f.Last {
			continue
		}
		if !interruptible && (n > session.Quantum || f.Range.End != at) {
			t.Errorf("chunk %v has %d octets", f.Range, n)
		}
		if interruptible && n < session.Quantum && f.Flag == msrp.More {
			t.Errorf("chunk cut at %d octets", n)
		}
	}
}

// B01 CHK-02 CHK-07: a large message gives way to a chat line of another session.
func TestChatInterruptsBulk(t *testing.T) {
	e, one, other := two(t)
	m := bulk("mBulk", 1<<20, 1)
	e.send(one, m)
	var wire []byte
	for len(wire) < 10_000 {
		wire = e.conn.AppendOutput(wire, 1000)
	}
	e.send(other, text("mChat", "twenty octets of text"[:20]))
	at := len(wire)
	wire = e.conn.AppendOutput(wire, 4000)
	chat := bytes.Index(wire, []byte("twenty octets of tex"))
	if chat < 0 || chat-at > 2*session.Quantum {
		t.Fatalf("the chat line comes %d octets later", chat-at)
	}
	for e.conn.HasOutput() {
		wire = e.conn.AppendOutput(wire, 1<<16)
	}
	if n := bytes.Count(wire, []byte("MSRP ")); n != 3 {
		t.Errorf("%d frames, want one before and one after the chat line", n)
	}
	if sha256.Sum256(joined(t, wire, "mBulk")) != sha256.Sum256(m.Body) {
		t.Error("the message is not what was sent")
	}
	if !bytes.Contains(wire, []byte("-*/1048576")) {
		t.Error("the rest is not an open range of the whole")
	}
}

// CHK-02: alone, a large message is one frame.
func TestBulkAloneIsOneFrame(t *testing.T) {
	e, one, _ := two(t)
	e.send(one, bulk("mBulk", 1<<20, 1))
	e.settle()
	e.wantSaid("send mBulk 1-*/1048576 $")
}

// B02 CHK-08 RSP-13: a response overtakes a large message within a quantum.
func TestResponseInterruptsBulk(t *testing.T) {
	e, one, _ := two(t)
	m := bulk("mBulk", 1<<20, 2)
	e.send(one, m)
	wire := e.conn.AppendOutput(nil, 10_000)
	e.conn.Receive(e.now, []byte(strings.Replace(bindFrame, "bind0001", "keep0001", 2)))
	at := len(wire)
	wire = e.conn.AppendOutput(wire, 1)
	wire = e.conn.AppendOutput(wire, 1)
	if i := bytes.Index(wire, []byte("MSRP keep0001 200 OK")); i < 0 || i-at > session.Quantum {
		t.Errorf("the 200 is at %d after %d", i, at)
	}
	for e.conn.HasOutput() {
		wire = e.conn.AppendOutput(wire, 1<<16)
	}
	if !bytes.Equal(joined(t, wire, "mBulk"), m.Body) {
		t.Error("the message is not what was sent")
	}
	// an answer that waits before a chunk is 2048 octets long waits for those
	e, one, _ = two(t)
	e.send(one, bulk("mBulk", 1<<20, 2))
	wire = e.conn.AppendOutput(nil, 1)
	e.conn.Receive(e.now, []byte(strings.Replace(bindFrame, "bind0001", "keep0001", 2)))
	wire = e.conn.AppendOutput(wire, 8000)
	joined(t, wire[:bytes.Index(wire, []byte("MSRP keep0001"))], "mBulk")
}

// CHK-03 CHK-09: two large messages share the connection fairly, in chunks of 2048 or more.
func TestFairness(t *testing.T) {
	e, one, other := two(t)
	a, b := bulk("mBulkA", 1<<18, 3), bulk("mBulkB", 1<<18, 4)
	e.send(one, a)
	e.send(other, b)
	for len(e.told) < 2 {
		before := len(e.wire)
		e.settle()
		e.answerAll(200)
		if len(e.wire) == before {
			t.Fatal("stuck")
		}
	}
	if !bytes.Equal(joined(t, e.wire, "mBulkA"), a.Body) || !bytes.Equal(joined(t, e.wire, "mBulkB"), b.Body) {
		t.Error("a message is not what was sent")
	}
	lastA, lastB := bytes.LastIndex(e.wire, []byte("mBulkA")), bytes.LastIndex(e.wire, []byte("mBulkB"))
	if d := lastA - lastB; d > len(e.wire)/10 || -d > len(e.wire)/10 {
		t.Errorf("one is done %d octets before the other", d)
	}
	// a chat line of the session with the large message does not wait for its end
	e, one, _ = two(t)
	e.send(one, a)
	wire := e.conn.AppendOutput(nil, 5000)
	e.send(one, text("mChat", "me first"))
	wire = e.conn.AppendOutput(wire, 3000)
	if !bytes.Contains(wire, []byte("me first")) {
		t.Error("the chat line waits for the large message")
	}
}

// fixedIDs gives the ids wanted first, then random ones.
type fixedIDs struct {
	first []byte
	random
}

func (f *fixedIDs) Read(p []byte) (int, error) {
	n := copy(p, f.first)
	f.first = f.first[n:]
	if n < len(p) {
		return f.random.Read(p[n:])
	}
	return n, nil
}

// B03 CHK-12: a body that holds the end-line of the id to come. All-zero random octets give
// the id AAAAAAAAAAAAAAAA.
func TestBodyThatHoldsItsEndLine(t *testing.T) {
	const clash = "-------AAAAAAAAAAAAAAAA$"
	for _, at := range []int{0, 100, 2040, 2047, 2048, 2060, 3000, 4090, 9000} {
		for _, size := range []int{at + len(clash), 12_000} {
			conf := config(t)
			e, all := newEnd(t, msrp.Strict, conf)
			source := &fixedIDs{first: make([]byte, 16), random: newRandom(9)}
			e.conn = session.NewConn(e.now, session.ConnConfig{Profile: msrp.Strict, Random: source, Sessions: e.table})
			e.receive(bindFrame)
			e.reset()
			body := bytes.Repeat([]byte("abcdefg\r\n"), 2000)[:max(size, at+len(clash))]
			copy(body[at:], clash)
			e.send(all[0], session.Outgoing{MessageID: "mClash", ContentType: "application/octet-stream", Body: body})
			e.settle()
			var got []byte
			s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
			s.Write(e.wire)
			used := false
			for {
				f, ok, err := s.Next()
				if err != nil || !ok {
					break
				}
				if f.First && string(f.ID()) == "AAAAAAAAAAAAAAAA" {
					used = true
				}
				if bytes.Contains(f.Body, []byte(clash)) && string(f.ID()) == "AAAAAAAAAAAAAAAA" {
					t.Errorf("at %d of %d: a body holds its own end-line", at, size)
				}
				got = append(got, f.Body...)
			}
			if !bytes.Equal(got, body) {
				t.Errorf("at %d of %d: got %d octets", at, size, len(got))
			}
			if at >= 4000 && size == 12_000 && !used {
				t.Errorf("at %d: the test does not test", at)
			}
		}
	}
}

// CHK-10 CHK-11: giving up between chunks, inside one, and before the first.
func TestAbort(t *testing.T) {
	// inside a chunk, because of 413
	e, one, other := two(t)
	e.send(one, bulk("mBulk", 1<<20, 5))
	wire := e.conn.AppendOutput(nil, 5000)
	e.write(wire)
	if !one.Abort("mBulk") || one.Abort("mBulk") || one.Abort("mNone") {
		t.Error("Abort does not say what it did")
	}
	e.settle()
	e.wantSaid("send mBulk 1-*/1048576 #")
	e.wantTold()
	// between chunks
	e, one, other = two(t)
	e.send(one, bulk("mBulk", 1<<20, 5))
	wire = e.conn.AppendOutput(nil, 5000)
	e.send(other, text("mChat", "hello"))
	wire = e.conn.AppendOutput(wire, 1)
	for !bytes.Contains(wire, []byte("hello")) {
		wire = e.conn.AppendOutput(wire, 1)
	}
	e.write(wire)
	sent := len(joined(t, wire, "mBulk"))
	first := ids(string(wire))[0]
	e.take()
	e.receive(response(first, 413))
	e.wantTold("failed mBulk 413")
	if said := strings.Join(e.said, "; "); !strings.HasSuffix(said, fmt.Sprintf("send mChat 1-5/5 $; send mBulk %d-%d/1048576 #", sent+1, sent+1)) {
		t.Errorf("said %s", said)
	}
	e.reset()
	e.settle()
	e.wantSaid()
	// before the first
	e, one, _ = two(t)
	e.send(one, bulk("mBulk", 1<<20, 5))
	one.Abort("mBulk")
	e.settle()
	e.wantSaid()
}

// CHK-13: a message from a Source is read in pieces of bounded size.
func TestSource(t *testing.T) {
	m := bulk("mFile", 1<<20, 6)
	src := &countingReader{r: bytes.NewReader(m.Body)}
	e, s := newSender(t, nil)
	e.send(s, session.Outgoing{MessageID: "mFile", ContentType: m.ContentType, Source: src, Size: 1 << 20})
	e.max = 1
	e.settle()
	if !bytes.Equal(joined(t, e.wire, "mFile"), m.Body) {
		t.Error("the file is not what was sent")
	}
	if src.most > 2*session.Quantum {
		t.Errorf("%d octets read at once", src.most)
	}
	// a source that breaks gives the message up
	for _, size := range []int64{1 << 20, 3000} {
		e, s = newSender(t, nil)
		e.send(s, session.Outgoing{MessageID: "mFile", ContentType: m.ContentType, Source: bytes.NewReader(m.Body[:2500]), Size: size})
		e.settle()
		e.wantTold("failed mFile 0")
		if len(e.said) > 1 || len(e.said) == 1 && !strings.HasSuffix(e.said[0], "#") {
			t.Errorf("said %v", e.said)
		}
	}
}

type countingReader struct {
	r    io.ReaderAt
	most int
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	c.most = max(c.most, len(p))
	return c.r.ReadAt(p, off)
}

// Text is cut between characters, since some peers decode each chunk alone.
func TestTextIsCutBetweenCharacters(t *testing.T) {
	e, one, other := two(t)
	body := []byte(strings.Repeat("日本語テキスト", 2000))
	e.send(one, session.Outgoing{MessageID: "mText", ContentType: "text/plain", Body: body})
	for i := range 12 {
		e.write(e.conn.AppendOutput(nil, 1))
		e.write(e.conn.AppendOutput(nil, 1))
		e.send(other, text(fmt.Sprintf("mChat%d", i), "x"))
	}
	e.settle()
	cuts := 0
	s := msrp.NewScanner(msrp.Strict, msrp.Limits{})
	s.Write(e.wire)
	var chunk []byte
	for {
		f, ok, _ := s.Next()
		if !ok {
			break
		}
		if string(f.MessageID()) != "mText" {
			continue
		}
		chunk = append(chunk, f.Body...)
		if f.Last {
			if !bytes.Equal(chunk, bytes.ToValidUTF8(chunk, nil)) {
				t.Error("a chunk ends inside a character")
			}
			chunk = chunk[:0]
			cuts++
		}
	}
	if cuts < 4 {
		t.Errorf("%d chunks", cuts)
	}
}
