// Package session is the endpoint core of MSRP (RFC 4975): what happens to messages
// between an application and one connection. It is pure: no sockets, no goroutines, no
// clock. Time is an argument, randomness comes in through the configuration, and octets
// go in and out as slices.
//
// A Session is one MSRP session of one SDP negotiation. A Conn is the core of one
// connection: it owns the scanner, the sessions bound to it, and the order in which
// octets go out. A Table knows which session URI is waiting or bound where.
//
//	Receive(now, octets)      octets came from the peer
//	TakeEvents(dst)           what the application must hear
//	AppendOutput(dst, max)    octets for the peer
//	Wrote(now)                all octets taken so far were handed to the operating system
//	Deadline(), Tick(now)     timers
//	Lost(now)                 the connection is gone
//
// # Ownership
//
// A Session belongs to whoever made it until it is attached to a Conn (Attach, or a claim
// through Table when its first SEND arrives); from then on to the owner of that Conn, and
// after Lost, EventFailed or Close again to its maker. Nothing here locks: a caller with several
// goroutines holds one lock per Conn around every call on it and its sessions, and one
// lock around the Table.
//
// # Acknowledgement
//
// Chunks that do not complete a message are answered at once. The chunk that completes it
// is answered only by Accept or Reject with the Ticket of its EventMessage: a 200 means
// that the application has the message safely. Verdicts may come in any order and at any
// time. While MaxPending verdicts are open the Conn stops processing input
// (WantsInput is false) and the peer is held back by its own connection.
package session
