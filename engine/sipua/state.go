package sipua

import (
	"time"

	"text911/callmodel"
)

// State is everything needed to go on with a confirmed dialog after the process that held it is
// gone (RFC 3261 §12). It is a plain value that encodes to JSON; journal it and give it to
// UA.Restore on this or another node.
type State struct {
	CallID    string            `json:"call_id"`
	LocalTag  string            `json:"local_tag"`
	RemoteTag string            `json:"remote_tag"`
	LocalURI  callmodel.Private `json:"local_uri"`  // complete From/To value without tag
	RemoteURI callmodel.Private `json:"remote_uri"` // complete From/To value without tag
	Outgoing  bool              `json:"outgoing,omitempty"`

	LocalSeq  uint32 `json:"local_seq"`  // last CSeq number we used, 0 none
	RemoteSeq uint32 `json:"remote_seq"` // last CSeq number the far end used, 0 none

	RouteSet  []string          `json:"route_set,omitempty"`
	Target    callmodel.Private `json:"target"`  // remote target: URI of the far end's Contact
	Contact   callmodel.Private `json:"contact"` // our own Contact URI
	Transport Transport         `json:"transport"`
	Flow      string            `json:"flow,omitempty"` // address the last request came from
	Peer      string            `json:"peer,omitempty"` // trunk name given by Policy

	PeerAllows []string      `json:"peer_allows,omitempty"` // methods of the far end's Allow
	Interval   time.Duration `json:"interval,omitempty"`    // session timer, 0 off
	Refresher  bool          `json:"refresher,omitempty"`   // we refresh
	SDP        []byte        `json:"sdp,omitempty"`         // our last session description, repeated in a refreshing re-INVITE
}
