// Package engine runs calls. It keeps one actor per call, and every input to a call goes one way:
//
//	Step → append to the log (durable) → Apply → acknowledge → observers → outbox → adapter
//
// Deliver returns nil only when the events of its input are durable; that return is the permission
// to acknowledge a text to its sender. The engine knows no protocol and no mode: machines of
// callmodel decide, adapters (Legs) perform, the log keeps.
//
// # Actors
//
// An actor is a call's machine and a token. Whoever holds the token has the turn: Deliver takes it
// and steps the machine on its caller's goroutine, so an idle call costs no goroutine and a busy
// one no hand-over. Others wait in a bounded mailbox, in order, and are refused with too_many when
// it is full. One heap of deadlines serves all calls.
//
// # Outboxes
//
// Effects of a leg wait in its outbox, which has a goroutine only while it has work, and are
// performed in order. A command whose effect has no room is refused with too_many before anything
// is stored.
//
// # What can go wrong
//
// The log is away: the sender gets an error with Unavailable() true and nothing changed. Somebody
// else wrote to the call (fenced), or an append ended without an answer: the call's events are read
// again and what is owed is performed again; adapters must take a repeated effect as one. A machine
// panics: the call is rebuilt from the log; after Config.Faults panics in a row it is closed by the
// engine. None of this touches another call.
//
// An Engine is safe for concurrent use once Run was called. It logs ids and counts, never content.
package engine
