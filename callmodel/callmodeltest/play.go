package callmodeltest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"text911/callmodel"
)

// epoch is the beginning of every scenario.
var epoch = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// Epoch returns the time at which every scenario begins.
func Epoch() time.Time { return epoch }

// Maker makes the machine of a scenario. set puts what the config line says into a config struct of
// the maker's; it fails on unknown members.
type Maker func(set func(config any) error) (callmodel.Machine, error)

// Played is what came of a scenario.
type Played struct {
	Text    string            // the scenario as it should read
	Events  []callmodel.Event // stored ones
	Machine callmodel.Machine
}

// Play runs a scenario and returns it with the outcome lines as they came out.
func Play(text string, make Maker) (Played, error) {
	p := player{make: make}
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if err := p.line(line); err != nil {
			return Played{}, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return Played{Text: p.out.String(), Events: p.events, Machine: p.machine}, nil
}

type player struct {
	make    Maker
	config  []field
	machine callmodel.Machine
	events  []callmodel.Event
	now     time.Time
	out     strings.Builder
	state   string
	wake    string
}

func (p *player) line(line string) error {
	if strings.HasPrefix(line, "  ") {
		return nil // an outcome of last time
	}
	p.out.WriteString(line + "\n")
	switch word, rest, _ := strings.Cut(line, " "); word {
	case "at":
		return p.at(rest)
	case "config":
		fields, err := parseFields(rest)
		p.config = fields
		return err
	}
	return nil
}

func (p *player) at(rest string) error {
	if p.machine == nil {
		if err := p.renew(); err != nil {
			return err
		}
	}
	when, rest, _ := strings.Cut(rest, " ")
	name, rest, _ := strings.Cut(rest, " ")
	if err := p.setTime(when); err != nil {
		return err
	}
	if name == "replay" {
		return p.replay()
	}
	fields, err := parseFields(rest)
	if err != nil {
		return err
	}
	in, err := parseInput(name, fields)
	if err != nil {
		return err
	}
	p.step(in)
	return nil
}

func (p *player) renew() error {
	m, err := p.make(func(config any) error { return setFields(config, p.config) })
	p.machine = m
	return err
}

func (p *player) replay() error {
	if err := p.renew(); err != nil {
		return err
	}
	for _, ev := range p.events {
		p.machine.Apply(ev)
	}
	for _, eff := range p.machine.Resume() {
		p.say("owed " + renderEffect(eff))
	}
	p.changes()
	return nil
}

func (p *player) setTime(when string) error {
	if when == "deadline" {
		at, ok := p.machine.Deadline()
		if !ok {
			return errors.New("the machine asked for no time")
		}
		p.now = at
		return nil
	}
	d, err := parseOffset(when)
	if err != nil {
		return err
	}
	at := epoch.Add(d)
	if at.Before(p.now) {
		return errors.New("time runs backwards")
	}
	p.now = at
	return nil
}

func (p *player) step(in callmodel.Input) {
	evs, effs, err := p.machine.Step(p.now, in)
	var (
		refusal *callmodel.Refusal
		repeat  *callmodel.Repeat
	)
	switch {
	case errors.As(err, &repeat):
		p.say(strings.TrimSpace("repeat " + render(*repeat)))
	case errors.As(err, &refusal):
		p.say("refused " + string(refusal.Code))
	case err != nil:
		p.say("error " + err.Error())
	case len(evs) == 0 && len(effs) == 0:
		p.say("nothing")
	}
	seq := p.machine.View().CallSeq
	for _, ev := range evs {
		ev.Call, ev.Time = "C1", p.now
		if ev.Data.Kind().Ephemeral() {
			p.say("shown " + renderEvent(ev))
			continue
		}
		seq++
		ev.CallSeq, ev.Seq = seq, seq
		ev.ID = callmodel.EventID("E" + strconv.FormatUint(seq, 10))
		p.say("event " + strconv.FormatUint(seq, 10) + " " + renderEvent(ev))
		p.machine.Apply(ev)
		p.events = append(p.events, ev)
	}
	for _, eff := range effs {
		p.say("effect " + renderEffect(eff))
	}
	p.changes()
}

// changes says what is different now in the call's state and in the machine's wish to be woken.
func (p *player) changes() {
	v := p.machine.View()
	state := fmt.Sprintf("state %s leg=%s", orDash(string(v.Phase)), orDash(string(v.LegState)))
	if v.Holder != "" {
		state += fmt.Sprintf(" holder=%s fence=%d", v.Holder, v.Fence)
	}
	if v.Unshown > 0 {
		state += fmt.Sprintf(" unshown=%d", v.Unshown)
	}
	if state != p.state {
		p.state = state
		p.say(state)
	}
	wake := "wake never"
	if at, ok := p.machine.Deadline(); ok {
		wake = "wake " + renderTime(at)
	}
	if wake != p.wake {
		p.wake = wake
		p.say(wake)
	}
}

func (p *player) say(s string) { p.out.WriteString("  " + s + "\n") }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
