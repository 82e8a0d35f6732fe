package api

import (
	"encoding/json"

	"text911/callmodel"
	"text911/callmodel/eventjson"
)

func callGet(raw json.RawMessage) (request, *Problem) {
	d, p := parse[GetData](raw)
	return request{call: d.Call, role: RoleReader, do: func(j job) (any, uint64, error) {
		v, err := j.desk.View(j.ctx, d.Call)
		return v, 0, err
	}}, p
}

func callList(raw json.RawMessage) (request, *Problem) {
	d, p := parse[ListData](raw)
	return request{role: RoleReader, do: func(j job) (any, uint64, error) {
		r, err := list(j.desk.Views(), d)
		return r, 0, err
	}}, p
}

func callTranscript(raw json.RawMessage) (request, *Problem) {
	d, p := parse[TranscriptData](raw)
	return request{call: d.Call, role: RoleReader, do: func(j job) (any, uint64, error) {
		page, err := j.desk.ReadCall(j.ctx, d.Call, d.After, d.Limit+1)
		if err != nil {
			return nil, 0, err
		}
		events, cut := envelopes(page, d.Limit)
		return TranscriptResult{Events: events, More: cut}, 0, nil
	}}, p
}

func eventsRead(raw json.RawMessage) (request, *Problem) {
	d, p := parse[ReadData](raw)
	return request{role: RoleReader, do: func(j job) (any, uint64, error) {
		page, last, err := j.desk.Read(j.ctx, d.After, d.Limit)
		if err != nil {
			return nil, 0, err
		}
		events, _ := envelopes(page, d.Limit)
		return ReadResult{Events: events, Last: last}, 0, nil
	}}, p
}

// envelopes are the events as they are shown, at most limit and at most MaxPageOctets but at least
// one; cut says that some were left out.
func envelopes(page []callmodel.Logged, limit int) (events []json.RawMessage, cut bool) {
	events = make([]json.RawMessage, 0, min(len(page), limit))
	size := 0
	for i := range page {
		if len(events) == limit || size > 0 && size+len(page[i].Raw) > MaxPageOctets {
			return events, true
		}
		e := eventjson.AppendWithSeq(make([]byte, 0, len(page[i].Raw)+24), page[i].Raw, page[i].Event.Seq)
		events = append(events, e)
		size += len(e)
	}
	return events, false
}

// viewPage is a ListResult that is already written, so that its size is known.
type viewPage struct {
	Calls []json.RawMessage `json:"calls"`
	Next  string            `json:"next,omitempty"`
}

// list cuts a page out of the calls, at most MaxPageOctets but at least one. The cursor is the call
// the page before ended with; when that call has left the board meanwhile, the list starts again.
func list(all []callmodel.View, d ListData) (viewPage, error) {
	r := viewPage{Calls: []json.RawMessage{}}
	skipping := d.Cursor != "" && contains(all, d)
	size, last := 0, ""
	for i := range all {
		v := &all[i]
		if d.Phase != "" && v.Phase != d.Phase {
			continue
		}
		if skipping {
			skipping = string(v.Call) != d.Cursor
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return r, err
		}
		if size += len(raw); len(r.Calls) == d.Limit || size > MaxPageOctets && len(r.Calls) > 0 {
			r.Next = last
			return r, nil
		}
		r.Calls, last = append(r.Calls, raw), string(v.Call)
	}
	return r, nil
}

func contains(all []callmodel.View, d ListData) bool {
	for _, v := range all {
		if string(v.Call) == d.Cursor && (d.Phase == "" || v.Phase == d.Phase) {
			return true
		}
	}
	return false
}
