// Package bench measures the engine on the machine it runs on, beside a raw loopback echo of the
// same octets in the same run: what counts is the share of the echo, not the figure of one machine.
//
// The load generator sends a SEND of 160 octets, waits for its 200 and sends the next, one
// outstanding per session, and costs no more than an echo client. It shares the processors with
// what it measures.
package bench
