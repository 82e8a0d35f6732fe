package psaptest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"text911/callmodel"
	"text911/callmodel/eventjson"
	"text911/psap"
	"text911/psap/api"
)

// Frame is a frame of the server. Op says which of the members are set.
type Frame struct {
	Op    string `json:"op"`
	Event *Event `json:"event"` // event

	// reply
	ID    callmodel.CommandID `json:"id"`
	OK    bool                `json:"ok"`
	Data  json.RawMessage     `json:"data"`
	Error *api.Problem        `json:"error"`

	// hello, ready, resumed, gap, reply, ping
	PSAPs    []callmodel.PSAPID `json:"psaps"`
	Epoch    string             `json:"epoch"`
	Seq      uint64             `json:"seq"`
	From     uint64             `json:"from"`
	To       uint64             `json:"to"`
	Reason   string             `json:"reason"` // gap, goaway
	Snapshot *Snapshot          `json:"snapshot"`
	T        json.RawMessage    `json:"t"`

	// error
	Code      callmodel.Code `json:"code"`
	Detail    string         `json:"detail"`
	Retryable bool           `json:"retryable"`
	Close     int            `json:"close"`

	Raw []byte `json:"-"`
}

// Reply is the frame as a reply.
func (f Frame) Reply() api.Reply {
	return api.Reply{ID: f.ID, OK: f.OK, Seq: f.Seq, Data: f.Data, Error: f.Error}
}

// Snapshot is what comes with ready.
type Snapshot struct {
	Calls  []callmodel.View     `json:"calls"`
	Agents []psap.Agent         `json:"agents"`
	Alerts []psap.Alert         `json:"alerts"`
	Queue  callmodel.QueueStats `json:"queue"`
	Next   string               `json:"next"`
}

// Event is the envelope of an event; its data is decoded when asked for.
type Event struct {
	ID      callmodel.EventID     `json:"id"`
	Type    string                `json:"type"`
	Call    callmodel.CallID      `json:"subject"`
	Time    time.Time             `json:"time"`
	Seq     uint64                `json:"seq"`
	CallSeq uint64                `json:"call_seq"`
	Class   string                `json:"class"`
	Command *callmodel.CommandRef `json:"command"`
	Data    json.RawMessage       `json:"data"`
}

// Kind is the noun and verb of the type.
func (e *Event) Kind() callmodel.Kind {
	k := strings.TrimPrefix(e.Type, "text911.")
	if i := strings.LastIndexByte(k, '.'); i > 0 {
		k = k[:i]
	}
	return callmodel.Kind(k)
}

// Durable reports whether the event is in the log.
func (e *Event) Durable() bool { return e.Seq != 0 }

// Into decodes the data of the event.
func (e *Event) Into(d any) error {
	if err := json.Unmarshal(e.Data, d); err != nil {
		return fmt.Errorf("data of %s: %w", e.Kind(), err)
	}
	return nil
}

// Model is the event as the rest of the program knows it.
func (f Frame) Model() (callmodel.Event, error) {
	var outer struct {
		Event json.RawMessage `json:"event"`
	}
	if err := json.Unmarshal(f.Raw, &outer); err != nil {
		return callmodel.Event{}, err
	}
	_, ev, err := eventjson.Decode(outer.Event)
	return ev, err
}

// Cursor is how far a console has come, over any number of connections, and what was wrong on the
// way. The zero value has seen nothing.
type Cursor struct {
	Epoch string
	Seq   uint64 // newest durable event

	Durable   int    // durable events seen
	Repeated  int    // durable events that came again, or out of order
	Missing   uint64 // seqs that were passed over
	Ephemeral int
}

func (c *Cursor) take(e *Event) {
	switch {
	case e.Seq == 0:
		c.Ephemeral++
	case e.Seq <= c.Seq:
		c.Repeated++
	default:
		c.Missing += e.Seq - c.Seq - 1
		c.Seq = e.Seq
		c.Durable++
	}
}
