// Package transport carries MSRP sessions (RFC 4975 §5.4, RFC 6135) over TCP and
// TLS: it listens, connects, binds connections to sessions by the session-id in
// To-Path, and moves octets between sockets and the pure core of package session.
//
//	e := transport.New(cfg)
//	l, err := e.Listen(transport.ListenConfig{Address: ":2855", Host: "192.0.2.20"})
//	go e.Run(ctx)                          // returns when everything has ended
//	s, err := e.NewSession(l, session.Config{...}, handler)
//	… s.Path() goes into the own SDP, then:
//	s.SetPeer(peer)                        // what the peer's SDP said
//	s.Connect(ctx, target)                 // the active side only
//	s.Send(m)                              // from any goroutine, at any time
//	s.Close()                              // after BYE
//
// # Ownership
//
// An Endpoint owns its listeners, connections and goroutines; Run returns after
// all of them have ended. A connection has one goroutine that reads, steps the
// core and writes the answers itself, and at times a second one: while the peer
// does not take what is written, or while the application must hear of
// something that another goroutine caused. A Session is safe for concurrent use
// and outlives its connections: when one is lost the session is unbound, keeps
// its unconfirmed messages, and binds again through another connection.
//
// # Acknowledgement
//
// A received message is answered when the application says so: at once, by what
// Handler.Received returns, or later, by Message.Accept or Message.Reject from
// any goroutine. Neither ever waits for the peer.
//
// # Limits
//
// Connections are limited per source and in total; those that have bound nothing
// are the first to go. A connection that owes verdicts, or whose peer does not
// read, is not read from. Slow and silent peers are ended by timers that one
// goroutine of the endpoint serves. See Config.
package transport
