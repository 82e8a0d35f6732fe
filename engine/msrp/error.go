package msrp

import "strconv"

// Error is a fault that has an MSRP code: the code a request is answered with, or the
// reason a value could not be encoded. Only the codec and the session core build it.
type Error struct {
	Code int    // RFC 4975 §10, RFC 4976 §10, RFC 7701 §10
	Text string // short, without any text the peer or the user wrote
}

// Error gives code and text; it never holds message content.
func (e *Error) Error() string {
	return "msrp: " + strconv.Itoa(e.Code) + " " + e.Text
}

func badRequest(text string) *Error { return &Error{Code: CodeBadRequest, Text: text} }

// The registered response codes.
const (
	CodeOK                    = 200
	CodeBadRequest            = 400
	CodeUnauthorized          = 401
	CodeForbidden             = 403
	CodeNotFound              = 404
	CodeTimeout               = 408
	CodeStop                  = 413
	CodeUnsupportedMedia      = 415
	CodeIntervalOutOfBounds   = 423
	CodeBadNickname           = 424
	CodeNicknameInUse         = 425
	CodePrivateNotSupported   = 428
	CodeNoSession             = 481
	CodeUnknownMethod         = 501
	CodeSessionBoundElsewhere = 506
)

// CodeText is the comment sent with a code. An unregistered code gets the text of its
// class, so that a response never goes out without a comment: some peers take the next
// line for it.
func CodeText(code int) string {
	switch code {
	case CodeOK:
		return "OK"
	case CodeBadRequest:
		return "Bad Request"
	case CodeUnauthorized:
		return "Unauthorized"
	case CodeForbidden:
		return "Forbidden"
	case CodeNotFound:
		return "Not Found"
	case CodeTimeout:
		return "Timeout"
	case CodeStop:
		return "Stop Sending"
	case CodeUnsupportedMedia:
		return "Unsupported Media Type"
	case CodeIntervalOutOfBounds:
		return "Interval Out Of Bounds"
	case CodeBadNickname:
		return "Malformed nickname"
	case CodeNicknameInUse:
		return "Nickname reserved or already in use"
	case CodePrivateNotSupported:
		return "Private messages not supported"
	case CodeNoSession:
		return "No Such Session"
	case CodeUnknownMethod:
		return "Unknown Method"
	case CodeSessionBoundElsewhere:
		return "Session Already Bound"
	}
	if code >= 200 && code < 300 {
		return "OK"
	}
	return "Failed"
}
