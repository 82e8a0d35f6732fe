package psap

import (
	"cmp"
	"context"
	"slices"
	"time"

	"text911/callmodel"
)

// Alert is an alert that stands.
type Alert struct {
	callmodel.AlertRaised
	At time.Time `json:"at"`
	// Stored is false while the alert could not be written to the log: the journal is away.
	Stored bool `json:"-"`
}

type alertKey struct {
	alert string
	about callmodel.CallID
}

const alertJournal = "journal"

// applyAlert takes alerts from the log. It needs mu.
func (p *PSAP) applyAlert(ev callmodel.Event) {
	switch d := ev.Data.(type) {
	case callmodel.AlertRaised:
		p.alerts[alertKey{d.Alert, d.About}] = Alert{AlertRaised: d, At: ev.Time, Stored: true}
	case callmodel.AlertCleared:
		delete(p.alerts, alertKey{d.Alert, d.About})
	}
}

// standing lists the alerts, oldest first. It needs mu.
func (p *PSAP) standing() []Alert {
	out := make([]Alert, 0, len(p.alerts))
	for _, a := range p.alerts {
		out = append(out, a)
	}
	slices.SortFunc(out, func(x, y Alert) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Alert, y.Alert), cmp.Compare(x.About, y.About))
	})
	return out
}

// condition is what one of the PSAP's own alerts stands for.
type condition struct {
	raised callmodel.AlertRaised
	holds  bool // to be raised
	over   bool // to be cleared
}

// conditions needs mu.
func (p *PSAP) conditions(now time.Time) []condition {
	long := func(since time.Time, limit time.Duration) bool {
		return limit > 0 && !since.IsZero() && now.Sub(since) >= limit
	}
	oldest, _ := p.board.oldestWait()
	connected, ringing, _ := p.roster.present()
	late := long(oldest, p.cfg.WaitingAlert)
	mute := connected > 0 && ringing == 0 && p.cfg.ConsoleAlert > 0
	return []condition{
		{callmodel.AlertRaised{Alert: "waiting", Severity: "alarm", Sentence: "A text waits for an answer."}, late, !late},
		{callmodel.AlertRaised{Alert: "no_console", Severity: "alarm", Sentence: "No console is connected."},
			long(p.alone, p.cfg.ConsoleAlert), connected > 0},
		{callmodel.AlertRaised{Alert: "no_sound", Severity: "warning", Sentence: "No connected console can make a sound."}, mute, !mute},
	}
}

// alarm raises and clears the PSAP's own alerts in the log. While the log is away nothing is
// raised but the alert about that.
func (p *PSAP) alarm(ctx context.Context) {
	p.mu.Lock()
	if _, away := p.alerts[alertKey{alert: alertJournal}]; away {
		p.mu.Unlock()
		return
	}
	now := p.cfg.Now()
	var due []callmodel.EventData
	for _, c := range p.conditions(now) {
		_, stands := p.alerts[alertKey{c.raised.Alert, c.raised.About}]
		switch {
		case c.holds && !stands:
			due = append(due, c.raised)
		case c.over && stands:
			due = append(due, callmodel.AlertCleared{Alert: c.raised.Alert, About: c.raised.About})
		}
	}
	p.mu.Unlock()
	for _, d := range due {
		within, cancel := context.WithTimeout(ctx, callWithin)
		_, err := p.record(within, nil, d)
		cancel()
		if err != nil {
			p.cfg.Logger.Warn("alert not stored", "psap", p.cfg.ID, "error", err)
			return
		}
	}
}

// watchJournal shows, to everybody connected, that events cannot be stored, and that they can again.
// It cannot be stored, so it is not an event of the log.
func (p *PSAP) watchJournal() {
	sick := p.cfg.Journal() != nil
	p.mu.Lock()
	defer p.mu.Unlock()
	key := alertKey{alert: alertJournal}
	_, stands := p.alerts[key]
	now := p.cfg.Now()
	switch {
	case sick && !stands:
		d := callmodel.AlertRaised{Alert: alertJournal, Severity: "alarm",
			Sentence: "Texts cannot be stored. New texts are refused until this is repaired."}
		p.alerts[key] = Alert{AlertRaised: d, At: now}
		p.show(p.event(now, 0, d))
		p.cfg.Logger.Error("journal alert raised", "psap", p.cfg.ID)
	case !sick && stands:
		delete(p.alerts, key)
		p.show(p.event(now, 0, callmodel.AlertCleared{Alert: alertJournal}))
		p.cfg.Logger.Info("journal alert cleared", "psap", p.cfg.ID)
	}
}

// record stores a PSAP-level event.
func (p *PSAP) record(ctx context.Context, by *callmodel.CommandRef, d callmodel.EventData) (uint64, error) {
	p.mu.Lock()
	p.level++
	ev := p.event(p.cfg.Now(), p.level, d)
	p.mu.Unlock()
	ev.Command = by
	seqs, err := p.cfg.Log.Append(ctx, p.cfg.ID, callmodel.PSAPLevel, unfenced, []callmodel.Event{ev})
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ev.Seq = seqs[0]
	if ev.Seq > p.seq { // the follower has not been here yet
		p.roster.apply(ev)
		p.applyAlert(ev)
	}
	return seqs[0], nil
}
