package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/oklog/ulid/v2"

	"text911/callmodel"
	"text911/callmodel/eventjson"
)

// newCommandID names one command of the operator.
func newCommandID() callmodel.CommandID {
	return callmodel.CommandID(ulid.MustNew(ulid.Now(), rand.Reader).String())
}

// printEvent writes one event of a transcript and returns its seq.
func printEvent(w io.Writer, raw []byte, asJSON bool) (uint64, error) {
	_, ev, err := eventjson.Decode(raw)
	if err != nil {
		return 0, fmt.Errorf("event: %w", err)
	}
	if asJSON {
		_, err = fmt.Fprintf(w, "%s\n", raw)
		return ev.Seq, err
	}
	_, err = fmt.Fprintf(w, "%6d  %s  %-18s %s\n", ev.Seq, ev.Time.UTC().Format(time.TimeOnly), ev.Data.Kind(), sentence(ev.Data, true))
	return ev.Seq, err
}

// printHeadline writes one live event on a line.
func printHeadline(w io.Writer, raw []byte, content bool) error {
	_, ev, err := eventjson.Decode(raw)
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	_, err = fmt.Fprintf(w, "%6d  %s  %s  %-18s %s\n", ev.Seq, ev.Time.UTC().Format(time.TimeOnly), ev.Call, ev.Data.Kind(), sentence(ev.Data, content))
	return err
}

// sentence says in a few words what an event is about.
func sentence(d callmodel.EventData, content bool) string {
	text := func(p callmodel.Private) string {
		if content {
			return p.Reveal()
		}
		return p.String()
	}
	switch d := d.(type) {
	case callmodel.CallOffered:
		return fmt.Sprintf("%s from %s", d.Bearer, text(d.Caller.Address))
	case callmodel.CallQueued:
		return d.Reason
	case callmodel.CallClaimed:
		return "by " + string(d.Agent)
	case callmodel.CallReleased:
		return fmt.Sprintf("by %s (%s)", d.Agent, d.Reason)
	case callmodel.CallClosed:
		return fmt.Sprintf("by %s, %s", d.By, d.Cause)
	case callmodel.MessageReceived:
		return fmt.Sprintf("#%d texter: %s", d.Number, text(d.Content.Text))
	case callmodel.MessageQueued:
		return fmt.Sprintf("#%d %s: %s", d.Number, d.Agent, text(d.Content.Text))
	case callmodel.MessageReceipt:
		return fmt.Sprintf("%s %s", d.Message, d.State)
	case callmodel.NoteAdded:
		return fmt.Sprintf("%s: %s", d.Agent, text(d.Text))
	case callmodel.LegBrokenEvent:
		return d.Cause.String()
	case callmodel.LegClosedEvent:
		return d.Cause.String()
	case callmodel.AgentChanged:
		return fmt.Sprintf("%s is %s", d.Agent, d.State)
	}
	return ""
}
