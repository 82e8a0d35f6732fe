package session

import (
	"bytes"
	"slices"
	"time"

	"text911/engine/msrp"
)

// requests are the own requests without response, in the order they went out, so that the
// first is the first to time out. Responses nearly always come in that order too.
type requests struct {
	list []request
	head int // what is before it is done
	open int
	mute int // from here on not yet handed to the operating system

	untimed []request // Failure-Report partial: only errors are answered; a ring
	next    int
}

// maxUntimed is how many requests are remembered that only an error would answer.
const maxUntimed = 32

type request struct {
	id      [msrp.TransactionIDLength]byte
	message *outgoing // nil once answered
	at      time.Time
}

func (r *requests) add(id msrp.TransactionID, m *outgoing) {
	if m.failure == msrp.FailureNo {
		return
	}
	q := request{message: m}
	copy(q.id[:], id)
	if m.failure == msrp.FailurePartial {
		if len(r.untimed) < maxUntimed {
			r.untimed = append(r.untimed, q)
			return
		}
		r.untimed[r.next] = q
		r.next = (r.next + 1) % maxUntimed
		return
	}
	if r.head > 64 && r.head > len(r.list)/2 {
		n := copy(r.list, r.list[r.head:])
		clear(r.list[n:])
		r.list, r.mute, r.head = r.list[:n], r.mute-r.head, 0
	}
	m.open++
	r.open++
	r.list = append(r.list, q)
}

func (r *requests) holds(id msrp.TransactionID) bool {
	for i := r.head; i < len(r.list); i++ {
		if r.list[i].message != nil && string(r.list[i].id[:]) == string(id) {
			return true
		}
	}
	return false
}

// take gives the message of a request that was answered, or nil.
func (r *requests) take(id []byte) *outgoing {
	for i := r.head; i < len(r.list); i++ {
		if q := &r.list[i]; q.message != nil && string(q.id[:]) == string(id) {
			return r.done(i)
		}
	}
	for i := range r.untimed {
		if q := &r.untimed[i]; q.message != nil && string(q.id[:]) == string(id) {
			m := q.message
			q.message = nil
			return m
		}
	}
	return nil
}

func (r *requests) done(i int) *outgoing {
	m := r.list[i].message
	r.list[i].message = nil
	r.open--
	m.open--
	for r.head < len(r.list) && r.list[r.head].message == nil {
		r.head++
	}
	if r.head == len(r.list) {
		r.list, r.head, r.mute = r.list[:0], 0, 0
	}
	r.mute = max(r.mute, r.head)
	return m
}

// wrote starts the timers of what was handed to the operating system.
func (r *requests) wrote(now time.Time, complete int) {
	for ; r.mute < complete; r.mute++ {
		r.list[r.mute].at = now
	}
}

// due gives the oldest request's time if it is running.
func (r *requests) due() (time.Time, bool) {
	if r.head < r.mute {
		return r.list[r.head].at, true
	}
	return time.Time{}, false
}

// Wrote says that everything taken with AppendOutput has been handed to the operating
// system: the response timers of those requests start now (RFC 4975 §7.1.1). Input that
// waited for room in the output goes on.
func (c *Conn) Wrote(now time.Time) {
	c.own.wrote(now, len(c.own.list))
	if c.scanner.Buffered() > 0 && c.WantsInput() && !c.closing {
		c.process(now)
	}
}

// response handles a response. Only connection and id match it to its request: some peers
// get the paths wrong.
func (c *Conn) response(now time.Time, f *msrp.Frame) {
	m := c.own.take(f.ID())
	if m == nil {
		c.stats.UnmatchedResponses++
		return
	}
	s := m.session
	if !bytes.Equal(f.To(), s.localRaw) {
		c.stats.PathMismatch++
	}
	s.active = now
	if f.Code/100 == 2 {
		if !m.final && m.written && m.open == 0 && m.failure == msrp.FailureYes {
			m.accepted = true
			s.tell(m, Accepted, f.Code)
			if !m.success {
				s.settleOwn(m)
			}
		}
		return
	}
	s.refused(m, f.Code)
}

// refused handles an error, from a response or a failure REPORT.
func (s *Session) refused(m *outgoing, code int) {
	switch code {
	case msrp.CodeNoSession, msrp.CodeSessionBoundElsewhere: // RFC 4975 §10.8, §10.10
		s.fail(code)
		return
	case msrp.CodeTimeout:
		s.timedOut(m)
		return
	case msrp.CodeUnsupportedMedia:
		if media := mediaType(m.contentType); media != typeCPIM && !slices.Contains(s.unwelcome, media) && len(s.unwelcome) < 16 {
			s.unwelcome = append(s.unwelcome, media)
		}
	}
	if !m.final {
		s.tell(m, Failed, code)
		s.settleOwn(m)
	}
}

// timedOut: nobody answered. For a message the truth is unknown; for the SEND that only
// asks whether the path is alive, it is the answer.
func (s *Session) timedOut(m *outgoing) {
	if m.bodiless {
		s.fail(msrp.CodeTimeout)
		return
	}
	if !m.final {
		s.tell(m, Timeout, msrp.CodeTimeout)
		s.settleOwn(m)
	}
}

// report handles a REPORT. It is never answered, whatever is wrong with it (RFC 4975 §7.1.2).
func (c *Conn) report(now time.Time, f *msrp.Frame) {
	if !f.Last {
		return
	}
	if f.Fault != nil || !f.HasStatus || f.Status.Namespace != 0 {
		c.stats.IgnoredReports++
		return
	}
	s, code := c.bound(f.To())
	if code != 0 {
		c.stats.UnmatchedReports++
		return
	}
	s.active = now
	for _, m := range s.unsettled {
		if string(m.id) == string(f.MessageID()) {
			s.reported(m, f)
			return
		}
	}
	c.stats.UnmatchedReports++
}

func (s *Session) reported(m *outgoing, f *msrp.Frame) {
	if f.Status.Code/100 != 2 {
		switch f.Status.Code {
		case msrp.CodeStop, msrp.CodeUnsupportedMedia: // hit the message or its type only
			s.refused(m, f.Status.Code)
		default: // a range was lost on the way: RFC 4975 §7.3.2
			s.fail(f.Status.Code)
		}
		return
	}
	if !m.success {
		return // nobody asked
	}
	first, last := int64(1), m.size
	if f.HasRange {
		first, last = f.Range.Start, min(f.Range.End, m.size)
		if f.Range.End == msrp.Unknown {
			last = m.size
		}
	}
	if len(m.covered) < maxIntervals {
		m.covered.add(first, last)
	}
	if m.written && m.covered.covers(m.size) {
		s.tell(m, Delivered, msrp.CodeOK)
		s.settleOwn(m)
	}
}
