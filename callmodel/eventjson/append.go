package eventjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

	"text911/callmodel"
)

// ErrData is returned for an event whose data cannot be told as JSON, such as a time beyond the
// year 9999.
var ErrData = errors.New("eventjson: data cannot be encoded")

// Append appends the envelope of ev, an event of psap, to dst. seq is left out; see AppendWithSeq.
// On an error dst is returned as it was.
func Append(dst []byte, psap callmodel.PSAPID, ev callmodel.Event) ([]byte, error) {
	start := len(dst)
	if ev.Data == nil {
		return dst, ErrData
	}
	b := append(dst, `{"specversion":"1.0","id":`...)
	b = appendString(b, string(ev.ID))
	b = append(b, `,"source":`...)
	b = appendJoined(b, sourcePrefix, string(psap), "")
	b = append(b, `,"type":`...)
	b = appendType(b, ev.Data)
	b = append(b, `,"subject":`...)
	b = appendString(b, string(ev.Call))
	b = append(b, `,"time":`...)
	b = appendTime(b, ev.Time)
	if ev.Data.Kind().Ephemeral() {
		b = append(b, `,"class":"ephemeral"`...)
	}
	if ev.CallSeq != 0 {
		b = append(b, `,"call_seq":`...)
		b = strconv.AppendUint(b, ev.CallSeq, 10)
	}
	if ev.Command != nil {
		b = append(b, `,"command":`...)
		b = appendCommand(b, ev.Command)
	}
	b = append(b, `,"data":`...)
	b, err := appendData(b, ev.Data)
	if err != nil {
		return dst[:start], err
	}
	return append(b, '}'), nil
}

// AppendWithSeq appends raw, an envelope made by Append, with seq in it. raw is not changed. With
// seq 0, or a raw that is no JSON object, it appends raw as it is.
func AppendWithSeq(dst, raw []byte, seq uint64) []byte {
	if seq == 0 || len(raw) < 3 || raw[0] != '{' {
		return append(dst, raw...)
	}
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendUint(dst, seq, 10)
	dst = append(dst, ',')
	return append(dst, raw[1:]...)
}

// Encode is Append into a slice of its own.
func Encode(psap callmodel.PSAPID, ev callmodel.Event) ([]byte, error) {
	return Append(make([]byte, 0, sizeHint(ev)), psap, ev)
}

// sizeHint avoids growing the slice for the kinds there are most of.
func sizeHint(ev callmodel.Event) int {
	const envelope = 448
	switch d := ev.Data.(type) {
	case callmodel.MessageReceived:
		return envelope + len(d.Content.Text) + len(d.Content.Text)/16 + 2*len(d.Content.Body)
	case callmodel.MessageQueued:
		return envelope + len(d.Content.Text) + len(d.Content.Text)/16 + 2*len(d.Content.Body)
	}
	return envelope
}

func appendType(b []byte, d callmodel.EventData) []byte {
	if u, ok := d.(Unknown); ok {
		return appendString(b, u.Type)
	}
	return appendJoined(b, typePrefix, string(d.Kind()), typeVersion)
}

func appendCommand(b []byte, c *callmodel.CommandRef) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, string(c.ID))
	b = append(b, `,"digest":`...)
	b = appendString(b, c.Digest)
	if c.Agent != "" {
		b = append(b, `,"agent":`...)
		b = appendString(b, string(c.Agent))
	}
	return append(b, '}')
}

// appendData writes the three kinds a busy call consists of by hand; the rest are rare.
func appendData(b []byte, d callmodel.EventData) ([]byte, error) {
	switch d := d.(type) {
	case callmodel.MessageReceived:
		return appendReceived(b, &d), nil
	case callmodel.MessageQueued:
		return appendQueued(b, &d), nil
	case callmodel.MessageReceipt:
		return appendReceipt(b, &d), nil
	case Unknown:
		if !json.Valid(d.JSON) {
			return b, ErrData
		}
		return append(b, d.JSON...), nil
	}
	w := bytes.NewBuffer(b)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if enc.Encode(d) != nil {
		return b, ErrData
	}
	return bytes.TrimSuffix(w.Bytes(), []byte("\n")), nil
}
