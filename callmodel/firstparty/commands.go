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
//
// A slice that is searched from its newest end, because most calls see a handful of commands and a
// map costs more than their whole memory.
type commands struct{ done []command } // oldest first

type command struct {
	id     callmodel.CommandID
	digest string
	at     time.Time
	repeat callmodel.Repeat
}

// find returns the newest use of id that counts at now, or nil.
func (c *commands) find(now time.Time, id callmodel.CommandID) *command {
	for i := len(c.done) - 1; i >= 0; i-- {
		if d := &c.done[i]; d.id == id {
			if now.Sub(d.at) > commandsKept {
				return nil
			}
			return d
		}
	}
	return nil
}

// check returns the Repeat of a command that was done, a refusal if its id stood for another one,
// and nil for a new one.
func (c *commands) check(now time.Time, by callmodel.CommandRef) error {
	d := c.find(now, by.ID)
	if d == nil {
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
	d := c.find(ev.Time, ev.Command.ID)
	if d == nil {
		c.expire(ev.Time)
		c.done = append(c.done, command{id: ev.Command.ID, digest: ev.Command.Digest, at: ev.Time,
			repeat: callmodel.Repeat{CallSeq: ev.CallSeq}})
		d = &c.done[len(c.done)-1]
	}
	switch data := ev.Data.(type) {
	case callmodel.CallClaimed:
		d.repeat.Fence = data.Fence
	case callmodel.MessageQueued:
		d.repeat.Message = data.Message
	case callmodel.MessageReceipt:
		d.repeat.Message = data.Message
	}
}

// expire makes room: what is too old, and the oldest when there are too many.
func (c *commands) expire(now time.Time) {
	n := 0
	for n < len(c.done) && (len(c.done)-n >= maxCommands || now.Sub(c.done[n].at) > commandsKept) {
		n++
	}
	clear(c.done[:n])
	c.done = c.done[n:]
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
