package session_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

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

// CHK-09: turns are counted in octets, so that many small messages of one session do not
// hold up a message of another.
func TestTurnsAreCountedInOctets(t *testing.T) {
	e, one, other := two(t)
	for i := range 50 {
		e.send(one, text(fmt.Sprintf("mMany%d", i), strings.Repeat("x", 1000)))
	}
	e.send(other, text("mChat", "me too"))
	e.settle()
	for i, said := range e.said {
		if strings.Contains(said, "mChat") && i > 3 {
			t.Errorf("its turn comes after %d messages", i)
		}
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
	// inside a chunk
	e, one, _ := two(t)
	e.send(one, bulk("mBulk", 1<<20, 5))
	wire := e.conn.AppendOutput(nil, 5000)
	e.write(wire)
	if !one.Abort("mBulk") || one.Abort("mBulk") || one.Abort("mNone") {
		t.Error("Abort does not say what it did")
	}
	e.settle()
	e.wantSaid("send mBulk 1-*/1048576 #")
	e.wantTold()
	// between chunks, because of 413
	e, one, other := two(t)
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
