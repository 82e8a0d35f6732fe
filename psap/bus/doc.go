// Package bus is the NATS binding of the PSAPs. It answers commands sent as requests to
//
//	t911.<psap>.cmd.<type>      header T911-Agent: who asks; payload {"id", "data"}
//
// with the same replies as every other binding, and publishes what is shown and forgotten on
//
//	t911.<psap>.evt.<call>.<noun>.<verb>
//
// with CloudEvents headers. Durable events are published there by the log itself once they are
// stored, with their seq in the header Nats-Sequence. In subjects the dots of a PSAP's name are
// "-"; events of the PSAP itself have the call "_".
//
// Who may send commands is settled by the NATS server's permissions; the header is believed.
//
// # Bounds
//
// Commands of one call are done in order, others side by side; at most Config.InFlight wait or are
// done, more are answered with too_many. While the server is away nothing is published: ephemeral
// events are lost, which is their nature. The connection comes back by itself.
//
// A Bus runs once. A Client is safe for concurrent use.
package bus
