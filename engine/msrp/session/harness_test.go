package session_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

const (
	ownText  = "msrp://psap.example.org:2855/Lq9Tn2Xw7Vb4Rk8Zp3Hd;tcp"
	peerText = "msrp://caller.example.net:49152/Rm5Jc8Yt1Gs6Nf0Ue4Qa;tcp"
)

var start = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// random is a repeatable source for identifiers.
type random struct{ *rand.ChaCha8 }

func newRandom(seed byte) random { return random{rand.NewChaCha8([32]byte{seed})} }

func (r random) Read(p []byte) (int, error) { return r.ChaCha8.Read(p) }

func mustPath(t testing.TB, s string) msrp.Path {
	t.Helper()
	p, err := msrp.ParsePath(s, msrp.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// config is the session of the vectors.
func config(t testing.TB) session.Config {
	t.Helper()
	return session.Config{
		Local:       mustPath(t, ownText)[0],
		Remote:      mustPath(t, peerText),
		AcceptTypes: []string{"text/plain", "message/cpim", "application/octet-stream"},
		MaxMessage:  10_000,
	}
}

// end is one side under test: a Conn, what it told and what it wrote.
type end struct {
	t      testing.TB
	conn   *session.Conn
	table  *session.Table
	now    time.Time
	verify *msrp.Scanner // reads what the Conn writes
	said   []string      // frames written, in words
	told   []string      // events, in words
	events []session.Event
	wire   []byte // everything written
	fresh  []byte // written since the last take
	judge  func(session.Event) int
	max    int
}

// newEnd makes an incoming connection on a table with the session of the vectors.
func newEnd(t testing.TB, p msrp.Profile, cfgs ...session.Config) (*end, []*session.Session) {
	t.Helper()
	e := &end{t: t, now: start, table: &session.Table{}, verify: msrp.NewScanner(p, msrp.Limits{}), max: 1 << 20}
	e.judge = func(session.Event) int { return 200 }
	e.conn = session.NewConn(e.now, session.ConnConfig{Profile: p, Random: newRandom(7), Sessions: e.table, Incoming: true})
	var all []*session.Session
	for _, cfg := range cfgs {
		cfg.Profile = p
		s, err := session.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if !e.table.Add(s) {
			t.Fatal("session uri taken")
		}
		all = append(all, s)
	}
	return e, all
}

// newBound is newEnd with the session attached and its first bodiless SEND out of the way.
func newBound(t testing.TB, p msrp.Profile, change func(*session.Config)) (*end, *session.Session) {
	t.Helper()
	cfg := config(t)
	if change != nil {
		change(&cfg)
	}
	e, all := newEnd(t, p, cfg)
	e.receive(bindFrame)
	if len(e.told) != 1 || len(e.said) != 1 {
		t.Fatalf("binding: told %v, said %v", e.told, e.said)
	}
	e.reset()
	return e, all[0]
}

const bindFrame = "MSRP bind0001 SEND\r\nTo-Path: " + ownText + "\r\nFrom-Path: " + peerText +
	"\r\nMessage-ID: mBind001\r\nByte-Range: 1-0/0\r\n-------bind0001$\r\n"

func (e *end) reset() { e.said, e.told, e.events, e.wire, e.fresh = nil, nil, nil, nil, nil }

// receive feeds octets and settles everything they cause.
func (e *end) receive(wire string) {
	e.t.Helper()
	p := []byte(wire)
	e.conn.Receive(e.now, p)
	for i := range p {
		p[i] = 0xEE // whoever still reads it will notice
	}
	e.settle()
}

// settle hands events to the judge and collects output until nothing moves.
func (e *end) settle() {
	e.t.Helper()
	for {
		events := e.conn.TakeEvents(nil)
		for _, ev := range events {
			e.events = append(e.events, ev)
			e.told = append(e.told, words(ev))
			if ev.Kind == session.EventMessage {
				switch code := e.judge(ev); code {
				case 0: // later
				case 200:
					ev.Session.Accept(e.now, ev.Ticket)
				default:
					ev.Session.Reject(e.now, ev.Ticket, code)
				}
			}
		}
		out := e.conn.AppendOutput(nil, e.max)
		e.write(out)
		if len(events) == 0 && len(out) == 0 {
			return
		}
	}
}

// write checks that what goes out is valid, and puts it into words.
func (e *end) write(out []byte) {
	e.t.Helper()
	e.conn.Wrote(e.now)
	e.wire = append(e.wire, out...)
	e.fresh = append(e.fresh, out...)
	e.verify.Write(bytes.Clone(out))
	for {
		f, ok, err := e.verify.Next()
		if err != nil {
			e.t.Fatalf("invalid output: %v", err)
		}
		if !ok {
			return
		}
		if f.Fault != nil {
			e.t.Fatalf("faulty output: %v", f.Fault)
		}
		if f.Last {
			e.said = append(e.said, frameWords(f))
		}
	}
}

// take gives what was written since it was last asked.
func (e *end) take() string {
	out := string(e.fresh)
	e.fresh = nil
	return out
}

func frameWords(f *msrp.Frame) string {
	switch {
	case f.Response:
		return fmt.Sprintf("%d %s", f.Code, f.ID())
	case f.Method == msrp.REPORT && f.Status.Code == 200:
		return fmt.Sprintf("report %s %s", f.MessageID(), f.Range)
	case f.Method == msrp.REPORT:
		return fmt.Sprintf("report %s %s %d", f.MessageID(), f.Range, f.Status.Code)
	case !f.HasBody && f.Flag == msrp.Complete:
		return "bodiless"
	}
	return fmt.Sprintf("send %s %s %c", f.MessageID(), f.Range, f.Flag)
}

func words(ev session.Event) string {
	switch ev.Kind {
	case session.EventBound:
		return "bound"
	case session.EventMessage:
		return fmt.Sprintf("message %s %d", ev.MessageID, len(ev.Body))
	case session.EventRepeat:
		return fmt.Sprintf("repeat %s", ev.MessageID)
	case session.EventPartial:
		return fmt.Sprintf("partial %s %d", ev.MessageID, len(ev.Body))
	case session.EventComposing:
		return fmt.Sprintf("composing %d", len(ev.Body))
	case session.EventSent:
		return fmt.Sprintf("%s %s %d", ev.State, ev.MessageID, ev.Code)
	case session.EventFailed:
		return fmt.Sprintf("failed %d %v", ev.Code, ev.Unconfirmed)
	case session.EventClosing:
		return "close"
	}
	return "unknown"
}

func (e *end) wantTold(want ...string) {
	e.t.Helper()
	if got := strings.Join(e.told, "; "); got != strings.Join(want, "; ") {
		e.t.Errorf("told:\n got %s\nwant %s", got, strings.Join(want, "; "))
	}
	e.told = nil
}

func (e *end) wantSaid(want ...string) {
	e.t.Helper()
	if got := strings.Join(e.said, "; "); got != strings.Join(want, "; ") {
		e.t.Errorf("said:\n got %s\nwant %s", got, strings.Join(want, "; "))
	}
	e.said = nil
}

// send writes a SEND of the peer.
func sendFrame(id, mid, rng, headers, body, flag string) string {
	return "MSRP " + id + " SEND\r\nTo-Path: " + ownText + "\r\nFrom-Path: " + peerText + "\r\nMessage-ID: " + mid +
		"\r\n" + headers + "Byte-Range: " + rng + "\r\nContent-Type: text/plain\r\n\r\n" + body + "\r\n-------" + id + flag + "\r\n"
}

func response(id string, code int) string {
	return fmt.Sprintf("MSRP %s %d Some Comment\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n", id, code, ownText, peerText, id)
}

func reportFrame(mid, rng, status string) string {
	if rng != "" {
		rng = "Byte-Range: " + rng + "\r\n"
	}
	return "MSRP rep00001 REPORT\r\nTo-Path: " + ownText + "\r\nFrom-Path: " + peerText + "\r\nMessage-ID: " + mid +
		"\r\n" + rng + "Status: " + status + "\r\n-------rep00001$\r\n"
}

// ids gives the transaction ids of the requests in a piece of wire text.
func ids(wire string) (out []string) {
	for line := range strings.Lines(wire) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "MSRP" && (f[2] == "SEND" || f[2] == "REPORT") {
			out = append(out, f[1])
		}
	}
	return out
}

// answer feeds a 200 for every request written since the last take.
func (e *end) answerAll(code int) {
	e.t.Helper()
	for _, id := range ids(e.take()) {
		e.receive(response(id, code))
	}
}
