package firstparty

import (
	"time"

	"text911/callmodel"
)

const (
	maxCommands  = 4096
	commandsKept = 24 * time.Hour
)

// commands remembers what was done on whose command, so that the same command again gets the same
// answer and has no second effect. Commands that left no event are not remembered: doing them again
// changes nothing.
type commands struct {
	done  map[callmodel.CommandID]command
	order []callmodel.CommandID // oldest first
}

type command struct {
	digest string
	at     time.Time
	repeat callmodel.Repeat
}

// check returns the Repeat of a command that was done, a refusal if its id stood for another one,
// and nil for a new one.
func (c *commands) check(now time.Time, by callmodel.CommandRef) error {
	d, ok := c.done[by.ID]
	if !ok || now.Sub(d.at) > commandsKept {
		return nil
	}
	if d.digest != by.Digest {
		return callmodel.Refuse(callmodel.CodeIDReused, "the id was used for another command")
	}
	r := d.repeat
	return &r
}

// apply remembers the command of ev. A command's first event gives the place, later ones may add
// what it was about.
func (c *commands) apply(ev callmodel.Event) {
	if ev.Command == nil || ev.Command.ID == "" {
		return
	}
	id := ev.Command.ID
	d, ok := c.done[id]
	if !ok || ev.Time.Sub(d.at) > commandsKept {
		c.expire(ev.Time, id)
		d = command{digest: ev.Command.Digest, at: ev.Time, repeat: callmodel.Repeat{CallSeq: ev.CallSeq}}
		c.order = append(c.order, id)
	}
	switch data := ev.Data.(type) {
	case callmodel.CallClaimed:
		d.repeat.Fence = data.Fence
	case callmodel.MessageQueued:
		d.repeat.Message = data.Message
	case callmodel.MessageReceipt:
		d.repeat.Message = data.Message
	}
	if c.done == nil {
		c.done = make(map[callmodel.CommandID]command)
	}
	c.done[id] = d
}

// expire makes room: what is too old, the oldest when there are too many, and an old use of id.
func (c *commands) expire(now time.Time, id callmodel.CommandID) {
	for len(c.order) > 0 {
		old := c.order[0]
		if old != id && len(c.order) < maxCommands && now.Sub(c.done[old].at) <= commandsKept {
			return
		}
		delete(c.done, old)
		c.order = c.order[1:]
	}
}

// commandOf returns the command behind an input, if people or programs of the PSAP gave it.
func commandOf(in callmodel.Input) (callmodel.CommandRef, bool) {
	switch in := in.(type) {
	case callmodel.ClaimRequested:
		return in.By, true
	case callmodel.ReleaseRequested:
		return in.By, true
	case callmodel.ReplyRequested:
		return in.By, true
	case callmodel.ShownRequested:
		return in.By, true
	case callmodel.TypingRequested:
		return in.By, true
	case callmodel.NoteRequested:
		return in.By, true
	case callmodel.ExtendRequested:
		return in.By, true
	case callmodel.CloseRequested:
		return in.By, true
	}
	return callmodel.CommandRef{}, false
}
