// Package sipua is a SIP user agent for emergency text calls: it takes INVITEs from ESRP trunks,
// places INVITEs of its own, and gives every dialog as an ordered series of events.
//
// Standards: RFC 3261 (core), 3262 (PRACK), 3264 and 6337 (offer/answer carriers), 3311 (UPDATE),
// 3326 (Reason), 4028 (session timers), 6026 (INVITE transactions), 3581 (rport), and the header
// rules of NENA-STA-010.3 for calls on an ESInet. It knows nothing of what stands in a session
// description and nothing of MSRP.
//
// # What is sipgo's and what is ours
//
// github.com/emiago/sipgo is the codec: message grammar, stream framing, size limits. Sockets,
// transactions and dialogs are written here, because three promises cannot be kept on top of its
// upper layers: requests of one dialog are handled in the order they arrived (it starts a
// goroutine per message), timers belong to a UA and to an injected clock (its are process-wide
// variables), and every goroutine ends before Run returns. Moving back needs those three upstream.
//
// # Ownership and concurrency
//
// A UA is safe for concurrent use. Everything that belongs to one Call-ID (its transactions and
// dialogs) is owned by one call actor: a mailbox that is drained by a goroutine only while there
// is work, so an idle confirmed dialog costs memory and nothing else. Application callbacks of a
// dialog run on a second, equally ordered mailbox, so a slow callback delays its own dialog's
// events only; requests are still answered meanwhile.
//
// # Limits
//
// See limits.go: message size, header and body counts, connections, queued work, calls. Whatever
// is above a limit is refused in SIP terms or dropped, and counted in Stats.
//
// # Personal data
//
// Numbers, names, locations and bodies are callmodel.Private. The raw INVITE is handed to the
// application once with the Invitation and is not kept by the dialog.
package sipua
