package msrp

import (
	"bytes"
	"iter"
)

// Frame is one request or response as a Scanner hands it out. A SEND with a large body
// comes in several pieces: the first has First set, the last has Last set, and each
// carries the next octets of the body. Small frames come in one piece.
//
// A Frame and every slice it gives belong to the Scanner and are valid until the next call
// of Next or Write. What is needed longer must be copied.
type Frame struct {
	Response bool
	Method   Method // requests
	Code     int    // responses

	First, Last bool
	Body        []byte // octets of this piece
	HasBody     bool   // false for a bodiless frame; an empty body is not the same
	Flag        Flag   // valid on the last piece

	HasRange      bool
	Range         ByteRange // valid if HasRange
	SuccessReport bool      // Success-Report: yes
	FailureReport FailureReport
	HasStatus     bool
	Status        Status // valid if HasStatus

	// Fault says why a request cannot be used although its framing is intact. It is the
	// error to answer with, if an answer is due. A faulty frame comes in one piece.
	Fault *Error
	// Final tells that the scanner gives up after this frame: answer and close.
	Final bool

	head                       []byte
	headers                    span // all header lines
	id, comment                span
	to, from                   span
	messageID, contentType     span
	seen                       uint16
	count                      int
	afterContentType, badOrder bool
}

func (f *Frame) view(s span) []byte { return f.head[s.a:s.b:s.b] }

// ID is the transaction id.
func (f *Frame) ID() []byte { return f.view(f.id) }

// Comment is the text after a response code; it has no meaning.
func (f *Frame) Comment() []byte { return f.view(f.comment) }

// To is the To-Path; empty if it was missing or unusable.
func (f *Frame) To() RawPath { return f.view(f.to) }

// From is the From-Path; empty if it was missing or unusable, and then nothing can be
// answered.
func (f *Frame) From() RawPath { return f.view(f.from) }

// MessageID is empty if the frame has none.
func (f *Frame) MessageID() []byte { return f.view(f.messageID) }

// ContentType is empty if the frame has none.
func (f *Frame) ContentType() []byte { return f.view(f.contentType) }

// Headers yields every well-formed header line in order, To-Path and From-Path included.
func (f *Frame) Headers() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		rest := f.view(f.headers)
		for len(rest) > 0 {
			line, after, _ := bytes.Cut(rest, crlf)
			rest = after
			name, value, ok := bytes.Cut(line, []byte{':'})
			if !ok {
				continue
			}
			if !yield(string(name), bytes.TrimLeft(value, " \t")) {
				return
			}
		}
	}
}

// Header gives the first header of that name, compared without case.
func (f *Frame) Header(name string) ([]byte, bool) {
	for n, v := range f.Headers() {
		if equalFold(n, name) {
			return v, true
		}
	}
	return nil, false
}

// Request copies the frame's headers into a value that can be kept and encoded again.
// The body is not part of it.
func (f *Frame) Request() Request {
	r := Request{
		ID:            TransactionID(f.ID()),
		Method:        f.Method,
		To:            bytes.Clone(f.To()),
		From:          bytes.Clone(f.From()),
		MessageID:     MessageID(f.MessageID()),
		SuccessReport: f.SuccessReport,
		FailureReport: f.FailureReport,
		ContentType:   string(f.ContentType()),
	}
	if f.HasRange {
		r.Range = &ByteRange{f.Range.Start, f.Range.End, f.Range.Total}
	}
	if f.HasStatus {
		r.Status = &Status{f.Status.Namespace, f.Status.Code}
	}
	for name, value := range f.Headers() {
		if !knownHeader([]byte(name)).stored() {
			r.Headers = append(r.Headers, Header{name, string(value)})
		}
	}
	return r
}

// Reply copies what is needed to encode a response again.
func (f *Frame) Reply() Response {
	r := Response{ID: TransactionID(f.ID()), Code: f.Code, Comment: string(f.Comment()),
		To: bytes.Clone(f.To()), From: bytes.Clone(f.From())}
	for name, value := range f.Headers() {
		if !knownHeader([]byte(name)).stored() {
			r.Headers = append(r.Headers, Header{name, string(value)})
		}
	}
	return r
}
