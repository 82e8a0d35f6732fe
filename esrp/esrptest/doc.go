// Package esrptest plays an ESRP with people behind it who text: for tests, simulators and the
// demonstration. It speaks SIP and MSRP over real sockets, places a call per texter, follows a
// script, and gives a full account of what was sent, acknowledged, reported and received.
//
// A Network is the ESRP: one SIP user agent and one MSRP endpoint for all texters, so that
// thousands of them fit into a process. A Texter is one call. A Story is what a texter does, step
// by step; a Load is many texters that send numbered texts. An Account is what happened, from which
// Compare finds what was lost, duplicated or misordered.
//
// Every text, name and number here is invented. Texters are safe for concurrent use; a Network owns
// its goroutines, and Run returns when they have ended.
package esrptest
