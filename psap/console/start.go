package console

import (
	"context"
	"encoding/json"
	"time"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
)

// beginning is what the writer begins with.
type beginning struct {
	filter *filter
	resume bool
	from   uint64    // resume: everything after this
	to     uint64    // resume: newest seq there is
	gap    *gapFrame // told before ready
}

func (c *conn) hello() helloFrame {
	cfg := &c.s.cfg
	h := helloFrame{
		Op: opHello, Server: cfg.Node, Connection: c.id, Version: cfg.Version, Subprotocol: Subprotocol,
		Time: stamp(cfg.Now()), PSAPs: []callmodel.PSAPID{},
		HeartbeatMS: cfg.Heartbeat.Milliseconds(), CutMS: cfg.Cut.Milliseconds(),
		Limits: limits{
			FrameIn: MaxFrame, FrameOut: hardLimit, Text: api.MaxText, Note: api.MaxNote, Page: api.MaxPage,
			Unacked: cfg.Window, UnackedOctets: cfg.WindowBytes, AckWaitMS: cfg.AckWait.Milliseconds(),
			WriteWaitMS: cfg.WriteWait.Milliseconds(), CommandRate: cfg.CommandRate, InFlight: cfg.InFlight,
			RememberedSecs: api.RememberedFor,
		},
		Features: []string{"filter", "resume", "gap"},
	}
	for _, seat := range cfg.PSAPs {
		if !c.who.May(seat.PSAP.ID()) {
			continue
		}
		h.PSAPs = append(h.PSAPs, seat.PSAP.ID())
		h.Epoch = seat.PSAP.Epoch()
		h.Limits.LeaseMS = seat.PSAP.Lease().Milliseconds()
	}
	if len(h.PSAPs) != 1 {
		h.Epoch = ""
	}
	return h
}

// start takes start and resume.
func (c *conn) start(f clientFrame) *farewell {
	if c.agent != "" {
		return badFrame("the connection is started already")
	}
	seat, ok := c.s.seats[f.PSAP]
	if !ok || !c.who.May(f.PSAP) {
		return bye(CloseNotAllowed, api.CodeUnknownPSAP, "No such PSAP here", "this login may not work for the psap, or it is not here")
	}
	agent := f.Agent
	switch {
	case c.who.Agent != "" && agent != "" && agent != c.who.Agent:
		return bye(CloseNotAllowed, api.CodeNotAllowed, "Not allowed", "the login is another agent's")
	case c.who.Agent != "":
		agent = c.who.Agent
	case agent == "":
		return badFrame(f.Op + " names no agent")
	}
	if fault := c.await(seat.PSAP); fault != nil {
		return fault
	}
	b, fault := c.beginning(seat.PSAP, f)
	if fault != nil {
		return fault
	}
	detach, err := seat.PSAP.Attach(agent, f.CanRing)
	if err != nil {
		return bye(CloseInternal, callmodel.CodeTooMany, "Too many agents", "as many agents as there may be")
	}
	c.seat, c.agent, c.detach = seat, agent, detach
	c.s.settle(c, clientKey{psap: f.PSAP, agent: agent, client: f.Client})
	c.log.Info("console started", "psap", f.PSAP, "agent", agent, "resume", b.resume)
	c.begin <- b
	return nil
}

// await waits until the PSAP has replayed its log.
func (c *conn) await(p *psap.PSAP) *farewell {
	late := time.NewTimer(startWithin)
	defer late.Stop()
	select {
	case <-p.Ready():
		return nil
	case <-late.C:
		return bye(CloseInternal, api.CodeStarting, "The server is starting", "the log is still being read")
	case <-c.ctx.Done():
		return farewellDraining() // the first reason counts, not this one
	}
}

// beginning decides how the stream begins: from a snapshot, from a place in the log, or from a
// snapshot because that place is gone.
func (c *conn) beginning(p *psap.PSAP, f clientFrame) (beginning, *farewell) {
	if f.Op == opStart {
		c.s.count.started.Add(1)
		return beginning{filter: f.Filter}, nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, startWithin)
	defer cancel()
	oldest, newest, epoch, err := p.Bounds(ctx)
	if err != nil {
		return beginning{}, bye(CloseInternal, callmodel.CodeUnavailable, "The log cannot be read", "resume again")
	}
	seq := *f.Seq
	b := beginning{filter: f.Filter}
	switch {
	case f.Epoch != epoch:
		b.gap = &gapFrame{Op: opGap, From: oldest, To: newest, Reason: "epoch"}
	case seq > newest:
		b.gap = &gapFrame{Op: opGap, From: newest + 1, To: seq, Reason: "ahead"}
	case seq+1 < oldest:
		b.gap = &gapFrame{Op: opGap, From: seq + 1, To: oldest - 1, Reason: "expired"}
	default:
		b.resume, b.from, b.to = true, seq, newest
		c.s.count.resumed.Add(1)
		return b, nil
	}
	c.s.count.gaps.Add(1)
	return b, nil
}

// readyOf is the frame of a snapshot. Calls that do not fit are left out from the end: closed ones
// first.
func readyOf(id callmodel.PSAPID, s psap.Snapshot) readyFrame {
	f := readyFrame{Op: opReady, PSAP: id, Epoch: s.Epoch, Seq: s.Seq, Snapshot: snapshot{
		Calls: make([]json.RawMessage, 0, len(s.Calls)), Agents: s.Agents, Alerts: s.Alerts, Queue: s.Queue,
	}}
	size := 0
	for i := range s.Calls {
		raw := encode(&s.Calls[i])
		if size += len(raw); size > snapshotOctets && i > 0 {
			f.Snapshot.Next = string(s.Calls[i-1].Call)
			break
		}
		f.Snapshot.Calls = append(f.Snapshot.Calls, raw)
	}
	return f
}
