package eventjson

import (
	"encoding/base64"
	"strconv"

	"text911/callmodel"
)

// The functions here write what encoding/json would write from the struct tags, members in the
// same order; a test compares the two.

func appendReceived(b []byte, d *callmodel.MessageReceived) []byte {
	b = append(b, `{"message":`...)
	b = appendString(b, string(d.Message))
	b = append(b, `,"number":`...)
	b = strconv.AppendUint(b, d.Number, 10)
	b = append(b, `,"leg":`...)
	b = appendString(b, string(d.Leg))
	b = append(b, `,"from":`...)
	b = appendString(b, string(d.From))
	b = append(b, `,"content":`...)
	b = appendContent(b, &d.Content)
	if d.WireID != "" {
		b = append(b, `,"wire_id":`...)
		b = appendString(b, d.WireID)
	}
	if !d.Claimed.IsZero() {
		b = append(b, `,"claimed_time":`...)
		b = appendTime(b, d.Claimed)
	}
	if d.Late {
		b = append(b, `,"late":true`...)
	}
	if d.Duplicate {
		b = append(b, `,"duplicate":true`...)
	}
	return append(b, '}')
}

func appendQueued(b []byte, d *callmodel.MessageQueued) []byte {
	b = append(b, `{"message":`...)
	b = appendString(b, string(d.Message))
	b = append(b, `,"number":`...)
	b = strconv.AppendUint(b, d.Number, 10)
	b = append(b, `,"leg":`...)
	b = appendString(b, string(d.Leg))
	b = append(b, `,"from":`...)
	b = appendString(b, string(d.From))
	if d.Agent != "" {
		b = append(b, `,"agent":`...)
		b = appendString(b, string(d.Agent))
	}
	b = append(b, `,"content":`...)
	b = appendContent(b, &d.Content)
	return append(b, '}')
}

func appendReceipt(b []byte, d *callmodel.MessageReceipt) []byte {
	b = append(b, `{"message":`...)
	b = appendString(b, string(d.Message))
	b = append(b, `,"state":`...)
	b = appendString(b, string(d.State))
	if d.Cause != nil {
		b = append(b, `,"cause":{"class":`...)
		b = appendString(b, string(d.Cause.Class))
		b = append(b, `,"reason":`...)
		b = appendString(b, d.Cause.Reason)
		if d.Cause.Wire != "" {
			b = append(b, `,"wire":`...)
			b = appendString(b, d.Cause.Wire)
		}
		b = append(b, '}')
	}
	if d.Agent != "" {
		b = append(b, `,"agent":`...)
		b = appendString(b, string(d.Agent))
	}
	return append(b, '}')
}

func appendContent(b []byte, c *callmodel.Content) []byte {
	b = append(b, `{"content_type":`...)
	b = appendString(b, c.ContentType)
	if c.Text != "" {
		b = append(b, `,"text":`...)
		b = appendString(b, c.Text.Reveal())
	}
	if len(c.Body) > 0 {
		b = append(b, `,"body":"`...)
		b = base64.StdEncoding.AppendEncode(b, c.Body)
		b = append(b, '"')
	}
	if c.Size != 0 {
		b = append(b, `,"size":`...)
		b = strconv.AppendInt(b, int64(c.Size), 10)
	}
	if c.Language != "" {
		b = append(b, `,"language":`...)
		b = appendString(b, c.Language)
	}
	if c.Placeholder {
		b = append(b, `,"placeholder":true`...)
	}
	return append(b, '}')
}
