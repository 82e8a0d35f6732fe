package transport

import (
	"testing"

	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
)

func TestPassiveConversation(t *testing.T) {
	e, l := running(t, testConfig())
	h := listen(Accepted)
	s := newSession(t, e, l, h.handler())
	setPeer(t, s, peerURI)
	p := dialPeer(t, l)
	to := s.URI().Wire()
	answered(t, p, "bind0001", msrptest.Bind("bind0001", to, peerURI, "mBind01"), 200)
	answered(t, p, "send0001", msrptest.Send("send0001", to, peerURI, "mText01", "help"), 200)
	h.until(t, "the message", func() bool { return len(h.messages) == 1 })
	if m := h.received()[0]; string(m.Body) != "help" || m.ContentType != "text/plain" || m.ID != "mText01" {
		t.Errorf("message %s of type %s with %d octets", m.ID, m.ContentType, len(m.Body))
	}
	id := e.NewMessageID()
	if err := s.Send(session.Outgoing{MessageID: id, ContentType: "text/plain", Body: []byte("where?"), SuccessReport: true}); err != nil {
		t.Fatal(err)
	}
	f, err := p.Next()
	if err != nil || f.Method != "SEND" || f.Body != "where?" || f.Header("To-Path") != peerURI {
		t.Fatalf("got %+v, %v", f, err)
	}
	write(t, p, msrptest.Respond(f, "200 OK"))
	h.until(t, "acceptance", func() bool { return len(h.updates) == 1 && h.updates[0].State == session.Accepted })
	write(t, p, "MSRP rep00001 REPORT\r\nTo-Path: "+to+"\r\nFrom-Path: "+peerURI+"\r\nMessage-ID: "+string(id)+
		"\r\nByte-Range: 1-6/6\r\nStatus: 000 200 OK\r\n-------rep00001$\r\n")
	h.until(t, "delivery", func() bool { return len(h.updates) == 2 && h.updates[1].State == session.Delivered })
	if left := s.Close(); len(left) != 0 {
		t.Errorf("%d messages unconfirmed", len(left))
	}
	if rest, err := p.ReadEOF(); err != nil || rest != "" {
		t.Errorf("after the end: %d octets, %v", len(rest), err)
	}
	p.Close()
	eventually(t, "the end of the connection", func() bool { return e.Stats().Connections == 0 })
}
