// Package msrptest imitates MSRP peers (RFC 4975) for tests, simulators and
// benchmarks.
//
// A Peer speaks literal octets over any net.Conn and reads frames with a reader
// of its own: it shares no code with the codec it tests, so that the two cannot
// agree on a mistake. Pipe is a connection in memory with chosen read sizes and
// a bounded buffer; it settles under testing/synctest. Load is a generator that
// costs about as much as a raw echo client, and Echo the raw server to compare
// with.
//
// A Peer and each end of a Pipe have one reader and one writer at a time.
package msrptest
