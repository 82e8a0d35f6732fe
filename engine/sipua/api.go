package sipua

import (
	"net"
	"time"

	"text911/callmodel"
)

// Invitation is a new call that waits for our answer. Its methods may be called from any
// goroutine; after the first final answer or after the far end gave up they return ErrOver.
type Invitation struct {
	Facts
	Peer     string            // trunk name given by Policy
	Evidence Evidence          // where it came from
	CallID   string            // SIP Call-ID
	Offer    []byte            // the offered session description; nil: the far end wants our offer in the 200
	Raw      callmodel.Private // the whole INVITE as received
	Received time.Time         // when its last byte was read
	Dialog   *Dialog           // the dialog it makes
}

// Outgoing is an INVITE to send.
type Outgoing struct {
	Target  string            // Request-URI
	Route   []string          // Route URIs, first hop first; give them ;lr
	From    callmodel.Private // name-addr or URI; empty: our Contact
	To      callmodel.Private // name-addr or URI; empty: Target
	Offer   []byte            // nil: offerless, the far end's offer comes through OnOffer
	Headers []Header          // further header fields, in order
	Parts   []Part            // further body parts; with Offer they make a multipart/mixed
	Peer    string            // trunk name, kept in State
}

// Header is one header field.
type Header struct{ Name, Value string }

// Message is a request inside a dialog other than INVITE, UPDATE, BYE, or the answer to one.
type Message struct {
	Method      string // INFO, MESSAGE, REFER, NOTIFY…
	Headers     []Header
	ContentType string
	Body        callmodel.Private
}

// Bound is a socket the UA listens on.
type Bound struct {
	Transport Transport
	Addr      net.Addr
}
