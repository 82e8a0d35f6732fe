package psaptest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/psap/api"
)

// catchUp asks for what happened in a call before the snapshot.
func (t *AutoTaker) catchUp(c *Console, k *takenCall, after uint64) error {
	return t.ask(c, k.view.Call, api.CallTranscript, fmt.Sprintf("transcript-%s-%d", k.view.Call, after),
		api.TranscriptData{Call: k.view.Call, After: after, Limit: api.MaxPage})
}

// story takes a page of a transcript.
func (t *AutoTaker) story(c *Console, k *takenCall, r api.Reply) error {
	var page api.TranscriptResult
	if err := json.Unmarshal(r.Data, &page); err != nil {
		return fmt.Errorf("psaptest: transcript: %w", err)
	}
	var last uint64
	for _, raw := range page.Events {
		_, ev, err := eventjson.Decode(raw)
		if err != nil {
			return err
		}
		last = ev.Seq
		if ev.Seq > k.from {
			continue
		}
		if err := t.line(c, k, ev); err != nil {
			return err
		}
	}
	if page.More {
		return t.catchUp(c, k, last)
	}
	k.reading = false
	return t.attend(c, k)
}

// line takes what was said, by either side, once, and marks the texter's lines as shown.
func (t *AutoTaker) line(c *Console, k *takenCall, ev callmodel.Event) error {
	switch d := ev.Data.(type) {
	case callmodel.MessageReceived:
		if _, known := k.known[d.Message]; known {
			return nil
		}
		k.known[d.Message] = struct{}{}
		k.owed = append(k.owed, d)
		slices.SortFunc(k.owed, func(x, y callmodel.MessageReceived) int { return cmp.Compare(x.Number, y.Number) })
		t.tally(func(s *AutoTakerStats) { s.Lines++ })
		k.unshown = append(k.unshown, d.Message)
		return t.show(c, k, d.Message)
	case callmodel.MessageQueued:
		if ev.Command != nil {
			delete(t.asked, ev.Command.ID)
		}
		k.answered(ev.Command)
	}
	return nil
}

// show says that a line is on screen.
func (t *AutoTaker) show(c *Console, k *takenCall, m callmodel.MessageID) error {
	return t.ask(c, k.view.Call, api.MessageShown, shownID(t.cfg.Console.Agent, m), api.ShownData{Call: k.view.Call, Message: m})
}

func shownID(a callmodel.AgentID, m callmodel.MessageID) string {
	return fmt.Sprintf("shown-%s-%s", a, m)
}

func replyID(m callmodel.MessageID, fence callmodel.Fence) string {
	return fmt.Sprintf("reply-%s-%d", m, fence)
}

// answered takes the line off what is owed whose reply the log has.
func (k *takenCall) answered(by *callmodel.CommandRef) {
	if by == nil {
		return
	}
	for _, m := range k.owed {
		var fence uint64
		if n, _ := fmt.Sscanf(string(by.ID), "reply-"+string(m.Message)+"-%d", &fence); n == 1 {
			k.owed = remove(k.owed, string(m.Message))
			return
		}
	}
}

func remove(ms []callmodel.MessageReceived, id string) []callmodel.MessageReceived {
	out := make([]callmodel.MessageReceived, 0, len(ms))
	for _, m := range ms {
		if string(m.Message) != id {
			out = append(out, m)
		}
	}
	return out
}
