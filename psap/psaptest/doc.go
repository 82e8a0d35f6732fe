// Package psaptest is a call taker's console without a screen, over a real WebSocket: for tests,
// simulators and load. A Console is one connection, driven frame by frame by its owner; it answers
// pings, acknowledges, and checks that durable events come once and in order. An AutoTaker works by
// itself: it claims what waits, marks lines as shown, answers them, and comes back when it is cut.
//
// A Console is read by one goroutine; commands may be sent by any. It starts no goroutine.
package psaptest
