package eventjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"text911/callmodel"
)

// ErrEnvelope is returned for what is not an envelope of ours at all.
var ErrEnvelope = errors.New("eventjson: not an event envelope")

type envelope struct {
	SpecVersion string                `json:"specversion"`
	ID          callmodel.EventID     `json:"id"`
	Source      string                `json:"source"`
	Type        string                `json:"type"`
	Subject     callmodel.CallID      `json:"subject"`
	Time        time.Time             `json:"time"`
	Seq         uint64                `json:"seq"`
	CallSeq     uint64                `json:"call_seq"`
	Command     *callmodel.CommandRef `json:"command"`
	Data        json.RawMessage       `json:"data"`
}

// Decode reads an envelope, with or without seq, and tells of which PSAP it is. Unknown members
// are ignored; a kind or version without a type here gives Unknown data. Nothing in the event
// shares memory with raw.
func Decode(raw []byte) (callmodel.PSAPID, callmodel.Event, error) {
	if len(raw) > MaxEnvelope {
		return "", callmodel.Event{}, ErrEnvelope
	}
	if psap, ev, ok := decodeOwn(raw); ok {
		return psap, ev, nil
	}
	return decodeAny(raw)
}

// decodeAny reads any JSON that is an envelope.
func decodeAny(raw []byte) (callmodel.PSAPID, callmodel.Event, error) {
	var e envelope
	if json.Unmarshal(raw, &e) != nil {
		return "", callmodel.Event{}, ErrEnvelope
	}
	psap, ours := strings.CutPrefix(e.Source, sourcePrefix)
	if !ours || e.SpecVersion != specVersion || e.Type == "" {
		return "", callmodel.Event{}, ErrEnvelope
	}
	data, err := decodeData(e.Type, e.Data)
	if err != nil {
		return "", callmodel.Event{}, err
	}
	return callmodel.PSAPID(psap), callmodel.Event{
		ID: e.ID, Call: e.Subject, CallSeq: e.CallSeq, Time: e.Time.UTC(),
		Command: e.Command, Data: data, Seq: e.Seq,
	}, nil
}

func decodeData(typ string, raw json.RawMessage) (callmodel.EventData, error) {
	u := Unknown{Type: typ}
	kind := u.Kind()
	if typ == typePrefix+string(kind)+typeVersion {
		if f, ok := decoderOf(kind); ok {
			d, err := f(raw)
			if err != nil {
				return nil, fmt.Errorf("eventjson: malformed data of %s", kind)
			}
			return d, nil
		}
	}
	u.JSON = []byte("null")
	if len(raw) > 0 {
		u.JSON = append([]byte(nil), raw...)
	}
	return u, nil
}

type decoder func(json.RawMessage) (callmodel.EventData, error)

func as[T callmodel.EventData](raw json.RawMessage) (callmodel.EventData, error) {
	var d T
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, err
		}
	}
	return d, nil
}
