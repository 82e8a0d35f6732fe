package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"text911/callmodel"
)

// request is a command that was understood: what to do, and on which call.
type request struct {
	call    callmodel.CallID
	role    Role // needed
	durable bool // has an effect that must not happen twice
	do      func(job) (data any, seq uint64, err error)
}

// checked is the data of a command.
type checked interface{ check() *Problem }

// parse reads the data of a command. What it does not know is ignored, what it needs must be there.
func parse[T any, P interface {
	*T
	checked
}](raw json.RawMessage) (T, *Problem) {
	var d T
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, invalid(whyNot(err))
	}
	if p := P(&d).check(); p != nil {
		return d, p
	}
	return d, nil
}

// whyNot names the member at fault, and never its value.
func whyNot(err error) string {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) && typ.Field != "" {
		return fmt.Sprintf("data.%s must not be a JSON %s", typ.Field, strings.SplitN(typ.Value, " ", 2)[0])
	}
	if errors.As(err, &typ) {
		return "data must be a JSON object"
	}
	return "data has a member of a form it may not have"
}

func needs(name string, ok bool) *Problem {
	if ok {
		return nil
	}
	return invalid("data." + name + " is missing")
}

func first(ps ...*Problem) *Problem {
	for _, p := range ps {
		if p != nil {
			return p
		}
	}
	return nil
}

func short(name, s string) *Problem {
	if len(s) > MaxName {
		return NewProblem(callmodel.CodeTooLarge, fmt.Sprintf("data.%s is longer than %d octets", name, MaxName))
	}
	if !utf8.ValidString(s) {
		return invalid("data." + name + " is not UTF-8")
	}
	return nil
}

func callName(c callmodel.CallID) *Problem {
	return first(needs("call", c != ""), short("call", string(c)))
}

func (d *AgentStateData) check() *Problem {
	switch d.State {
	case callmodel.AgentReady, callmodel.AgentPaused, callmodel.AgentOffline:
		return short("position", d.Position)
	}
	return invalid("data.state must be ready, paused or offline")
}

func (d *ClaimData) check() *Problem {
	return first(callName(d.Call), short("position", d.Position))
}

func (d *FencedData) check() *Problem {
	return first(callName(d.Call), needs("fence", d.Fence != 0))
}

func (d *SendData) check() *Problem {
	if p := first(callName(d.Call), needs("fence", d.Fence != 0), short("content_type", d.ContentType)); p != nil {
		return p
	}
	switch {
	case d.Text != "" && len(d.Body) > 0:
		return invalid("data has both text and body")
	case d.Text == "" && len(d.Body) == 0:
		return invalid("data has neither text nor body")
	case len(d.Body) > 0 && !strings.Contains(d.ContentType, "/"):
		return invalid("data.content_type must tell what the body is")
	case d.Text != "" && d.ContentType != "" && !strings.HasPrefix(strings.ToLower(d.ContentType), "text/"):
		return invalid("data.content_type of a text must be text/…")
	case len(d.Text)+len(d.Body) > MaxText:
		return NewProblem(callmodel.CodeTooLarge, fmt.Sprintf("the content is larger than %d octets", MaxText))
	}
	return nil
}

func (d *ShownData) check() *Problem {
	return first(callName(d.Call), needs("message", d.Message != ""), short("message", string(d.Message)))
}

func (d *TypingData) check() *Problem {
	return first(callName(d.Call), needs("fence", d.Fence != 0))
}

func (d *NoteData) check() *Problem {
	if len(d.Text) > MaxNote {
		return NewProblem(callmodel.CodeTooLarge, fmt.Sprintf("the note is longer than %d octets", MaxNote))
	}
	return first(callName(d.Call), needs("text", d.Text != ""))
}

func (d *CloseData) check() *Problem {
	return first(callName(d.Call), needs("fence", d.Fence != 0), short("reason", d.Reason))
}

func (d *GetData) check() *Problem { return callName(d.Call) }

func (d *ListData) check() *Problem {
	switch d.Phase {
	case "", callmodel.PhaseQueued, callmodel.PhaseClaimed, callmodel.PhaseActive, callmodel.PhaseClosed:
		return page(&d.Limit)
	}
	return invalid("data.phase must be queued, claimed, active or closed")
}

func (d *TranscriptData) check() *Problem { return first(callName(d.Call), page(&d.Limit)) }

func (d *ReadData) check() *Problem { return page(&d.Limit) }

// page bounds the number of entries asked for.
func page(limit *int) *Problem {
	if *limit < 0 {
		return invalid("data.limit is negative")
	}
	if *limit == 0 {
		*limit = DefaultPage
	}
	*limit = min(*limit, MaxPage)
	return nil
}
