package callmodel

// Logged is an event as it stands in the log of a PSAP. Event.Seq is its sequence there. Raw is
// its envelope as JSON without "seq" (eventjson splices it in); readers share it and must not
// change it.
type Logged struct {
	Event Event
	Raw   []byte
}
