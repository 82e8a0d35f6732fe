package leg

import (
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"text911/callmodel"
)

// restOfRecord is room for what a record holds beside the content: names, times, the cause.
const restOfRecord = 8 << 10

// patience is how often the log may say of a text that it will never take it before it is believed.
// The tries are tickEvery apart.
const patience = 5

// fits reports whether content goes into a record of limit octets.
func fits(c callmodel.Content, limit int) bool {
	atMost := 6*(len(c.Text)+len(c.ContentType)+len(c.Language)) + 2*len(c.Body)
	return restOfRecord+atMost <= limit || recordSize(c) <= limit // nearly always without looking
}

// recordSize bounds what content takes in a record of the log, which is JSON: a control character
// is six octets there, a body is base64 (RFC 8259 §7, RFC 4648 §4).
func recordSize(c callmodel.Content) int {
	return restOfRecord + escaped(string(c.Text)) + base64.StdEncoding.EncodedLen(len(c.Body)) +
		escaped(c.ContentType) + escaped(c.Language)
}

// escaped is the most octets that s takes in a JSON string.
func escaped(s string) int {
	const unicodeEscape = len(`\u0000`)
	n := 0
	for i, r := range s {
		switch {
		case r == '"', r == '\\':
			n += 2
		case r < ' ', r == 0x7f, r == 0x2028, r == 0x2029:
			n += unicodeEscape
		case r == utf8.RuneError && s[i] != 0xEF: // not valid
			n += unicodeEscape
		default:
			n += utf8.RuneLen(r)
		}
	}
	return n
}

// setAside is what is kept of content that cannot be kept: that it came, its type and its size.
func setAside(in callmodel.MessageArrived) callmodel.MessageBad {
	c := in.Content
	if len(c.ContentType) > restOfRecord/16 {
		c.ContentType = ""
	}
	return callmodel.MessageBad{Leg: in.Leg, Message: in.Message, WireID: in.WireID,
		Content: callmodel.Content{ContentType: orUnknown(c.ContentType), Size: len(c.Text) + len(c.Body), Placeholder: true},
		Cause:   callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "too_large_to_keep"}}
}

// replace puts a placeholder in the place of the head, when that is content which will never be
// taken: its sender is told 413 once the placeholder is durable. It reports whether it did.
func (l *leg) replace(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	it := &l.inbox.queue[0]
	var whole callmodel.MessageArrived
	switch in := it.in.(type) {
	case callmodel.MessageArrived:
		whole = in
	case callmodel.MessageBad:
		if in.Content.Placeholder {
			return false
		}
		whole = callmodel.MessageArrived{Leg: in.Leg, Message: in.Message, WireID: in.WireID, Content: in.Content}
	default:
		return false
	}
	switch {
	case tooLarge(err):
	case refusedByLog(err):
		if it.tries++; it.tries < patience {
			return false
		}
	default:
		return false
	}
	l.gw.count.bad.Add(1)
	it.in, it.code = setAside(whole), codeTooLarge
	l.inbox.busy = false
	return true
}

// tooLarge says that the call model takes no content of that size.
func tooLarge(err error) bool {
	var r *callmodel.Refusal
	return errors.As(err, &r) && r.Code == callmodel.CodeTooLarge
}

// refusedByLog says that the log itself answered and does not call it a state that passes. The
// engine wraps every failure to store in an error that may come again; what the log said is inside.
func refusedByLog(err error) bool {
	var outer, inner interface{ Unavailable() bool }
	if !errors.As(err, &outer) || !outer.Unavailable() {
		return false
	}
	wrapper, ok := outer.(interface{ Unwrap() error })
	return ok && errors.As(wrapper.Unwrap(), &inner) && !inner.Unavailable()
}
