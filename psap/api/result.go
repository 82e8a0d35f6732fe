package api

import (
	"encoding/json"
	"time"

	"text911/callmodel"
)

// Data of replies. Commands that are not here answer with an empty object.
type (
	ClaimResult struct {
		Fence callmodel.Fence `json:"fence"`
		Until time.Time       `json:"until"`
	}
	SendResult struct {
		Message callmodel.MessageID `json:"message"`
	}
	ListResult struct {
		Calls []callmodel.View `json:"calls"`
		// Next is the cursor of the next page, "" at the end.
		Next string `json:"next,omitempty"`
	}
	TranscriptResult struct {
		Events []json.RawMessage `json:"events"`
		More   bool              `json:"more"`
	}
	ReadResult struct {
		Events []json.RawMessage `json:"events"`
		Last   uint64            `json:"last"`
	}
)
