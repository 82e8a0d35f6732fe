package transport

import (
	"strings"
	"testing"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

// A message sent while the session has no connection waits for the next one;
// one that the peer does not take any more is told as failed, not dropped.
func TestMessagesWaitForTheNextBinding(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	setPeer(t, s, peerURI)
	p := dialPeer(t, l)
	answered(t, p, "bind0001", msrptest.Bind("bind0001", s.URI().Wire(), peerURI, "mBind01"), 200)
	p.Close()
	h.until(t, "the loss", func() bool { return len(h.lost) == 1 })
	send := func(id msrp.MessageID, mediaType string) error {
		return s.Send(session.Outgoing{MessageID: id, ContentType: mediaType, Body: []byte(id)})
	}
	if err := send("mWait01", "text/plain"); err != nil {
		t.Fatal(err)
	}
	if err := send("mWait01", "text/plain"); err != session.ErrDuplicate {
		t.Errorf("the same message twice: %v", err)
	}
	if err := send("mWait02", "image/png"); err != nil {
		t.Fatal(err)
	}
	path, err := msrp.ParsePath(peerURI, msrp.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetPeer(Peer{Path: path, Types: []string{"text/plain"}}); err != nil {
		t.Fatal(err)
	}
	p = dialPeer(t, l)
	write(t, p, msrptest.Bind("bind0002", s.URI().Wire(), peerURI, "mBind02"))
	for {
		f, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Code != 0 {
			continue
		}
		if f.Body != "mWait01" {
			t.Errorf("got %q", f.Body)
		}
		write(t, p, msrptest.Respond(f, "200 OK"))
		break
	}
	h.until(t, "both fates", func() bool {
		fates := map[msrp.MessageID]session.SendState{}
		for _, u := range h.updates {
			fates[u.ID] = u.State
		}
		return fates["mWait01"] == session.Accepted && fates["mWait02"] == session.Failed
	})
	full := 0
	s.Close()
	p.Close()
	if err := send("mLate01", "text/plain"); err != ErrClosed {
		t.Errorf("after the end: %v", err)
	}
	other := newSession(t, e, l, listen(Accepted).handler())
	setPeer(t, other, peerURI)
	for i := range 2 * session.DefaultMaxUnconfirmed {
		if err := other.Send(session.Outgoing{MessageID: e.NewMessageID(), ContentType: "text/plain", Body: []byte(strings.Repeat("x", i%50))}); err == session.ErrFull {
			full++
		}
	}
	if n := len(other.pending); n > session.DefaultMaxUnconfirmed {
		t.Errorf("%d messages kept, %d refused", n, full)
	}
}

// However often the connection breaks, or the peer says that the session is not
// there, the session keeps one core and forgets nothing it accepted.
func TestManyLosses(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	setPeer(t, s, peerURI)
	first := s.core
	for i := range 30 {
		p := dialPeer(t, l)
		answered(t, p, "same0001", msrptest.Send("same0001", s.URI().Wire(), peerURI, "mSame01", "once"), 200)
		if i%2 == 0 {
			if err := s.Send(session.Outgoing{MessageID: e.NewMessageID(), ContentType: "text/plain", Body: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			for {
				f, err := p.Next()
				if err != nil {
					t.Fatal(err)
				}
				if f.Method == "SEND" {
					write(t, p, msrptest.Respond(f, "481 No Such Session"))
					break
				}
			}
		}
		if i%2 == 1 {
			p.Close()
		}
		h.until(t, "the loss", func() bool { return len(h.lost) == i+1 })
		p.Close()
	}
	s.mu.Lock()
	same := s.core == first
	s.mu.Unlock()
	if !same || len(h.received()) != 1 {
		t.Errorf("same core %t, message shown %d times", same, len(h.received()))
	}
	if code := h.losses()[0].Code; code != msrp.CodeNoSession {
		t.Errorf("the first loss has code %d, want 481", code)
	}
}
