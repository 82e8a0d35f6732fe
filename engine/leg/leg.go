package leg

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"text911/callmodel"
	"text911/engine/msrp"
	"text911/engine/msrp/transport"
	"text911/engine/sdpmsrp"
	"text911/engine/sipua"
)

// state is where a leg stands; the drawing is in the package comment.
type state uint8

const (
	offered     state = iota // an INVITE waits for its final answer
	answered                 // 200 given, no MSRP connection yet
	established              // texts can pass
	broken                   // the connection is gone, the dialog is not
	ended
)

func (s state) String() string {
	return [...]string{"offered", "answered", "established", "broken", "ended"}[s]
}

// leg is one SIP dialog with its SDP and its MSRP session.
type leg struct {
	gw     *Gateway
	id     callmodel.LegID
	trunk  callmodel.TrunkID
	psap   callmodel.PSAPID
	queue  callmodel.QueueID
	secure bool              // MSRP only over TLS
	peer   callmodel.Private // the far side's URI
	heard  func(callmodel.Outcome, error)
	times  timeline

	mu       sync.Mutex // guards the rest
	call     callmodel.CallID
	state    state
	inbox    inbox
	invite   *sipua.Invitation // until the final answer
	dialog   *sipua.Dialog
	sdp      *sdpmsrp.Negotiation
	reply    []byte // session description for the 200
	session  *transport.Session
	unnamed  bool               // session's path was never told to the far side
	earlier  *transport.Session // the session before a mend, until the new one is bound
	stream   sdpmsrp.Stream     // what the last exchange agreed
	agreed   bool               // stream is set
	dialling bool               // we are connecting
	lost     chan struct{}      // while the leg is being mended: closed when it is bound again, or ends
	places   uint64             // sum of the locations heard last
	sent     map[msrp.MessageID]outgoing
	held     []outgoing // waiting because the far side holds the stream
	settled  chan struct{}
	ending   bool // our BYE is on its way, or was
	told     bool // LegEnded is in the inbox, or was
	heardEnd bool // the engine has it
	late     bool // the grace for late texts is over
}

// timeline is when what happened, for the one line a leg logs at its end.
type timeline struct {
	offered, answered, established, firstText, firstReply, ended time.Time
	texts, replies                                               int
}

func (g *Gateway) newLeg(id callmodel.LegID) *leg {
	l := &leg{gw: g, id: id}
	l.heard = l.delivered
	return l
}

// setCall learns the call's id from whoever knows it first.
func (l *leg) setCall(call callmodel.CallID) {
	l.mu.Lock()
	l.call = call
	l.mu.Unlock()
}

// negotiation starts the SDP side of a dialog.
func (g *Gateway) negotiation(host string) (*sdpmsrp.Negotiation, error) {
	var b [8]byte
	if _, err := io.ReadFull(g.cfg.Rand, b[:]); err != nil {
		return nil, err
	}
	return sdpmsrp.New(g.sdpConfig(host, binary.BigEndian.Uint64(b[:])>>2)), nil
}

func (g *Gateway) sdpConfig(host string, id uint64) sdpmsrp.Config {
	if g.cfg.Host != "" {
		host = g.cfg.Host
	}
	return sdpmsrp.Config{Username: "text911", SessionID: id, Host: host}
}

// graceOver closes the MSRP sessions: what comes now has no session any more (CON-27).
func (l *leg) graceOver() {
	l.mu.Lock()
	l.late = true
	sessions := []*transport.Session{l.session, l.earlier}
	l.mu.Unlock()
	closeSessions(sessions...)
	l.finishIfDone()
}

// finishIfDone forgets the leg when the engine has heard everything of it and the grace is over.
func (l *leg) finishIfDone() {
	l.mu.Lock()
	if !l.heardEnd || !l.late || l.state == ended || len(l.inbox.queue) > 0 {
		l.mu.Unlock()
		return
	}
	l.state = ended
	l.invite, l.held, l.sent = nil, nil, nil
	line, call := l.times, l.call
	l.mu.Unlock()
	l.gw.remove(l)
	l.log(call, line)
}

// log writes the leg's one line.
func (l *leg) log(call callmodel.CallID, t timeline) {
	since := func(at time.Time) int64 {
		if at.IsZero() {
			return -1
		}
		return at.Sub(t.offered).Milliseconds()
	}
	l.gw.cfg.Logger.Info("leg ended", "call", string(call), "leg", string(l.id), "trunk", string(l.trunk),
		"answered_ms", since(t.answered), "established_ms", since(t.established), "first_text_ms", since(t.firstText),
		"first_reply_ms", since(t.firstReply), "ended_ms", since(t.ended), "texts", t.texts, "replies", t.replies)
}
