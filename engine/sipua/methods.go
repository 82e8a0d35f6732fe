package sipua

import "slices"

// What we tell the far end we can do (RFC 3261 §20.1, §20.5, §20.37).
const (
	allowed      = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, MESSAGE, INFO, NOTIFY"
	supported    = "timer, 100rel, geolocation-sip, geolocation-http"
	acceptBodies = "application/sdp, multipart/mixed, application/pidf+xml"
)

// isKnown lists the methods that are SIP, whether we take them or not: 405 for these, 501 for
// anything else.
func isKnown(method string) bool {
	return slices.Contains([]string{"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "PRACK", "MESSAGE",
		"INFO", "NOTIFY", "REFER", "SUBSCRIBE", "REGISTER", "PUBLISH"}, method)
}

// tolerated lists the option tags that may stand in Require. Most ask for nothing a receiver has
// to do; an emergency call is not refused for naming them.
func tolerated(tag string) bool {
	return slices.Contains([]string{"timer", "100rel", "geolocation-sip", "geolocation-http", "histinfo", "recordaware",
		"resource-priority", "path", "outbound", "gruu", "privacy"}, tag)
}
