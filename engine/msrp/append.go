package msrp

import (
	"bytes"
	"strings"
)

// Header is a header line beyond those that Request and Response have fields for.
type Header struct{ Name, Value string }

// Request is a request to be sent. The zero value of an optional field leaves its header
// out.
type Request struct {
	ID            TransactionID
	Method        Method
	To, From      RawPath
	MessageID     MessageID
	SuccessReport bool
	FailureReport FailureReport
	Range         *ByteRange
	Status        *Status
	Headers       []Header // written after the ones above; Content- headers directly before Content-Type
	ContentType   string   // empty means bodiless
}

// Response is a response to be sent.
type Response struct {
	ID       TransactionID
	To, From RawPath
	Code     int
	Comment  string // empty means CodeText(Code)
	Headers  []Header
}

// AppendRequest appends a whole request. Without ContentType the body must be empty and
// the frame is bodiless. A body that would end its own frame is refused: the caller takes
// another id (RFC 4975 §7.1). On error dst is returned as it came.
func AppendRequest(dst []byte, r *Request, body []byte, flag Flag) ([]byte, error) {
	switch {
	case !flag.valid():
		return dst, badRequest("flag")
	case r.ContentType == "" && len(body) > 0:
		return dst, badRequest("body without content type")
	case r.Method != SEND && len(body) > MaxControlBody:
		return dst, badRequest("body too long")
	case HoldsEndLine(body, r.ID):
		return dst, badRequest("body holds its own end-line")
	}
	out, err := AppendHead(dst, r)
	if err != nil {
		return dst, err
	}
	if r.ContentType == "" {
		return appendEndLine(out, r.ID, flag), nil
	}
	return AppendEnd(append(out, body...), r.ID, flag), nil
}

// HoldsEndLine reports whether body holds seven hyphens followed by the id, which no body
// sent under this id may.
func HoldsEndLine[ID ~string | ~[]byte](body []byte, id ID) bool {
	return IndexEndLine(body, id) >= 0
}

// IndexEndLine finds the first place of seven hyphens followed by the id, or -1.
func IndexEndLine[ID ~string | ~[]byte](body []byte, id ID) int {
	if len(body) < len(hyphens)+len(id) {
		return -1
	}
	var b [len(hyphens) + maxIdentLenient]byte
	return bytes.Index(body, append(append(b[:0], hyphens...), id...))
}

// AppendHead appends a request up to the first octet of its body; the caller appends the
// body in as many steps as it likes and ends the frame with AppendEnd.
func AppendHead(dst []byte, r *Request) ([]byte, error) {
	if fault := checkRequest(r); fault != "" {
		return dst, badRequest(fault)
	}
	dst = append(dst, "MSRP "...)
	dst = append(dst, r.ID...)
	dst = append(dst, ' ')
	dst = append(dst, r.Method...)
	dst = appendPaths(dst, r.To, r.From)
	if r.MessageID != "" {
		dst = append(append(dst, "Message-ID: "...), r.MessageID...)
		dst = append(dst, crlf...)
	}
	if r.SuccessReport {
		dst = append(dst, "Success-Report: yes\r\n"...)
	}
	switch r.FailureReport {
	case FailurePartial:
		dst = append(dst, "Failure-Report: partial\r\n"...)
	case FailureNo:
		dst = append(dst, "Failure-Report: no\r\n"...)
	}
	if r.Range != nil {
		dst = append(r.Range.AppendText(append(dst, "Byte-Range: "...)), crlf...)
	}
	if r.Status != nil {
		dst = append(dst, "Status: "...)
		dst = appendThreeDigits(dst, r.Status.Namespace)
		dst = append(dst, ' ')
		dst = appendThreeDigits(dst, r.Status.Code)
		dst = append(dst, ' ')
		dst = append(append(dst, CodeText(r.Status.Code)...), crlf...)
	}
	dst = appendHeaders(dst, r.Headers, false)
	dst = appendHeaders(dst, r.Headers, true)
	if r.ContentType != "" {
		dst = append(append(dst, "Content-Type: "...), r.ContentType...)
		dst = append(dst, "\r\n\r\n"...)
	}
	return dst, nil
}

// AppendEnd appends the end-line of a frame that has a body.
func AppendEnd[ID ~string | ~[]byte](dst []byte, id ID, flag Flag) []byte {
	return appendEndLine(append(dst, crlf...), id, flag)
}

func appendEndLine[ID ~string | ~[]byte](dst []byte, id ID, flag Flag) []byte {
	dst = append(append(dst, hyphens...), id...)
	return append(dst, byte(flag), '\r', '\n')
}

// AppendResponse appends a response. On error dst is returned as it came.
func AppendResponse(dst []byte, r *Response) ([]byte, error) {
	if !validIdent(r.ID, minIdentLenient, maxIdentLenient) {
		return dst, badRequest("transaction id")
	}
	if r.Code < 100 || r.Code > 999 || !validText([]byte(r.Comment)) {
		return dst, badRequest("response code or comment")
	}
	if fault := checkPathsAndHeaders(r.To, r.From, r.Headers); fault != "" {
		return dst, badRequest(fault)
	}
	comment := r.Comment
	if comment == "" {
		comment = CodeText(r.Code)
	}
	dst = appendStatusLine(dst, r.ID, r.Code, comment)
	dst = appendPaths(dst, r.To, r.From)
	dst = appendHeaders(appendHeaders(dst, r.Headers, false), r.Headers, true)
	return appendEndLine(dst, r.ID, Complete), nil
}

// AppendReply appends the response to a scanned request: From-Path is own, To-Path the
// leftmost From-Path URI for SEND and the whole From-Path otherwise (RFC 4975 §7.2).
// It appends nothing if the request has no usable From-Path.
func AppendReply(dst []byte, f *Frame, own RawPath, code int) []byte {
	to := f.From()
	if f.Method == SEND {
		to = to.First()
	}
	return AppendAnswer(dst, f.ID(), to, own, code)
}

// AppendAnswer appends a response with the standard comment. Values that are not fit for
// the wire give no response at all; those of a scanned frame always are.
func AppendAnswer[ID ~string | ~[]byte](dst []byte, id ID, to, from RawPath, code int) []byte {
	if !validIdent(id, minIdentLenient, maxIdentLenient) || code < 100 || code > 999 ||
		len(to) == 0 || len(from) == 0 || !validText(to) || !validText(from) {
		return dst
	}
	dst = appendStatusLine(dst, id, code, CodeText(code))
	dst = appendPaths(dst, to, from)
	return appendEndLine(dst, id, Complete)
}

func appendStatusLine[ID ~string | ~[]byte](dst []byte, id ID, code int, comment string) []byte {
	dst = append(append(append(dst, "MSRP "...), id...), ' ')
	dst = append(appendThreeDigits(dst, code), ' ')
	return append(dst, comment...)
}

// appendPaths ends the start line and appends both paths.
func appendPaths(dst []byte, to, from RawPath) []byte {
	dst = append(append(dst, "\r\nTo-Path: "...), to...)
	dst = append(append(dst, "\r\nFrom-Path: "...), from...)
	return append(dst, crlf...)
}

func appendHeaders(dst []byte, headers []Header, mime bool) []byte {
	for _, h := range headers {
		if isMIME(h.Name) != mime {
			continue
		}
		dst = append(append(append(dst, h.Name...), ": "...), h.Value...)
		dst = append(dst, crlf...)
	}
	return dst
}

func isMIME(name string) bool { return hasFoldPrefix(name, "content-") }

func appendThreeDigits(dst []byte, v int) []byte {
	return append(dst, '0'+byte(v/100%10), '0'+byte(v/10%10), '0'+byte(v%10))
}

// checkRequest finds what must not reach the wire, before anything is written. No value
// can smuggle a line end in.
func checkRequest(r *Request) string {
	switch {
	case !validIdent(r.ID, minIdentLenient, maxIdentLenient):
		return "transaction id"
	case r.Method == "" || !allOf(r.Method, classUpper):
		return "method"
	case r.MessageID != "" && (len(r.MessageID) > maxIdentLenient || !visible([]byte(r.MessageID))):
		return "message id"
	case r.Range != nil && (r.Range.Start < 1 || r.Range.End != Unknown && r.Range.End < r.Range.Start-1):
		return "byte range"
	case r.Status != nil && (r.Status.Namespace < 0 || r.Status.Namespace > 999 || r.Status.Code < 100 || r.Status.Code > 999):
		return "status"
	case !validText([]byte(r.ContentType)):
		return "content type"
	case r.Method != SEND && (r.SuccessReport || r.FailureReport != FailureYes):
		return "report wishes are for SEND"
	}
	return checkPathsAndHeaders(r.To, r.From, r.Headers)
}

func checkPathsAndHeaders(to, from RawPath, headers []Header) string {
	if len(to) == 0 || len(from) == 0 || !validText(to) || !validText(from) {
		return "path"
	}
	for _, h := range headers {
		if !validHeaderName(h.Name) || !validText([]byte(h.Value)) || strings.TrimLeft(h.Value, " \t") != h.Value {
			return "header"
		}
		if knownHeader([]byte(h.Name)).stored() {
			return "header has a field of its own"
		}
		if equalFold(h.Name, "Content-Transfer-Encoding") {
			return "bodies are binary" // RFC 4975 §7.1.1
		}
	}
	return ""
}
