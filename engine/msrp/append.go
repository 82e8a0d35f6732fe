package msrp

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
// the frame is bodiless. On error dst is returned as it came.
func AppendRequest(dst []byte, r *Request, body []byte, flag Flag) ([]byte, error) { return dst, nil }

// AppendHead appends a request up to the first octet of its body; the caller appends the
// body in as many steps as it likes and ends the frame with AppendEnd.
func AppendHead(dst []byte, r *Request) ([]byte, error) { return dst, nil }

// AppendEnd appends the end-line of a frame that has a body.
func AppendEnd[ID ~string | ~[]byte](dst []byte, id ID, flag Flag) []byte { return dst }

// AppendResponse appends a response. On error dst is returned as it came.
func AppendResponse(dst []byte, r *Response) ([]byte, error) { return dst, nil }

// AppendReply appends the response to a scanned request: From-Path is own, To-Path the
// leftmost From-Path URI for SEND and the whole From-Path otherwise (RFC 4975 §7.2).
// It appends nothing if the request has no usable From-Path.
func AppendReply(dst []byte, f *Frame, own RawPath, code int) []byte { return dst }
