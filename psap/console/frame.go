package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
)

// The ops of frames.
const (
	opHello   = "hello"
	opStart   = "start"
	opResume  = "resume"
	opReady   = "ready"
	opResumed = "resumed"
	opGap     = "gap"
	opEvent   = "event"
	opCommand = "command"
	opReply   = "reply"
	opAck     = "ack"
	opPing    = "ping"
	opPong    = "pong"
	opError   = "error"
	opGoaway  = "goaway"
)

// clientFrame is any frame of a client.
type clientFrame struct {
	Op string `json:"op"`
	// start, resume
	PSAP     callmodel.PSAPID  `json:"psap"`
	Agent    callmodel.AgentID `json:"agent"`
	Client   string            `json:"client"`
	Position string            `json:"position"`
	CanRing  bool              `json:"can_ring"`
	Filter   *filter           `json:"filter"`
	Epoch    string            `json:"epoch"`
	// resume, ack
	Seq *uint64 `json:"seq"`
	// command
	ID   callmodel.CommandID `json:"id"`
	Type string              `json:"type"`
	Data json.RawMessage     `json:"data"`
	// ping, pong
	T json.RawMessage `json:"t"`
}

// maxEcho bounds what a pong gives back.
const maxEcho = 64

// decode reads a frame. Members it does not know are ignored; what it complains of it does not
// quote.
func decode(raw []byte) (clientFrame, *farewell) {
	var f clientFrame
	if !utf8.Valid(raw) {
		return f, badFrame("the frame is not UTF-8")
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		var typ *json.UnmarshalTypeError
		if asType(err, &typ) && typ.Field != "" {
			return f, badFrame(fmt.Sprintf("member %s must not be a JSON %s", typ.Field, strings.SplitN(typ.Value, " ", 2)[0]))
		}
		return f, badFrame("the frame is not a JSON object")
	}
	switch f.Op {
	case opStart, opResume:
		return f, f.checkStart()
	case opAck:
		if f.Seq == nil {
			return f, badFrame("ack has no seq")
		}
	case opCommand, opPing, opPong:
	case "":
		return f, badFrame("the frame has no op")
	default:
		return f, badFrame("there is no such op")
	}
	return f, nil
}

func (f *clientFrame) checkStart() *farewell {
	switch {
	case f.PSAP == "":
		return badFrame(f.Op + " names no psap")
	case len(f.PSAP) > api.MaxName || len(f.Agent) > api.MaxName || len(f.Client) > api.MaxName || len(f.Position) > api.MaxName:
		return badFrame(fmt.Sprintf("a name in %s is longer than %d octets", f.Op, api.MaxName))
	case f.Op == opResume && (f.Seq == nil || f.Epoch == ""):
		return bye(CloseBadCursor, codeBadCursor, "Not a place in the log", "resume needs epoch and seq")
	}
	if f.Filter != nil {
		return f.Filter.check()
	}
	return nil
}

// Frames of the server.
type (
	helloFrame struct {
		Op          string             `json:"op"`
		Server      string             `json:"server"`
		Connection  string             `json:"connection"`
		Version     string             `json:"version"`
		Subprotocol string             `json:"subprotocol"`
		Time        string             `json:"time"`
		PSAPs       []callmodel.PSAPID `json:"psaps"`
		Epoch       string             `json:"epoch,omitempty"` // when there is one PSAP
		HeartbeatMS int64              `json:"heartbeat_ms"`
		CutMS       int64              `json:"heartbeat_cut_ms"`
		Limits      limits             `json:"limits"`
		Features    []string           `json:"features"`
	}
	limits struct {
		FrameIn        int   `json:"frame_in_octets"`
		FrameOut       int   `json:"frame_out_octets"`
		Text           int   `json:"text_octets"`
		Note           int   `json:"note_octets"`
		Page           int   `json:"page_entries"`
		Unacked        int   `json:"unacked_events"`
		UnackedOctets  int   `json:"unacked_octets"`
		AckWaitMS      int64 `json:"ack_wait_ms"`
		WriteWaitMS    int64 `json:"write_wait_ms"`
		CommandRate    int   `json:"commands_per_second"`
		InFlight       int   `json:"commands_in_flight"`
		RememberedSecs int   `json:"idempotency_seconds"`
		LeaseMS        int64 `json:"lease_ms"`
	}
	readyFrame struct {
		Op       string           `json:"op"`
		PSAP     callmodel.PSAPID `json:"psap"`
		Epoch    string           `json:"epoch"`
		Seq      uint64           `json:"seq"`
		Snapshot snapshot         `json:"snapshot"`
	}
	snapshot struct {
		Calls  []json.RawMessage    `json:"calls"`
		Agents []psap.Agent         `json:"agents"`
		Alerts []psap.Alert         `json:"alerts"`
		Queue  callmodel.QueueStats `json:"queue"`
		// Next is set when not all calls fit: ask call.list with it as the cursor.
		Next string `json:"next,omitempty"`
	}
	resumedFrame struct {
		Op    string           `json:"op"`
		PSAP  callmodel.PSAPID `json:"psap"`
		Epoch string           `json:"epoch"`
		From  uint64           `json:"from"`
		To    uint64           `json:"to"`
	}
	gapFrame struct {
		Op     string `json:"op"`
		From   uint64 `json:"from"`
		To     uint64 `json:"to"`
		Reason string `json:"reason"` // epoch, expired, ahead
	}
	replyFrame struct {
		Op string `json:"op"`
		api.Reply
	}
	beatFrame struct {
		Op   string          `json:"op"`
		T    json.RawMessage `json:"t,omitempty"`
		Time string          `json:"time,omitempty"`
		Seq  uint64          `json:"seq,omitempty"`
	}
	errorFrame struct {
		Op string `json:"op"`
		api.Problem
		Close int `json:"close,omitempty"` // the close code that follows
	}
	goawayFrame struct {
		Op           string `json:"op"`
		Reason       string `json:"reason"`
		RetryAfterMS int64  `json:"retry_after_ms"`
		LeftMS       int64  `json:"left_ms"` // until the connection is closed
	}
)

// encode writes a frame of ours; that can only fail for a bug.
func encode(frame any) []byte {
	b, err := json.Marshal(frame)
	if err != nil {
		panic("console: a frame that is no JSON: " + err.Error())
	}
	return b
}
