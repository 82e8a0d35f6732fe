package session

import "text911/engine/msrp"

// EventKind says which fields of an Event are set.
type EventKind uint8

// What a session tells its application.
const (
	// EventBound: the first request of the session was accepted on this connection, or
	// Attach was called. Sending is possible now.
	EventBound EventKind = iota + 1
	// EventMessage: a message is complete and waits for a verdict. Session, MessageID,
	// ContentType, Body, Ticket; SuccessReport tells that the sender wants a report.
	EventMessage
	// EventRepeat: a message arrived again that was accepted before. It has been answered;
	// there is nothing to do. Session, MessageID.
	EventRepeat
	// EventPartial: a text was given up by its sender or never completed. What came of its
	// beginning is in Body. No verdict. Session, MessageID, ContentType, Body, Partial.
	EventPartial
	// EventComposing: a typing state (RFC 3994) arrived and has been answered; it is not a
	// message. Session, Body.
	EventComposing
	// EventSent: an own message changed its state. Session, MessageID, State, Code.
	EventSent
	// EventFailed: the session cannot go on; recovery needs new SDP. Told once. Session,
	// Code (0 for a lost connection), Unconfirmed.
	EventFailed
	// EventClosing: the connection must be closed after the remaining output. Reason.
	EventClosing
)

// SendState is how far an own message has come.
type SendState uint8

// The states of an own message. Sent is final for Failure-Report no and partial without
// Success-Report; Accepted is final for a message without Success-Report; Delivered,
// Failed and Timeout are final. Accepted stays the last word if no REPORT comes while
// Config.MaxUnconfirmed later messages are sent.
const (
	Sent      SendState = iota + 1 // written; no answer is expected
	Accepted                       // the next hop answered 200 to every chunk
	Delivered                      // success REPORTs cover the whole message
	Failed                         // refused with Code
	Timeout                        // no answer in time: the truth is unknown
)

// String names the state.
func (s SendState) String() string {
	return [...]string{"none", "sent", "accepted", "delivered", "failed", "timeout"}[min(int(s), 5)]
}

// PartialReason says why a message never completed.
type PartialReason uint8

// The reasons of EventPartial.
const (
	Aborted PartialReason = iota + 1 // the sender said so
	Expired                          // the next chunk did not come in time
	Cut                              // the session ended
)

// Ticket names one message that waits for a verdict. The zero Ticket names none.
type Ticket struct {
	slot uint32
	turn uint32
}

// Event is something the application must hear. Body and strings belong to the receiver.
type Event struct {
	Kind    EventKind
	Session *Session

	MessageID     msrp.MessageID
	ContentType   string
	Body          []byte
	Ticket        Ticket
	SuccessReport bool
	Partial       PartialReason

	State       SendState
	Code        int
	Unconfirmed []msrp.MessageID // own messages without final state, oldest first
	Reason      string
}
