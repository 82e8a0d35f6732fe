package api

import (
	"encoding/json"

	"text911/callmodel"
)

func agentState(raw json.RawMessage) (request, *Problem) {
	d, p := parse[AgentStateData](raw)
	return request{role: RoleTaker, durable: true, do: func(j job) (any, uint64, error) {
		seq, err := j.desk.SetAgent(j.ctx, j.by, d.State, d.Position, d.CanRing)
		return nil, seq, err
	}}, p
}

func callClaim(raw json.RawMessage) (request, *Problem) {
	d, p := parse[ClaimData](raw)
	return request{call: d.Call, role: RoleTaker, durable: true, do: func(j job) (any, uint64, error) {
		claimed, seq, err := j.desk.Claim(j.ctx, d.Call, j.by, d.Position)
		if err != nil {
			return nil, 0, err
		}
		return ClaimResult{Fence: claimed.Fence, Until: claimed.Until}, seq, nil
	}}, p
}

func messageSend(raw json.RawMessage) (request, *Problem) {
	d, p := parse[SendData](raw)
	content := callmodel.Content{ContentType: d.ContentType, Text: d.Text, Body: d.Body}
	if content.ContentType == "" {
		content.ContentType = "text/plain"
	}
	return request{call: d.Call, role: RoleTaker, durable: true, do: func(j job) (any, uint64, error) {
		out, err := j.desk.Deliver(j.ctx, d.Call, callmodel.ReplyRequested{By: j.by, Fence: d.Fence, Content: content})
		if err != nil {
			return nil, 0, err
		}
		r := SendResult{}
		if out.Repeat != nil {
			r.Message = out.Repeat.Message
		}
		for _, ev := range out.Events {
			if q, ok := ev.Data.(callmodel.MessageQueued); ok {
				r.Message = q.Message
			}
		}
		return r, seqOf(j, d.Call, out), nil
	}}, p
}

func callRelease(raw json.RawMessage) (request, *Problem) {
	d, p := parse[FencedData](raw)
	return simple(d.Call, true, func(by callmodel.CommandRef) callmodel.Input {
		return callmodel.ReleaseRequested{By: by, Fence: d.Fence}
	}), p
}

func messageShown(raw json.RawMessage) (request, *Problem) {
	d, p := parse[ShownData](raw)
	return simple(d.Call, false, func(by callmodel.CommandRef) callmodel.Input {
		return callmodel.ShownRequested{By: by, Message: d.Message}
	}), p
}

func callTyping(raw json.RawMessage) (request, *Problem) {
	d, p := parse[TypingData](raw)
	return simple(d.Call, false, func(by callmodel.CommandRef) callmodel.Input {
		return callmodel.TypingRequested{By: by, Fence: d.Fence, On: d.On}
	}), p
}

func callNote(raw json.RawMessage) (request, *Problem) {
	d, p := parse[NoteData](raw)
	return simple(d.Call, true, func(by callmodel.CommandRef) callmodel.Input {
		return callmodel.NoteRequested{By: by, Text: d.Text}
	}), p
}

func callExtend(raw json.RawMessage) (request, *Problem) {
	d, p := parse[FencedData](raw)
	return simple(d.Call, true, func(by callmodel.CommandRef) callmodel.Input {
		return callmodel.ExtendRequested{By: by, Fence: d.Fence}
	}), p
}

func callClose(raw json.RawMessage) (request, *Problem) {
	d, p := parse[CloseData](raw)
	return simple(d.Call, true, func(by callmodel.CommandRef) callmodel.Input {
		return callmodel.CloseRequested{By: by, Fence: d.Fence, Reason: d.Reason}
	}), p
}

// simple is a command that is one input and answers with an empty object.
func simple(call callmodel.CallID, durable bool, input func(callmodel.CommandRef) callmodel.Input) request {
	return request{call: call, role: RoleTaker, durable: durable, do: func(j job) (any, uint64, error) {
		out, err := j.desk.Deliver(j.ctx, call, input(j.by))
		if err != nil {
			return nil, 0, err
		}
		return nil, seqOf(j, call, out), nil
	}}
}

// seqOf is the seq of the last event of an outcome. What a repeat caused the first time is at or
// before the newest event of its call.
func seqOf(j job, call callmodel.CallID, out callmodel.Outcome) uint64 {
	if n := len(out.Events); n > 0 {
		return out.Events[n-1].Seq
	}
	if out.Repeat != nil && out.Repeat.CallSeq != 0 {
		if v, err := j.desk.View(j.ctx, call); err == nil {
			return v.Seq
		}
	}
	return 0
}
