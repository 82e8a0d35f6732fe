package api

import (
	"context"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"text911/callmodel"
)

// job is a command being done.
type job struct {
	ctx  context.Context
	desk Desk
	by   callmodel.CommandRef
}

// Dispatch does a command and answers it. It remembers nothing: use a Service for what clients may
// repeat.
func Dispatch(ctx context.Context, desk Desk, who Caller, cmd Command) Reply {
	req, problem := understand(who, cmd)
	if problem != nil {
		return refuse(cmd, problem)
	}
	return perform(ctx, desk, who, cmd, req)
}

// understand checks everything that can be checked without asking the PSAP.
func understand(who Caller, cmd Command) (request, *Problem) {
	switch {
	case cmd.ID == "":
		return request{}, invalid("the command has no id")
	case len(cmd.ID) > MaxCommandID:
		return request{}, NewProblem(callmodel.CodeTooLarge, "the id of the command is too long")
	case !utf8.ValidString(string(cmd.ID)):
		return request{}, invalid("the id of the command is not UTF-8")
	case who.Agent == "":
		return request{}, NewProblem(CodeNotAllowed, "the command does not say whose it is")
	case len(who.Agent) > MaxName || !utf8.ValidString(string(who.Agent)):
		return request{}, invalid("the name of the agent is too long or not UTF-8")
	}
	read, known := lookUp(cmd.Type)
	if !known {
		return request{}, NewProblem(CodeUnknownCommand, "there is no command of this type")
	}
	req, problem := read(cmd.Data)
	if problem != nil {
		return request{}, problem
	}
	if who.Roles != nil && !slices.Contains(who.Roles, req.role) && !slices.Contains(who.Roles, RoleTaker) {
		return request{}, NewProblem(CodeNotAllowed, "the role of this login does not include the command")
	}
	return req, nil
}

func perform(ctx context.Context, desk Desk, who Caller, cmd Command, req request) Reply {
	by := callmodel.CommandRef{ID: cmd.ID, Digest: digest(who, cmd), Agent: who.Agent}
	data, seq, err := req.do(job{ctx: ctx, desk: desk, by: by})
	if err != nil {
		return refuse(cmd, ProblemOf(err))
	}
	raw := json.RawMessage("{}")
	if data != nil {
		if raw, err = json.Marshal(data); err != nil {
			return refuse(cmd, NewProblem(CodeInternal, "the answer could not be written"))
		}
	}
	return Reply{ID: cmd.ID, OK: true, Seq: seq, Data: raw}
}

func refuse(cmd Command, p *Problem) Reply { return Reply{ID: cmd.ID, Error: p} }

// Types lists every command.
func Types() []string {
	return []string{
		AgentState, CallClaim, CallRelease, MessageSend, MessageShown, CallTyping, CallNote, CallExtend, CallClose,
		CallGet, CallList, CallTranscript, EventsRead,
	}
}

type reader func(json.RawMessage) (request, *Problem)

func lookUp(typ string) (reader, bool) {
	switch typ {
	case AgentState:
		return agentState, true
	case CallClaim:
		return callClaim, true
	case CallRelease:
		return callRelease, true
	case MessageSend:
		return messageSend, true
	case MessageShown:
		return messageShown, true
	case CallTyping:
		return callTyping, true
	case CallNote:
		return callNote, true
	case CallExtend:
		return callExtend, true
	case CallClose:
		return callClose, true
	case CallGet:
		return callGet, true
	case CallList:
		return callList, true
	case CallTranscript:
		return callTranscript, true
	case EventsRead:
		return eventsRead, true
	}
	return nil, false
}
