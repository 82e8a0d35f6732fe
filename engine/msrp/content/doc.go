// Package content reads and writes the bodies that travel in MSRP messages: message/cpim
// (RFC 3862, as used by RFC 4975 §13), typing states (RFC 3994), disposition notifications
// (RFC 5438), character sets and multipart. It is pure and its inputs are bounded.
package content
