// Package leg carries legs of bearer MSRP: one SIP dialog, what its SDP agreed, and one MSRP
// session are one leg of a call. It is the one place where SIP, SDP and MSRP meet, and it decides
// nothing: it tells the engine what happened and does what the engine's effects say.
//
// Standards: RFC 4975 §5.4 and §8 (sessions and their SDP), RFC 3264 (offer/answer), RFC 3326
// (Reason), RFC 6135 (connection roles), NENA-STA-010.3 §2.1.6, §3.1.1.1, §4.2.1.3 and §4.2.2.2
// (identifiers, ringing, refusals, queues), RFC 6442 and RFC 7852 (location and additional data in
// the INVITE).
//
// # Life of a leg
//
//	           INVITE                 200                  first SEND
//	(nothing) ───────▶ offered ───────────▶ answered ───────────────▶ established
//	   ▲                  │ refuse/CANCEL       │ BYE, no ACK            │     ▲
//	   │                  ▼                     ▼                  lost  ▼     │ bound again
//	   └──────────────── ended ◀──────────────────────────────────── broken ───┘
//
// A leg that ended keeps its MSRP session for Config.LateGrace, because a text may be behind the
// BYE; then it is forgotten.
//
// # Acknowledgement
//
// A text is answered (200, success REPORT) only after the engine said that it is durable. What a
// leg tells the engine waits in the leg's inbox and is delivered one at a time, in the order in
// which it happened. While the log is away the inbox waits; a text that waited for
// Config.HoldVerdict is rejected with 408, which says to its sender that nobody has it.
// A text that no record of the log can hold is rejected with 413 once its type and size are durable.
//
// # Ownership and concurrency
//
// A Gateway is safe for concurrent use. It owns its goroutines: Run returns when all have ended. An
// idle leg has no goroutine. A leg's state is guarded by its mutex, which is never held during a
// call to the engine, the user agent or the MSRP endpoint.
//
// # Limits
//
// Legs are bounded by Config.MaxLegs, inboxes by what an MSRP session may leave unanswered.
//
// # Personal data
//
// Nothing of a text, number, name or location reaches the log or an error.
package leg
