package api

import (
	"errors"
	"net/http"

	"text911/callmodel"
)

// Problem says why not, with the members of RFC 9457 and two of our own: Code, a stable word for
// programs, and Retryable. It never holds personal data.
type Problem struct {
	Type         string         `json:"type"`
	Title        string         `json:"title"`
	Status       int            `json:"status"`
	Detail       string         `json:"detail,omitempty"`
	Code         callmodel.Code `json:"code"`
	Retryable    bool           `json:"retryable"`
	RetryAfterMS int64          `json:"retry_after_ms,omitempty"`
}

func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// Codes beside those of callmodel.
const (
	CodeUnknownCommand callmodel.Code = "unknown_command"
	CodeUnknownPSAP    callmodel.Code = "unknown_psap"
	CodeNotAllowed     callmodel.Code = "not_allowed"
	CodeLoginFailed    callmodel.Code = "login_failed"
	CodeRateLimited    callmodel.Code = "rate_limited"
	CodeBusy           callmodel.Code = "busy"
	CodeStarting       callmodel.Code = "starting"
	CodeInternal       callmodel.Code = "internal"
)

// typePrefix makes the type URI of a problem (RFC 9457 §3.1.1) from its code.
const typePrefix = "urn:text911:problem:"

type kind struct {
	status    int
	title     string
	retryable bool
	afterMS   int64
}

func kindOf(code callmodel.Code) kind {
	switch code {
	case callmodel.CodeUnknownCall:
		return kind{status: http.StatusNotFound, title: "No such call"}
	case callmodel.CodeUnknownLeg:
		return kind{status: http.StatusNotFound, title: "No such leg"}
	case callmodel.CodeUnknownItem:
		return kind{status: http.StatusNotFound, title: "No such message"}
	case callmodel.CodeCallClosed:
		return kind{status: http.StatusConflict, title: "The call is closed"}
	case callmodel.CodeAlreadyTaken:
		return kind{status: http.StatusConflict, title: "Somebody else has the call"}
	case callmodel.CodeNotClaimed:
		return kind{status: http.StatusConflict, title: "The call is not claimed"}
	case callmodel.CodeStaleFence:
		return kind{status: http.StatusConflict, title: "The claim is over"}
	case callmodel.CodeNotYours:
		return kind{status: http.StatusForbidden, title: "The call is another's"}
	case callmodel.CodeLegNotReady:
		return kind{status: http.StatusConflict, title: "The leg cannot take this now", retryable: true, afterMS: 1000}
	case callmodel.CodeTooLarge:
		return kind{status: http.StatusRequestEntityTooLarge, title: "Too large"}
	case callmodel.CodeTypeRefused:
		return kind{status: http.StatusUnsupportedMediaType, title: "The far side takes no such content"}
	case callmodel.CodeInvalid:
		return kind{status: http.StatusBadRequest, title: "Not a valid command"}
	case callmodel.CodeIDReused:
		return kind{status: http.StatusUnprocessableEntity, title: "The id was used for another command"}
	case callmodel.CodeUnexpected:
		return kind{status: http.StatusConflict, title: "Not possible now"}
	case callmodel.CodeAlreadyExists:
		return kind{status: http.StatusConflict, title: "It exists already"}
	case callmodel.CodeUnavailable:
		return kind{status: http.StatusServiceUnavailable, title: "Nothing can be stored now", retryable: true, afterMS: 1000}
	case callmodel.CodeTooMany:
		return kind{status: http.StatusTooManyRequests, title: "Too much at once", retryable: true, afterMS: 500}
	case CodeUnknownCommand:
		return kind{status: http.StatusNotFound, title: "No such command"}
	case CodeUnknownPSAP:
		return kind{status: http.StatusNotFound, title: "No such PSAP here"}
	case CodeNotAllowed:
		return kind{status: http.StatusForbidden, title: "Not allowed"}
	case CodeLoginFailed:
		return kind{status: http.StatusUnauthorized, title: "Login failed"}
	case CodeRateLimited:
		return kind{status: http.StatusTooManyRequests, title: "Too many commands", retryable: true, afterMS: 1000}
	case CodeBusy, CodeStarting:
		return kind{status: http.StatusServiceUnavailable, title: "Not now", retryable: true, afterMS: 1000}
	}
	return kind{status: http.StatusInternalServerError, title: "Internal fault", retryable: true, afterMS: 1000}
}

// NewProblem makes the problem of a code.
func NewProblem(code callmodel.Code, detail string) *Problem {
	k := kindOf(code)
	return &Problem{
		Type: typePrefix + string(code), Title: k.title, Status: k.status, Detail: detail,
		Code: code, Retryable: k.retryable, RetryAfterMS: k.afterMS,
	}
}

// ProblemOf tells an error of a Desk in the words of the interface. Details of refusals are made
// for people; what else went wrong stays in our log.
func ProblemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var refusal *callmodel.Refusal
	if errors.As(err, &refusal) {
		return NewProblem(refusal.Code, refusal.Detail)
	}
	var away interface{ Unavailable() bool }
	if errors.As(err, &away) && away.Unavailable() {
		return NewProblem(callmodel.CodeUnavailable, "the log cannot say that this is stored; the same id may be repeated")
	}
	return NewProblem(CodeInternal, "it is not known whether this was done; the same id may be repeated")
}

func invalid(detail string) *Problem { return NewProblem(callmodel.CodeInvalid, detail) }
