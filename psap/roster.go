package psap

import (
	"cmp"
	"slices"
	"time"

	"text911/callmodel"
)

// maxAgents bounds the roster.
const maxAgents = 10_000

// Agent is a person or program that may take calls, as consoles see it.
type Agent struct {
	Agent     callmodel.AgentID    `json:"agent"`
	State     callmodel.AgentState `json:"state"`
	Position  string               `json:"position,omitempty"`
	Connected bool                 `json:"connected"`
	CanRing   bool                 `json:"can_ring"`
}

// roster is who there is. State and position come from the log, connections and signs of life from
// the consoles.
type roster struct {
	agents map[callmodel.AgentID]*agent
	began  time.Time // signs of life are counted from here at the earliest
}

type agent struct {
	Agent
	consoles int
	heard    time.Time
}

func newRoster() *roster { return &roster{agents: map[callmodel.AgentID]*agent{}} }

// apply takes agent.changed.
func (r *roster) apply(ev callmodel.Event) {
	d, ok := ev.Data.(callmodel.AgentChanged)
	if !ok {
		return
	}
	if a := r.get(d.Agent); a != nil {
		a.State, a.Position = d.State, d.Position
	}
}

// get returns the agent, made if it is new, nil when there is no room. Agents who are neither at
// work nor connected make room.
func (r *roster) get(id callmodel.AgentID) *agent {
	if a := r.agents[id]; a != nil {
		return a
	}
	if len(r.agents) >= maxAgents {
		for old, a := range r.agents {
			if a.consoles == 0 && a.State == callmodel.AgentOffline {
				delete(r.agents, old)
			}
		}
		if len(r.agents) >= maxAgents {
			return nil
		}
	}
	a := &agent{Agent: Agent{Agent: id, State: callmodel.AgentOffline}}
	r.agents[id] = a
	return a
}

// hear notes a sign of life.
func (r *roster) hear(id callmodel.AgentID, now time.Time) bool {
	a := r.get(id)
	if a == nil {
		return false
	}
	a.heard = now
	return true
}

// heard is the last sign of life.
func (r *roster) heard(id callmodel.AgentID) time.Time {
	if a := r.agents[id]; a != nil && a.heard.After(r.began) {
		return a.heard
	}
	return r.began
}

// known lists who is at work or connected, by name.
func (r *roster) known() []Agent {
	out := make([]Agent, 0, len(r.agents))
	for _, a := range r.agents {
		if a.consoles > 0 || a.State != callmodel.AgentOffline {
			out = append(out, a.Agent)
		}
	}
	slices.SortFunc(out, func(x, y Agent) int { return cmp.Compare(x.Agent, y.Agent) })
	return out
}

// present counts agents that are connected, those who can ring, and those ready to take a call.
func (r *roster) present() (connected, ringing, ready int) {
	for _, a := range r.agents {
		if a.consoles == 0 {
			continue
		}
		connected++
		if a.CanRing {
			ringing++
		}
		if a.State == callmodel.AgentReady {
			ready++
		}
	}
	return connected, ringing, ready
}

// Attach notes that a console of the agent is connected, until detach is called, once. It fails
// with too_many when the roster is full.
func (p *PSAP) Attach(id callmodel.AgentID, canRing bool) (detach func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.roster.get(id)
	if a == nil {
		return nil, callmodel.Refuse(callmodel.CodeTooMany, "as many agents as there may be")
	}
	now := p.cfg.Now()
	a.heard = now
	a.consoles++
	if before := a.Agent; !before.Connected || canRing && !before.CanRing {
		a.Connected, a.CanRing = true, before.CanRing || canRing
		p.present(a, now)
	}
	p.alone = time.Time{}
	p.nudgeClock()
	return func() { p.detach(id) }, nil
}

func (p *PSAP) detach(id callmodel.AgentID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.roster.agents[id]
	if a == nil {
		return
	}
	now := p.cfg.Now()
	if a.consoles--; a.consoles == 0 {
		a.Connected, a.CanRing = false, false
		p.present(a, now)
	}
	if connected, _, _ := p.roster.present(); connected == 0 {
		p.alone = now
	}
	p.nudgeClock()
}

// present tells everybody that an agent's consoles came or went. It needs mu.
func (p *PSAP) present(a *agent, now time.Time) {
	p.show(p.event(now, 0, callmodel.AgentPresence{Agent: a.Agent.Agent, Connected: a.Connected, CanRing: a.CanRing}))
}

// Touch is a sign of life of an agent: its claims last one lease from now.
func (p *PSAP) Touch(id callmodel.AgentID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.roster.agents[id]; a != nil {
		a.heard = p.cfg.Now()
	}
}
