package leg

import (
	"fmt"
	"strconv"
	"strings"

	"text911/callmodel"
	"text911/engine/msrp/transport"
	"text911/engine/sipua"
)

// Codes of refusals before the answer and of failures.
const (
	codeBusy          = 486
	codeForbidden     = 403
	codeNotFound      = 404
	codeUnavailable   = 503
	codeNotAcceptable = 488
)

// endOf translates the end of a dialog.
func endOf(e sipua.End) (callmodel.By, callmodel.Cause) {
	c := callmodel.Cause{Class: callmodel.ClassNormal, Wire: wire("sip", e.Code)}
	switch e.How {
	case sipua.HowBye:
		c.Reason = "hung_up"
		if e.By == sipua.PartyLocal {
			return callmodel.ByEngine, c
		}
		if abnormal(e.Reasons) {
			c.Class, c.Reason = callmodel.ClassTheirs, "ended_by_network"
			return callmodel.ByNetwork, c
		}
		return callmodel.ByTexter, c
	case sipua.HowCancel:
		c.Reason = "cancelled"
		return callmodel.ByTexter, c
	case sipua.HowRefused:
		c.Reason = "refused"
		if e.By == sipua.PartyLocal {
			return callmodel.ByEngine, c
		}
		c.Class = callmodel.ClassTheirs
		return callmodel.ByNetwork, c
	case sipua.HowTimeout:
		c.Class, c.Reason = callmodel.ClassTheirs, "sip_timeout"
	case sipua.HowTransport:
		c.Class, c.Reason = callmodel.ClassTheirs, "sip_unreachable"
	case sipua.HowGone:
		c.Class, c.Reason = callmodel.ClassTheirs, "dialog_gone"
	case sipua.HowProtocol:
		c.Class, c.Reason = callmodel.ClassTheirs, "offer_answer_broken"
	default:
		c.Class, c.Reason = callmodel.ClassUnknown, "dialog_ended"
	}
	return callmodel.ByNetwork, c
}

// abnormal reads the Reason of a BYE: a Q.850 cause other than normal clearing says that the network
// and not the texter ended it (RFC 3326 §2).
func abnormal(reasons []sipua.Reason) bool {
	for _, r := range reasons {
		if strings.EqualFold(r.Protocol, "Q.850") && r.Cause != 0 {
			return r.Cause != 16 && r.Cause != 31
		}
	}
	return false
}

// reasonsOf is the Reason header of our BYE (RFC 3326 §2).
func reasonsOf(c callmodel.Cause) []sipua.Reason {
	switch {
	case c.Class == callmodel.ClassNormal:
		return []sipua.Reason{{Protocol: "Q.850", Cause: 16}}
	case strings.HasPrefix(c.Wire, "msrp"), strings.HasPrefix(c.Reason, "msrp"), c.Reason == "not_mended":
		return []sipua.Reason{{Protocol: "Q.850", Cause: 41}}
	}
	return []sipua.Reason{{Protocol: "Q.850", Cause: 31}}
}

// lossOf translates the end of an MSRP binding.
func lossOf(l transport.Loss) callmodel.Cause {
	c := callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "msrp_connection_lost"}
	if l.Code != 0 {
		c.Reason, c.Wire = "msrp_session_refused", wire("msrp", l.Code)
	}
	return c
}

// refusalOf is the final response that a cause asks for: its wire code when it is one of SIP, else
// 486, which lets the ESRP go on with its rules (NENA-STA-010.3 §4.2.1.3).
func refusalOf(c callmodel.Cause) int {
	protocol, digits, _ := strings.Cut(c.Wire, " ")
	if code, err := strconv.Atoi(digits); err == nil && protocol == "sip" && code >= 300 && code < 700 && code != 401 && code != 407 {
		return code
	}
	return codeBusy
}

func wire(protocol string, code int) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf("%s %d", protocol, code)
}
