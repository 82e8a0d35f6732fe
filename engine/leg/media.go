package leg

import (
	"context"

	"text911/callmodel"
	"text911/engine/msrp/session"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
)

// place is where a session with or without TLS is reached; nil: nowhere.
func (g *Gateway) place(secure bool) transport.Place {
	if secure {
		return g.cfg.Secure
	}
	return g.cfg.Plain
}

// params are the own side of the message line.
func (g *Gateway) params(s *transport.Session, inUse sdpmsrp.Role) sdpmsrp.Params {
	p := sdpmsrp.Params{
		Path: s.Path(), AcceptTypes: g.cfg.Types, AcceptWrappedTypes: g.cfg.Wrapped, MaxSize: g.cfg.MaxMessage,
		SendLanguages: g.cfg.Languages, ReceiveLanguages: g.cfg.Languages,
	}
	p.InUse = inUse
	if s.URI().Secure {
		p.Fingerprints = g.cfg.Fingerprints
	}
	return p
}

// newSession makes the MSRP session of a leg.
func (l *leg) newSession(secure bool) (*transport.Session, error) {
	at := l.gw.place(secure)
	if at == nil {
		return nil, errNoPlace
	}
	return l.gw.cfg.Endpoint.NewSession(at, session.Config{
		AcceptTypes: l.gw.cfg.Types, AcceptWrappedTypes: l.gw.cfg.Wrapped, MaxMessage: l.gw.cfg.MaxMessage, Wrap: l.wrap,
	}, transport.Handler{
		Bound: l.bound, Received: l.received, Partial: l.partial, Composing: l.composing, Sent: l.progress, Lost: l.connectionLost,
	})
}

// choose finds the first message line of an offer that a text leg can use, and how many copies of
// the own parameters reach it (sdpmsrp gives them out line by line). Lines of another medium, with
// a file, or of a transport that we do not have are passed over.
func (g *Gateway) choose(d *sdpmsrp.Description, onlySecure bool) (secure bool, copies int, ok bool) {
	for _, s := range d.Sections {
		if s.Media == nil || s.Fault != nil || !s.Media.Live() {
			continue
		}
		copies++
		secure = s.Media.Secure()
		if s.Media.File == nil && g.place(secure) != nil && (secure || !onlySecure) {
			return secure, copies, true
		}
	}
	return false, 0, false
}

// adopt takes what an exchange agreed: where the far side is, who connects, what may be sent. It
// needs mu. The caller runs the result without it.
func (l *leg) adopt(st sdpmsrp.Stream) func() {
	before, had := l.stream, l.agreed
	l.stream, l.agreed = st, true
	s := l.session
	moved := had && !st.KeepConnection && before.Remote.Path.String() != st.Remote.Path.String()
	return func() {
		peer := transport.Peer{Path: st.Remote.Path, Types: st.Remote.AcceptTypes,
			WrappedTypes: st.Remote.AcceptWrappedTypes, MaxMessage: st.Remote.MaxSize, Held: !st.MaySend()}
		if prints := st.PeerFingerprints(); len(prints) > 0 {
			peer.Verify = prints.Check
		}
		if moved {
			s.Supersede()
		}
		if err := s.SetPeer(peer); err != nil {
			l.gw.cfg.Logger.Warn("msrp peer refused", "leg", string(l.id), "error", err)
			return
		}
		if st.Role == sdpmsrp.RoleActive && (moved || !s.Bound()) {
			l.connect(s, st)
		}
		if st.MaySend() {
			l.releaseHeld()
		}
	}
}

// capability is what the far side can take. It needs mu.
func (l *leg) capability() callmodel.Capability {
	if !l.agreed {
		return callmodel.Capability{}
	}
	r := l.stream.Remote
	return callmodel.Capability{AcceptTypes: r.AcceptTypes, MaxSize: int(r.MaxSize), Languages: r.ReceiveLanguages}
}

// connect opens the connection when we are the active side (RFC 6135 §4.2).
func (l *leg) connect(s *transport.Session, st sdpmsrp.Stream) {
	l.mu.Lock()
	if l.dialling {
		l.mu.Unlock()
		return
	}
	l.dialling = true
	l.mu.Unlock()
	done := func() {
		l.mu.Lock()
		l.dialling = false
		l.mu.Unlock()
	}
	if !l.gw.spawn(func(life context.Context) {
		defer done()
		if err := s.Connect(life, target(st)); err != nil && life.Err() == nil {
			l.notConnected(s)
		}
	}) {
		done()
	}
}

// target is where an exchange says to connect. The certificate is that of the host in the path, also
// where c= and m= lead elsewhere (RFC 6714 §4.3), and a peer that may connect as well is waited for
// (RFC 6135 §4.2.2).
func target(st sdpmsrp.Stream) transport.Target {
	return transport.Target{Host: st.Host, Port: st.Port, Name: st.Remote.Path[0].Host, KeepListening: st.KeepListening}
}

// notConnected says that our own connect came to nothing.
func (l *leg) notConnected(s *transport.Session) {
	l.mu.Lock()
	if l.session != s || l.state == ended || s.Bound() {
		l.mu.Unlock()
		return
	}
	l.state = broken
	l.mu.Unlock()
	l.gw.count.broken.Add(1)
	l.say(callmodel.LegBroken{Leg: l.id, Cause: callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "msrp_connect_failed"}})
}

// bound says that a connection carries the session: texts can pass.
func (l *leg) bound(s *transport.Session) {
	l.mu.Lock()
	if l.session != s || l.state == ended {
		l.mu.Unlock()
		return
	}
	again := l.state == broken
	l.state = established
	if l.times.established.IsZero() {
		l.times.established = l.gw.cfg.Now()
	}
	old := l.earlier
	l.earlier = nil
	if l.lost != nil {
		close(l.lost)
		l.lost = nil
	}
	far := l.capability()
	l.mu.Unlock()
	closeSessions(old)
	if again {
		l.gw.count.mended.Add(1)
	}
	l.say(callmodel.LegEstablished{Leg: l.id, Capability: far, Resume: l.resume()})
}

// connectionLost says that the connection is gone while the dialog stands.
func (l *leg) connectionLost(s *transport.Session, loss transport.Loss) {
	l.mu.Lock()
	if l.session != s || l.state != established || l.ending || l.gw.stopped.Load() {
		l.mu.Unlock()
		return
	}
	l.state = broken
	l.mu.Unlock()
	l.gw.count.broken.Add(1)
	l.say(callmodel.LegBroken{Leg: l.id, Cause: lossOf(loss)})
}
