// Package eventjson is the one JSON form of events: in the log, on NATS, on WebSocket, SSE and
// REST. Names follow CloudEvents 1.0 (specversion, id, source, type, subject, time, data), with
// seq (place in the PSAP's log), call_seq (place in the call), command (what caused it) and class
// ("ephemeral" for what is not stored) beside them:
//
//	{"specversion":"1.0","id":"01J…","source":"text911/psap.example",
//	 "type":"text911.message.received.v1","subject":"<call>","time":"2026-01-02T03:04:05.678Z",
//	 "call_seq":7,"data":{…}}
//
// The log stores the envelope without seq, because seq exists only after storage; AppendWithSeq
// puts it in front for readers that have no other place for it.
//
// Readers are lenient: unknown members are ignored and an event of an unknown kind or version
// comes back with Unknown as its data. Times are RFC 3339 in UTC with milliseconds. Errors never
// quote what they failed on, because it may be a text, a number or a place.
//
// The functions are pure and safe for concurrent use.
package eventjson

// MaxEnvelope bounds what Decode looks at.
const MaxEnvelope = 1 << 20

const (
	specVersion    = "1.0"
	sourcePrefix   = "text911/"
	typePrefix     = "text911."
	typeVersion    = ".v1"
	ephemeralClass = "ephemeral"
)
