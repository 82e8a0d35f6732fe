// Package firstparty is the 1PCC call model: the engine itself ends SIP and MSRP, the PSAP takes
// the call and answers it.
//
// Machine is a pure callmodel.Machine: no I/O, no clock, no goroutine; it is not safe for
// concurrent use. transitions.go holds every transition and the drawing; the other files are its
// memory: what has arrived, what is on its way out, which commands were done, when to be woken.
//
// What one call can hold is bounded: the wire ids of the last 256 messages, the states of the last
// 128 replies, the bodies of at most Config.MaxUnsent replies nobody has confirmed (1 MiB
// together), 4,096 commands of the last 24 hours. Texts that were received or confirmed are not
// kept; the log has them.
package firstparty
