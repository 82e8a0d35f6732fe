package bench

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"text911/engine/msrp"
	"text911/engine/msrp/msrptest"
	"text911/engine/msrp/session"
	"text911/engine/msrp/transport"
)

// text is what every SEND carries: 160 octets, one SMS.
var text = strings.Repeat("0123456789abcdef", 10)

// far is the path of the load generator's side.
const far = "msrp://127.0.0.1:28550/benchbenchbenchbench;tcp"

// echo returns the octets it gets.
type echo struct {
	listener net.Listener
	work     sync.WaitGroup
	sessions []msrptest.LoadSession
}

func newEcho(n int) (*echo, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &echo{listener: l}
	e.work.Go(func() { msrptest.Echo(l) })
	for range n {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			e.close()
			return nil, err
		}
		e.sessions = append(e.sessions, msrptest.LoadSession{Conn: c, Echo: true, Body: text, From: far,
			To: "msrp://127.0.0.1:2855/Lq9Tn2Xw7Vb4Rk8Zp3HdAb12;tcp"})
	}
	return e, nil
}

func (e *echo) load() *msrptest.Load { return &msrptest.Load{Sessions: e.sessions} }

func (e *echo) close() {
	hangUp(e.sessions)
	_ = e.listener.Close()
	e.work.Wait()
}

func hangUp(sessions []msrptest.LoadSession) {
	for _, s := range sessions {
		_ = s.Conn.Close()
	}
}

// layer is the MSRP session layer with an application that accepts at once: no SIP, no log.
type layer struct {
	cancel   context.CancelFunc
	work     sync.WaitGroup
	sessions []msrptest.LoadSession
}

func newLayer(ctx context.Context, n int) (*layer, error) {
	e := transport.New(transport.Config{Trusted: loopback})
	l, err := e.Listen(transport.ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &layer{cancel: cancel}
	s.work.Go(func() { _ = e.Run(ctx) })
	peer, err := msrp.ParsePath(far, msrp.Strict)
	if err != nil {
		s.close()
		return nil, err
	}
	accept := transport.Handler{Received: func(*transport.Session, transport.Message) transport.Verdict { return transport.Accepted }}
	for range n {
		one, err := e.NewSession(l, session.Config{}, accept)
		if err == nil {
			err = one.SetPeer(transport.Peer{Path: peer})
		}
		var c net.Conn
		if err == nil {
			c, err = net.Dial("tcp", l.Addr().String())
		}
		if err != nil {
			s.close()
			return nil, fmt.Errorf("session: %w", err)
		}
		s.sessions = append(s.sessions, msrptest.LoadSession{Conn: c, To: one.URI().Wire(), From: far, Body: text})
	}
	return s, nil
}

func (s *layer) load() *msrptest.Load { return &msrptest.Load{Sessions: s.sessions} }

func (s *layer) close() {
	hangUp(s.sessions)
	s.cancel()
	s.work.Wait()
}
