package journal

import (
	"encoding/json"
	"errors"
	"fmt"
)

// errNoStream: nobody listened to the publish.
var errNoStream = errors.New("no stream answers")

// JetStream error codes the journal acts on.
const (
	codeWrongLastSeq   = 10071 // fence: another message is the call's newest
	codeWrongLastConst = 10164 // the same, without the sequence
	codeWrongLastID    = 10070 // a probe for an id that is not stored
	codeBatchDuplicate = 10201 // the batch holds an id that is stored
	// codeDuplicateInProcess: the server has not yet decided about the id.
	codeDuplicateInProcess = 10158
)

// pubAck is the server's answer to a publish.
type pubAck struct {
	Seq       uint64 `json:"seq"`
	Duplicate bool   `json:"duplicate"`
	Count     int    `json:"count"`
	Error     *struct {
		Code        int    `json:"code"`
		ErrCode     int    `json:"err_code"`
		Description string `json:"description"`
	} `json:"error"`
}

// parseAck reads an answer. An empty one means that no stream listens.
func parseAck(data []byte) (pubAck, error) {
	if len(data) == 0 {
		return pubAck{}, errNoStream
	}
	var a pubAck
	if err := json.Unmarshal(data, &a); err != nil {
		return pubAck{}, fmt.Errorf("acknowledgement: %w", err)
	}
	if a.Error == nil && a.Seq == 0 {
		return pubAck{}, errors.New("acknowledgement without sequence")
	}
	return a, nil
}

// fenced: the server refused because of the call's newest sequence.
func (a *pubAck) fenced() bool {
	return a.Error != nil && (a.Error.ErrCode == codeWrongLastSeq || a.Error.ErrCode == codeWrongLastConst)
}

func (a *pubAck) is(code int) bool { return a.Error != nil && a.Error.ErrCode == code }
