// Package msrp is the codec of the Message Session Relay Protocol (RFC 4975, with the
// framing needs of RFC 4976 and RFC 7701): URIs, paths, identifiers, byte ranges, an
// incremental Scanner that turns octets into frames, and encoders that turn values into
// octets.
//
// The package is pure: it opens nothing, starts nothing and reads no clock. Randomness
// comes in through NewIDSource. A Scanner and an IDSource have one owner and are not safe
// for concurrent use; everything else is a value.
//
// Two receive profiles exist. Strict refuses everything the grammar does not allow.
// Lenient, the zero value, tolerates a closed list of deviations seen in deployed peers;
// each has a Quirk that is counted. What is sent has one form only.
//
// Limits are those of Limits. Memory per Scanner is bounded by the header section limit
// plus one read: bodies of SEND requests are handed out in pieces as they arrive.
package msrp
