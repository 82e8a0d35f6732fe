// Package api is what the outside may ask of a PSAP and what it is told, one definition for every
// binding: commands, replies, problems (RFC 9457 members), roles, limits, and the AsyncAPI 3
// document. It knows no transport.
//
// A binding makes one Service per PSAP and gives it every command; the same Service serves all
// bindings, so that a command repeated over another one is still known. Run keeps the commands of
// one call in order while those of different calls go side by side.
//
// # Repeats
//
// A command has an id of the client's own. The same id with the same body within 24 hours gets the
// same answer and has no second effect; with another body it is refused with id_reused. Answers are
// remembered for the newest 32,768 commands of a PSAP; beyond that, and after a restart, the call
// itself still knows what was done and only the details of the answer may differ. Reading commands,
// call.typing and message.shown are not remembered, because doing them again changes nothing, and
// neither are answers that say "try again".
package api
