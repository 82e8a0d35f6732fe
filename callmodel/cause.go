package callmodel

import "fmt"

// CauseClass is what alarms look at.
type CauseClass string

const (
	ClassNormal   CauseClass = "normal"
	ClassOurs     CauseClass = "ours"
	ClassTheirs   CauseClass = "theirs"
	ClassUpstream CauseClass = "upstream"
	ClassUnknown  CauseClass = "unknown"
)

// Cause says why something ended or failed: the class for alarms, the reason (a stable word such
// as "hung_up" or "response_timeout") for people, the wire code ("sip 487", "msrp 408") for the
// far side's log. It never holds personal data.
type Cause struct {
	Class  CauseClass `json:"class"`
	Reason string     `json:"reason"`
	Wire   string     `json:"wire,omitempty"`
}

func (c Cause) String() string {
	if c.Wire == "" {
		return fmt.Sprintf("%s/%s", c.Class, c.Reason)
	}
	return fmt.Sprintf("%s/%s (%s)", c.Class, c.Reason, c.Wire)
}

// By says who closed a call.
type By string

const (
	ByTexter     By = "texter"
	ByTaker      By = "taker"
	ByTransfer   By = "transfer"
	ByTimeout    By = "timeout"
	ByNetwork    By = "network"
	ByEngine     By = "engine"
	ByPolicy     By = "policy"
	ByController By = "controller"
)
