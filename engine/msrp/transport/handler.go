package transport

import (
	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// Handler is what a session's application provides. Calls for one session come
// one at a time and in order, from goroutines of the endpoint. They must return
// at once: whatever takes time belongs elsewhere. Nil functions ignore what they
// would hear; Received is required.
type Handler struct {
	// Bound says that a connection now carries the session.
	Bound func(s *Session)
	// Received hands over a complete message, which the handler owns. Its
	// verdict may be given by the result or, after Later, through m.
	Received func(s *Session, m Message) Verdict
	// Partial hands over the beginning of a text that never completed.
	Partial func(s *Session, p Partial)
	// Composing hands over a typing state, an application/im-iscomposing+xml
	// document (RFC 3994). It has been answered.
	Composing func(s *Session, document []byte)
	// Sent tells how far an own message has come.
	Sent func(s *Session, u Update)
	// Lost says, once, that the session has no connection any more. It will
	// bind again if another connection comes.
	Lost func(s *Session, l Loss)
}

// Verdict is the answer to a received message.
type Verdict int

// Verdicts. Any registered MSRP error code is one too.
const (
	// Later leaves the answer to Message.Accept or Message.Reject.
	Later Verdict = 0
	// Accepted says that the application has the message for good.
	Accepted Verdict = 200
)

// Message is a received message. It may be kept and copied.
type Message struct {
	ID            msrp.MessageID
	ContentType   string
	Body          []byte
	SuccessReport bool // the sender asked for a success REPORT

	session *Session
	core    *session.Session
	conn    *Conn
	ticket  session.Ticket
}

// Accept answers the message with 200 and, where asked for, a success REPORT. It
// reports false when there is nothing left to answer, for instance because the
// connection was lost; the sender will repeat the message then. It never waits
// for the network.
func (m Message) Accept() bool { return m.conn.verdict(m, Accepted) }

// Reject answers the message with an error code; it counts as not received.
func (m Message) Reject(code int) bool { return m.conn.verdict(m, Verdict(code)) }

// Partial is what arrived of a text that its sender gave up or never finished.
type Partial struct {
	ID          msrp.MessageID
	ContentType string
	Body        []byte
	Reason      session.PartialReason
}

// Update is a new state of an own message.
type Update struct {
	ID    msrp.MessageID
	State session.SendState
	Code  int // with Failed: the code it was refused with
}

// Loss says how a binding ended.
type Loss struct {
	// Code is the MSRP code that ended it (481, 506, 408 …); 0 when the
	// connection broke.
	Code int
	// Reason is a short constant text for logs.
	Reason string
	// Unconfirmed are own messages without a final state, oldest first. They
	// are sent again, under their Message-IDs, on the next connection.
	Unconfirmed []msrp.MessageID
}
