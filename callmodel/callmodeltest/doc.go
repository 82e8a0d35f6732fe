// Package callmodeltest plays scenario files against any callmodel.Machine.
//
// A scenario is plain text. A line that begins with "at" is an input with its time since the
// beginning; the indented lines under it are what the machine decided. The rest is comment.
//
//	# scenario: a text is answered
//	config idlewarning=10m
//	at 00:00 leg-offered leg=L1 offer.psap=p offer.bearer=msrp
//	  event 1 call.offered mode=1pcc psap=p bearer=msrp
//	  effect answer-leg leg=L1
//	  state queued leg=opening
//
// Inputs are named after their types, members after their fields, both in lower case; text="…" is
// short for a plain content, a time is given relative to the beginning. "at deadline" is the time
// the machine asked for. Beside the inputs there is "replay": the machine is thrown away and made
// anew from its events.
//
// The outcome lines are "event" (stored), "shown" (ephemeral), "effect", "refused CODE", "repeat …",
// "state" and "wake" when they changed. Texts and other private members are shown as their length.
//
// Check compares; with -update it rewrites the file, and the difference is the review.
package callmodeltest
