package console

import (
	"text911/callmodel"
	"text911/psap/api"
)

// Close codes. Resume says whether the client may come back with its seq.
const (
	CloseInternal        = 4000 // resume: yes
	CloseBadFrame        = 4001 // resume: no
	CloseUnknownCommand  = 4002 // never used for closing: an unknown command is answered with an error
	CloseNotAllowed      = 4003 // resume: no
	CloseLoginFailed     = 4004 // resume: no; this server refuses before the upgrade, with 401
	CloseLoginExpired    = 4005 // resume: yes, with a new login
	CloseHeartbeatMissed = 4006 // resume: yes
	CloseBadCursor       = 4007 // start again
	CloseRate            = 4008 // resume: yes, after a wait
	CloseSlowConsumer    = 4009 // resume: yes
	CloseReplaced        = 4010 // resume: no, a newer connection of the same client is there
	CloseDraining        = 4011 // resume: yes, at another node or after the restart
	CloseVersion         = 4012 // resume: no
	closeTooBig          = 1009 // RFC 6455 §7.4.1; resume: no
)

// Resumable reports whether a client that was closed with code may come back with its seq. A code
// that is not known means no.
func Resumable(code int) bool {
	switch code {
	case CloseInternal, CloseLoginExpired, CloseHeartbeatMissed, CloseRate, CloseSlowConsumer, CloseDraining:
		return true
	case 1000, 1001, 1005, 1006, 1011, 1012, 1013: // the network, or an ordinary end
		return true
	}
	return false
}

// Words for why a connection is closed, beside those of api.
const (
	codeBadFrame     callmodel.Code = "bad_frame"
	codeBinary       callmodel.Code = "binary_frame"
	codeFrameTooBig  callmodel.Code = "frame_too_large"
	codeBadCursor    callmodel.Code = "bad_cursor"
	codeHeartbeat    callmodel.Code = "heartbeat_missed"
	codeSlow         callmodel.Code = "slow_consumer"
	codeReplaced     callmodel.Code = "replaced"
	codeDraining     callmodel.Code = "draining"
	codeLoginExpired callmodel.Code = "login_expired"
	codeVersion      callmodel.Code = "version_not_supported"
)

// farewell is why the server closes a connection.
type farewell struct {
	close   int
	problem api.Problem
}

func (f *farewell) Error() string { return "console: " + f.problem.Error() }

func bye(closeCode int, code callmodel.Code, title, detail string) *farewell {
	f := &farewell{close: closeCode, problem: api.Problem{
		Type: "urn:text911:problem:" + string(code), Title: title, Detail: detail, Code: code,
		Retryable: Resumable(closeCode), Status: statusOf(closeCode),
	}}
	switch closeCode {
	case CloseRate:
		f.problem.RetryAfterMS = 5000
	case CloseDraining, CloseInternal:
		f.problem.RetryAfterMS = 1000
	}
	return f
}

func badFrame(detail string) *farewell {
	return bye(CloseBadFrame, codeBadFrame, "Not a frame of this protocol", detail)
}

// statusOf is the HTTP status nearest to a close code, for the problem's status member.
func statusOf(closeCode int) int {
	switch closeCode {
	case CloseBadFrame, CloseBadCursor:
		return 400
	case CloseLoginExpired, CloseLoginFailed:
		return 401
	case CloseNotAllowed:
		return 403
	case CloseHeartbeatMissed:
		return 408
	case CloseReplaced:
		return 409
	case closeTooBig:
		return 413
	case CloseRate:
		return 429
	case CloseSlowConsumer, CloseDraining:
		return 503
	}
	return 500
}
