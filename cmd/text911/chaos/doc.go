// Package chaos kills the whole binary under load and holds what is left against the promise: what
// was acknowledged is in the log exactly once and in order, and consoles see every event once. It
// also sends hostile traffic beside a conversation, and looks for people's words in the logs. It
// holds tests only; the long ones are built with the tag chaos.
package chaos
