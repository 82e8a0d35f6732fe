// Package psap is one answering centre: which calls there are and who waits, who is at work, who
// has claimed what and for how long, what is alarming, and the live view of all that for any number
// of consoles. It decides nothing about a call: commands go to the call's machine through Calls, and
// what it knows of calls it reads from the log.
//
//	log ── Follow ──► board, queue, roster, leases, alerts, tail ──► Subscriptions (consoles, bus)
//	commands ───────► Deliver (durable) ──► log
//
// A PSAP is safe for concurrent use. Its state is guarded by one mutex that is never held while
// anything is called that could wait. Run owns every goroutine.
//
// # Bounds
//
// The board keeps every open call and the newest closed ones (Config.KeepClosed, KeepClosedFor).
// The tail keeps Config.Tail events for subscribers; who falls behind it reads the log. Ephemeral
// notices wait per subscriber, at most Config.Ephemerals: the oldest are dropped, and counted. The
// roster holds at most 10,000 agents; more are refused.
//
// # Leases
//
// A claim lasts Config.Lease from the last sign of life of its agent: the heartbeat of a console or
// any command. Then the call is released with the reason lease_expired, and waits again. After a
// restart open claims last one lease anew, so that consoles can come back.
package psap
