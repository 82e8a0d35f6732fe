package sipua

import (
	"fmt"

	"text911/callmodel"
)

// Party names who ended a dialog.
type Party uint8

// Who ended a dialog.
const (
	PartyUnknown Party = iota
	PartyPeer          // the far end: its BYE, its CANCEL, its refusal
	PartyLocal         // we: our BYE, our CANCEL, our refusal
	PartyNetwork       // nobody: silence, a dead connection, a lost ACK
)

// String is the word used in logs and metrics.
func (p Party) String() string {
	switch p {
	case PartyPeer:
		return "peer"
	case PartyLocal:
		return "local"
	case PartyNetwork:
		return "network"
	}
	return "unknown"
}

// How names the way a dialog ended.
type How uint8

// How a dialog ended.
const (
	HowUnknown   How = iota
	HowBye           // BYE after the answer
	HowCancel        // CANCEL before the answer
	HowRefused       // final response other than 2xx to the INVITE
	HowTimeout       // no answer to a request, no ACK, or no session refresh
	HowTransport     // the message could not be sent
	HowGone          // 481 or 408 inside the dialog: the far end does not know it any more
	HowShutdown      // Run ended with the dialog still up; nothing was sent
	HowProtocol      // the far end broke offer/answer rules (for example ACK without the answer)
)

// String is the word used in logs and metrics.
func (h How) String() string {
	names := [...]string{"unknown", "bye", "cancel", "refused", "timeout", "transport", "gone", "shutdown", "protocol"}
	if int(h) < len(names) {
		return names[h]
	}
	return names[0]
}

// End tells how and by whom a dialog ended. It is a value: compare and keep it.
type End struct {
	By      Party
	How     How
	Code    int      // SIP status that goes with it (487, 408, 481, 486…), 0 when there is none
	Reasons []Reason // Reason header of the ending request or response (RFC 3326)
}

// String is safe for logs: it holds no text of the far end.
func (e End) String() string {
	if e.Code == 0 {
		return fmt.Sprintf("%s by %s", e.How, e.By)
	}
	return fmt.Sprintf("%s by %s (%d)", e.How, e.By, e.Code)
}

// Reason is one value of a Reason header field (RFC 3326 §2).
type Reason struct {
	Protocol string // "SIP", "Q.850", or what the far end wrote
	Cause    int    // 0 when absent or unreadable
	Text     callmodel.Private
}

// EndError is the cause of a dialog's context after its end.
type EndError struct{ End End }

// Error names the end without text of the far end.
func (e *EndError) Error() string { return "dialog ended: " + e.End.String() }
