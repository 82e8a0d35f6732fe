// Package console serves call takers' consoles over WebSocket (RFC 6455): GET /v1/ws, subprotocol
// text911.v1, JSON text frames with an "op".
//
//	server                                client
//	hello ─────────────────────────────►
//	      ◄───────────────────────────── start {psap, agent, …}   or   resume {psap, agent, epoch, seq, …}
//	ready {epoch, seq, snapshot}, or
//	resumed {from, to}, or
//	gap {from, to, reason} then ready ──►
//	event {event} … ────────────────────►
//	      ◄───────────────────────────── ack {seq}, command {id, type, data}
//	reply {id, ok, seq, data | error} ──►
//	ping / pong ◄──────────────────────► ping / pong
//	error {code, …, close}, goaway ─────►
//
// # Exactness
//
// Every durable event with a seq greater than that of ready, or of the resume, comes once and in
// order. Ephemeral events (class "ephemeral", no seq) are shown to who is connected and may be
// dropped. A filter leaves events out; ping tells the seq up to which nothing more will come.
//
// # Slow consoles
//
// A console acknowledges what it has handled. At most Config.Window durable events, or
// Config.WindowBytes, may be unacknowledged; then sending pauses, and a console that makes no room
// within Config.AckWait is cut with slow_consumer and resumes by seq. Nobody else waits for it: each
// connection reads the PSAP's stream by itself.
//
// # Life
//
// Each connection has one reader, which is the goroutine of the HTTP handler, and one writer, which
// the reader waits for. A console that sends no frame for Config.Cut is cut (heartbeat_missed):
// protocol pongs do not count, because a browser answers them while the page is dead. Before the
// server closes for a failure it sends an error frame. Close codes are in close.go.
//
// A Server is an http.Handler; Close ends its connections and waits for them.
package console
