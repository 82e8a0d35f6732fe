package psap

import "text911/callmodel"

// Snapshot is everything a console shows, as it stands at Seq.
type Snapshot struct {
	Epoch  string               `json:"-"`
	Seq    uint64               `json:"-"`
	Calls  []callmodel.View     `json:"calls"`
	Agents []Agent              `json:"agents"`
	Alerts []Alert              `json:"alerts"`
	Queue  callmodel.QueueStats `json:"queue"`
}

// Join returns the state and a subscription to everything after it: together they miss nothing and
// repeat nothing. Call it when Ready.
func (p *PSAP) Join() (Snapshot, *Subscription) {
	p.mu.Lock()
	calls := p.board.all()
	s := Snapshot{
		Epoch: p.epoch, Seq: p.seq,
		Agents: p.roster.known(), Alerts: p.standing(), Queue: p.queueStats(p.cfg.Now()),
	}
	sub := p.subscribe(p.seq)
	p.mu.Unlock()
	s.Calls = sorted(calls)
	return s, sub
}
