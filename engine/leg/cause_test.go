package leg

import (
	"testing"

	"text911/callmodel"
	"text911/engine/msrp/transport"
	"text911/engine/sipua"
)

func TestEndOf(t *testing.T) {
	q850 := func(n int) []sipua.Reason { return []sipua.Reason{{Protocol: "q.850", Cause: n}} }
	for _, c := range []struct {
		end    sipua.End
		by     callmodel.By
		class  callmodel.CauseClass
		reason string
		wire   string
	}{
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowBye}, callmodel.ByTexter, callmodel.ClassNormal, "hung_up", ""},
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowBye, Reasons: q850(16)}, callmodel.ByTexter, callmodel.ClassNormal, "hung_up", ""},
		// RSN-02: a network that ends the call says so in Reason
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowBye, Reasons: q850(41)}, callmodel.ByNetwork, callmodel.ClassTheirs, "ended_by_network", ""},
		{sipua.End{By: sipua.PartyLocal, How: sipua.HowBye}, callmodel.ByEngine, callmodel.ClassNormal, "hung_up", ""},
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowCancel, Code: 487}, callmodel.ByTexter, callmodel.ClassNormal, "cancelled", "sip 487"},
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowRefused, Code: 603}, callmodel.ByNetwork, callmodel.ClassTheirs, "refused", "sip 603"},
		{sipua.End{By: sipua.PartyLocal, How: sipua.HowRefused, Code: 486}, callmodel.ByEngine, callmodel.ClassNormal, "refused", "sip 486"},
		{sipua.End{By: sipua.PartyNetwork, How: sipua.HowTimeout, Code: 408}, callmodel.ByNetwork, callmodel.ClassTheirs, "sip_timeout", "sip 408"},
		{sipua.End{By: sipua.PartyNetwork, How: sipua.HowTransport}, callmodel.ByNetwork, callmodel.ClassTheirs, "sip_unreachable", ""},
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowGone, Code: 481}, callmodel.ByNetwork, callmodel.ClassTheirs, "dialog_gone", "sip 481"},
		{sipua.End{By: sipua.PartyPeer, How: sipua.HowProtocol}, callmodel.ByNetwork, callmodel.ClassTheirs, "offer_answer_broken", ""},
		{sipua.End{}, callmodel.ByNetwork, callmodel.ClassUnknown, "dialog_ended", ""},
	} {
		by, cause := endOf(c.end)
		if by != c.by || cause != (callmodel.Cause{Class: c.class, Reason: c.reason, Wire: c.wire}) {
			t.Errorf("%v: by %q, %v", c.end, by, cause)
		}
	}
}

// The refusal before the answer: the cause's own SIP code when it names one that may be given,
// never a challenge (NENA-STA-010.3 §3.1.4), else 486 (§4.2.1.3).
func TestRefusalOf(t *testing.T) {
	for wire, want := range map[string]int{"": 486, "sip 603": 603, "sip 480": 480, "sip 200": 486, "sip 401": 486, "sip 407": 486,
		"msrp 481": 486, "sip x": 486, "sip 700": 486} {
		if got := refusalOf(callmodel.Cause{Wire: wire}); got != want {
			t.Errorf("%q: %d, want %d", wire, got, want)
		}
	}
}

// RSN-01: 16 for a normal end, 41 for lost media, 31 otherwise.
func TestReasonsOf(t *testing.T) {
	for _, c := range []struct {
		cause callmodel.Cause
		want  int
	}{
		{callmodel.Cause{Class: callmodel.ClassNormal, Reason: "closed"}, 16},
		{callmodel.Cause{Class: callmodel.ClassUnknown, Reason: "not_mended"}, 41},
		{callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "msrp_connection_lost"}, 41},
		{callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "refused", Wire: "msrp 481"}, 41},
		{callmodel.Cause{Class: callmodel.ClassOurs, Reason: "fault"}, 31},
	} {
		if got := reasonsOf(c.cause); len(got) != 1 || got[0].Protocol != "Q.850" || got[0].Cause != c.want {
			t.Errorf("%v: %v, want %d", c.cause, got, c.want)
		}
	}
}

func TestLossOf(t *testing.T) {
	if c := lossOf(transport.Loss{}); c.Reason != "msrp_connection_lost" || c.Wire != "" {
		t.Errorf("lost: %v", c)
	}
	if c := lossOf(transport.Loss{Code: 481}); c.Reason != "msrp_session_refused" || c.Wire != "msrp 481" {
		t.Errorf("refused: %v", c)
	}
}
