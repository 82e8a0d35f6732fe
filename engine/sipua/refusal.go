package sipua

import (
	"fmt"
	"time"
)

// Refusal is a final response other than 2xx that we give, or got. It is an error so that
// OnOffer can return it and Invite can report it; use errors.As.
type Refusal struct {
	Code       int           // 300..699
	Reason     string        // reason phrase; empty: the standard one
	RetryAfter time.Duration // sent as Retry-After when above zero, rounded up to seconds
	Warning    string        // complete Warning value, for example `304 host "no common type"`; empty: none
	Reasons    []Reason      // Reason header values received with it; not sent
}

// Error gives the code and our own phrase for it, never the far end's text.
func (r *Refusal) Error() string { return fmt.Sprintf("refused with %d %s", r.Code, phrase(r.Code)) }

// Admission is Policy's word on a new call. The zero value takes the call.
type Admission struct {
	Code       int           // 0 takes it; 486 capacity; 503 draining or the log is away
	RetryAfter time.Duration // for 503
}

// Take admits a call.
func Take() Admission { return Admission{} }

// Busy refuses for capacity: 486, so that the ESRP goes on with its rule set
// (NENA-STA-010.3 §4.2.1.3).
func Busy() Admission { return Admission{Code: 486} }

// Away refuses because we cannot keep a text safe now (draining, log unavailable): 503 with
// Retry-After (RFC 3261 §21.5.4).
func Away(retryAfter time.Duration) Admission {
	return Admission{Code: 503, RetryAfter: retryAfter}
}
