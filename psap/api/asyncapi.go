package api

import _ "embed"

//go:embed asyncapi.json
var asyncAPI string

// AsyncAPI is the AsyncAPI 3.0 document of the interface: WebSocket frames, NATS subjects,
// commands and events, with a JSON Schema for each.
func AsyncAPI() string { return asyncAPI }
