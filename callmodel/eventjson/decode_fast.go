package eventjson

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"text911/callmodel"
)

// A busy log consists of messages and receipts in exactly the form Append gives them, and every
// restart and every reader on another node decodes them. decodeOwn reads that form, in one pass and
// without reflection. Whatever deviates from it in the least, also if it is good JSON, makes it give
// up, and encoding/json decides; a test holds that the two never disagree.

// scan walks along an envelope. Once something is not as expected, bad stays true.
type scan struct {
	b   []byte
	i   int
	bad bool
}

// lit consumes s if it is next.
func (s *scan) lit(lit string) bool {
	if s.bad || len(s.b)-s.i < len(lit) || string(s.b[s.i:s.i+len(lit)]) != lit {
		return false
	}
	s.i += len(lit)
	return true
}

// need is lit for what must be there.
func (s *scan) need(lit string) {
	if !s.lit(lit) {
		s.bad = true
	}
}

// str reads a string. Escapes other than the short ones are left to encoding/json.
func (s *scan) str() string {
	s.need(`"`)
	if s.bad {
		return ""
	}
	start, ascii := s.i, true
	for j := start; j < len(s.b); j++ {
		switch c := s.b[j]; {
		case c == '"':
			s.i = j + 1
			if !ascii && !utf8.Valid(s.b[start:j]) {
				s.bad = true
			}
			return string(s.b[start:j])
		case c == '\\':
			return s.escaped(start, j)
		case c < ' ':
			s.bad = true
			return ""
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.bad = true
	return ""
}

// escaped goes on with a string whose first backslash is at j.
func (s *scan) escaped(start, j int) string {
	out := append(make([]byte, 0, j-start+64), s.b[start:j]...)
	for ; j < len(s.b); j++ {
		c := s.b[j]
		if c == '"' {
			s.i = j + 1
			if !utf8.Valid(out) {
				break
			}
			return string(out)
		}
		if c < ' ' {
			break
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		if j++; j == len(s.b) {
			break
		}
		short := shortEscape(s.b[j])
		if short == 0 {
			break
		}
		out = append(out, short)
	}
	s.bad = true
	return ""
}

func shortEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return 0
}

// num reads a whole number without sign.
func (s *scan) num() uint64 {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	digits := s.b[start:s.i]
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if s.bad || err != nil || len(digits) > 1 && digits[0] == '0' {
		s.bad = true
		return 0
	}
	return n
}

// moment reads a time in the form appendTime writes.
func (s *scan) moment() time.Time {
	var t time.Time
	if t.UnmarshalText([]byte(s.str())) != nil { // stricter than Parse, as encoding/json is
		s.bad = true
	}
	return t.UTC()
}

// opt reads a string member that is left out when empty.
func (s *scan) opt(name string) string {
	if !s.lit(name) {
		return ""
	}
	return s.str()
}

// decodeOwn reads an envelope of a message or receipt as Append makes it.
func decodeOwn(raw []byte) (callmodel.PSAPID, callmodel.Event, bool) {
	s := scan{b: raw}
	var ev callmodel.Event
	s.need(`{`)
	if s.lit(`"seq":`) {
		ev.Seq = s.num()
		s.need(`,`)
	}
	s.need(`"specversion":"1.0","id":`)
	ev.ID = callmodel.EventID(s.str())
	s.need(`,"source":`)
	source := s.str()
	s.need(`,"type":"text911.message.`)
	if s.bad || len(source) < len(sourcePrefix) || source[:len(sourcePrefix)] != sourcePrefix {
		return "", ev, false
	}
	var data func(*scan) callmodel.EventData
	switch {
	case s.lit(`received.v1"`):
		data = scanReceived
	case s.lit(`queued.v1"`):
		data = scanQueued
	case s.lit(`receipt.v1"`):
		data = scanReceipt
	default:
		return "", ev, false
	}
	s.need(`,"subject":`)
	ev.Call = callmodel.CallID(s.str())
	s.need(`,"time":`)
	ev.Time = s.moment()
	if s.lit(`,"call_seq":`) {
		ev.CallSeq = s.num()
	}
	if s.lit(`,"command":{"id":`) {
		ev.Command = s.command()
	}
	s.need(`,"data":`)
	ev.Data = data(&s)
	s.need(`}`)
	return callmodel.PSAPID(source[len(sourcePrefix):]), ev, !s.bad && s.i == len(raw)
}

func (s *scan) command() *callmodel.CommandRef {
	c := &callmodel.CommandRef{ID: callmodel.CommandID(s.str())}
	s.need(`,"digest":`)
	c.Digest = s.str()
	c.Agent = callmodel.AgentID(s.opt(`,"agent":`))
	s.need(`}`)
	return c
}

func scanReceived(s *scan) callmodel.EventData {
	var d callmodel.MessageReceived
	s.need(`{"message":`)
	d.Message = callmodel.MessageID(s.str())
	s.need(`,"number":`)
	d.Number = s.num()
	s.need(`,"leg":`)
	d.Leg = callmodel.LegID(s.str())
	s.need(`,"from":`)
	d.From = callmodel.ParticipantID(s.str())
	s.need(`,"content":`)
	d.Content = s.content()
	d.WireID = s.opt(`,"wire_id":`)
	if s.lit(`,"claimed_time":`) {
		d.Claimed = s.moment()
	}
	d.Late = s.lit(`,"late":true`)
	d.Duplicate = s.lit(`,"duplicate":true`)
	s.need(`}`)
	return d
}

func scanQueued(s *scan) callmodel.EventData {
	var d callmodel.MessageQueued
	s.need(`{"message":`)
	d.Message = callmodel.MessageID(s.str())
	s.need(`,"number":`)
	d.Number = s.num()
	s.need(`,"leg":`)
	d.Leg = callmodel.LegID(s.str())
	s.need(`,"from":`)
	d.From = callmodel.ParticipantID(s.str())
	d.Agent = callmodel.AgentID(s.opt(`,"agent":`))
	s.need(`,"content":`)
	d.Content = s.content()
	s.need(`}`)
	return d
}

func scanReceipt(s *scan) callmodel.EventData {
	var d callmodel.MessageReceipt
	s.need(`{"message":`)
	d.Message = callmodel.MessageID(s.str())
	s.need(`,"state":`)
	d.State = callmodel.DeliveryState(s.str())
	if s.lit(`,"cause":{"class":`) {
		d.Cause = &callmodel.Cause{Class: callmodel.CauseClass(s.str())}
		s.need(`,"reason":`)
		d.Cause.Reason = s.str()
		d.Cause.Wire = s.opt(`,"wire":`)
		s.need(`}`)
	}
	d.Agent = callmodel.AgentID(s.opt(`,"agent":`))
	s.need(`}`)
	return d
}

func (s *scan) content() callmodel.Content {
	var c callmodel.Content
	s.need(`{"content_type":`)
	c.ContentType = s.str()
	c.Text = callmodel.Private(s.opt(`,"text":`))
	if s.lit(`,"body":`) {
		var err error
		if c.Body, err = base64.StdEncoding.DecodeString(s.str()); err != nil || len(c.Body) == 0 {
			s.bad = true
		}
	}
	if s.lit(`,"size":`) {
		n := s.num()
		if c.Size = int(n); c.Size < 0 || uint64(c.Size) != n {
			s.bad = true
		}
	}
	c.Language = s.opt(`,"language":`)
	c.Placeholder = s.lit(`,"placeholder":true`)
	s.need(`}`)
	return c
}
