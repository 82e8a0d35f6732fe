package firstparty

import (
	"slices"
	"strings"
	"time"

	"text911/callmodel"
)

const (
	// lateAfter is how far the time a message claims may lie back before it is marked late.
	lateAfter = 10 * time.Second

	callerID callmodel.ParticipantID = "caller"

	reasonLeaseExpired = "lease_expired"
	reasonSuperseded   = "superseded"

	maxWord = 48
)

func takerID(a callmodel.AgentID) callmodel.ParticipantID {
	return callmodel.ParticipantID("taker:" + string(a))
}

func invalid(detail string) error { return callmodel.Refuse(callmodel.CodeInvalid, detail) }

func unknownLeg() error {
	return callmodel.Refuse(callmodel.CodeUnknownLeg, "the call has no such leg")
}

func notClaimed() error {
	return callmodel.Refuse(callmodel.CodeNotClaimed, "nobody has the call")
}

func callClosed() error {
	return callmodel.Refuse(callmodel.CodeCallClosed, "the call is closed")
}

func tooLarge() error {
	return callmodel.Refuse(callmodel.CodeTooLarge, "the content is larger than may be kept")
}

// mayAct holds the fence: only the holder, and only with the number of the newest claim.
func (m *Machine) mayAct(by callmodel.CommandRef, fence callmodel.Fence) error {
	switch {
	case m.view.Holder == "":
		return notClaimed()
	case fence != 0 && fence != m.view.Fence:
		return callmodel.Refuse(callmodel.CodeStaleFence, "the claim with this fence is over")
	case by.Agent != m.view.Holder:
		return callmodel.Refuse(callmodel.CodeNotYours, "another taker has the call")
	case fence == 0:
		return callmodel.Refuse(callmodel.CodeStaleFence, "the command names no fence")
	}
	return nil
}

// silentUntil is when a call that is silent from now on would be closed, zero for never.
func (m *Machine) silentUntil(now time.Time) time.Time {
	if m.cfg.IdleWarning < 0 || m.cfg.IdleClose < 0 {
		return time.Time{}
	}
	return now.Add(m.cfg.IdleWarning + m.cfg.IdleClose)
}

// sendable checks a reply before it becomes a fact.
func (m *Machine) sendable(id callmodel.MessageID, c callmodel.Content) error {
	size := contentSize(c)
	switch {
	case id == "" || c.ContentType == "" || size == 0:
		return invalid("a reply has an id, a content type and something in it")
	case m.out.stateOf(id) != "":
		return callmodel.Refuse(callmodel.CodeAlreadyExists, "a message of this id was sent before")
	case size > m.cfg.MaxContent:
		return tooLarge()
	case len(m.out.unsent) >= m.cfg.MaxUnsent || m.out.size+size > maxUnsentSize:
		return callmodel.Refuse(callmodel.CodeTooMany, "too many messages wait to be confirmed")
	}
	switch code := fits(m.view.Capability, c); code {
	case callmodel.CodeTooLarge:
		return callmodel.Refuse(code, "the far side takes no message of this size")
	case callmodel.CodeTypeRefused:
		return callmodel.Refuse(code, "the far side takes no content of this type")
	}
	return nil
}

// fits tells why the far side would not take c; empty when it would, or has not said.
func fits(far callmodel.Capability, c callmodel.Content) callmodel.Code {
	if far.MaxSize > 0 && contentSize(c) > far.MaxSize {
		return callmodel.CodeTooLarge
	}
	if len(far.AcceptTypes) == 0 {
		return ""
	}
	if slices.ContainsFunc(far.AcceptTypes, func(pattern string) bool { return accepts(pattern, c.ContentType) }) {
		return ""
	}
	return callmodel.CodeTypeRefused
}

// accepts matches a content type with one entry of accept-types (RFC 4975 §8.6): "*", "text/*" or a
// type. A far side that takes message/cpim takes texts wrapped in it (RFC 4975 §8.6, RFC 3862).
func accepts(pattern, contentType string) bool {
	typ, _, _ := strings.Cut(contentType, ";")
	typ = strings.TrimSpace(typ)
	pattern = strings.TrimSpace(pattern)
	switch {
	case pattern == "*" || strings.EqualFold(pattern, typ):
		return true
	case strings.EqualFold(pattern, "message/cpim"):
		return len(typ) > 5 && strings.EqualFold(typ[:5], "text/")
	}
	major, wild := strings.CutSuffix(pattern, "/*")
	return wild && len(typ) > len(major) && typ[len(major)] == '/' && strings.EqualFold(major, typ[:len(major)])
}

func sameCapability(a, b callmodel.Capability) bool {
	return a.MaxSize == b.MaxSize && slices.Equal(a.AcceptTypes, b.AcceptTypes) && slices.Equal(a.Languages, b.Languages)
}

func contentSize(c callmodel.Content) int { return len(c.Text) + len(c.Body) }

// bounded keeps an offer within what the log takes as one event. What was received beside the texts
// is given up before the call is: first the raw forms, whose meaning is in the other members.
func (m *Machine) bounded(o callmodel.CallOffered) callmodel.CallOffered {
	size := 0
	for _, l := range o.Locations {
		size += len(l.Raw)
	}
	for _, a := range o.Additional {
		size += len(a.Value)
	}
	if size <= m.cfg.MaxContent {
		return o
	}
	o.Locations = slices.Clone(o.Locations)
	for i := range o.Locations {
		o.Locations[i].Raw = ""
	}
	o.Additional = slices.Clone(o.Additional)
	for i := range o.Additional {
		o.Additional[i].Value = ""
	}
	return o
}

// sane is a time as the log keeps it; one it cannot keep counts as not given.
func sane(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// isWord: reasons are stable words, so that nobody's text ends up in one.
func isWord(s string) bool {
	if s == "" || len(s) > maxWord {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func orWord(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
