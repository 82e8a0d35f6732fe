package sdpmsrp

import "strings"

// Setup is the value of a=setup (RFC 4145 §4, restricted by RFC 6135 §4.2).
type Setup string

// Setup values. SetupAbsent also stands for holdconn, unknown and repeated
// values, which MSRP reads as no value at all (RFC 6135 §4.2.1).
const (
	SetupAbsent  Setup = ""
	SetupActive  Setup = "active"
	SetupPassive Setup = "passive"
	SetupActpass Setup = "actpass"
)

// Role says what the own side does to get a connection.
type Role string

// Roles. RoleNone means nobody can connect.
const (
	RoleNone    Role = ""
	RoleActive  Role = "active"  // connect, be TLS client, send the first SEND
	RolePassive Role = "passive" // listen and stay silent until bound
)

// Situation is what the own side can do, as far as roles depend on it.
type Situation struct {
	// Unreachable is true when the peer cannot connect to the own path.
	Unreachable bool
	// Relay is true when the own path leads through an own RFC 4976 relay.
	Relay bool
	// InUse is the role of a connection that is alive; RoleNone when there is none.
	InUse Role
}

func parseSetup(value string) (Setup, bool) {
	switch s := Setup(strings.ToLower(strings.TrimSpace(value))); s {
	case SetupActive, SetupPassive, SetupActpass:
		return s, true
	}
	return SetupAbsent, false
}

// offerSetup chooses the value for an own offer: actpass when the peer can
// reach the own side or a relay stands before it, else active; never passive
// (RFC 6135 §4.2.2). While a connection lives the value names the role in use
// or leaves it open.
func offerSetup(s Situation) Setup {
	if s.InUse == RoleActive && !s.Relay {
		return SetupActive
	}
	if s.Unreachable && !s.Relay {
		return SetupActive
	}
	return SetupActpass
}

// answerSetup is the answerer's half of the role table. ok is false when no
// workable role is left (RFC 6135 §5).
//
//	offer says            reachable   not reachable   own relay
//	actpass               passive     active          passive
//	active                passive     refuse          passive
//	passive               active      active          active
//	absent, holdconn, ?   passive     refuse          passive
func answerSetup(offer Setup, s Situation) (answer Setup, ok bool) {
	if s.InUse == RoleActive && (offer == SetupActpass || offer == SetupPassive) && !s.Relay {
		return SetupActive, true
	}
	switch {
	case offer == SetupPassive:
		return SetupActive, true
	case s.Relay, !s.Unreachable:
		return SetupPassive, true
	case offer == SetupActpass:
		return SetupActive, true
	default:
		return SetupAbsent, false
	}
}

// offererOutcome is what an answer makes of the offerer.
type offererOutcome struct {
	role Role
	// keepListening asks to leave the listener open beside an own connection
	// attempt: both sides may believe they connect.
	keepListening bool
}

// offererRole is the offerer's half of the role table (RFC 6135 §4.2.2 and the
// practice of peers that answer outside it). peerPort is the port of the peer's
// leftmost path URI: with two active sides a connection is possible only to a
// real one.
//
//	own offer   answer passive   absent/holdconn/?   active            actpass
//	actpass     connect          connect             listen            connect, keep listening
//	active      connect          connect             connect or fail   connect
//	own relay   send first       send first          stay silent       send first
func offererRole(offer, answer Setup, s Situation, peerPort int) offererOutcome {
	switch answer {
	case SetupActive:
		if offer != SetupActive || s.Relay {
			return offererOutcome{role: RolePassive}
		}
		if peerPort == 9 || peerPort == 0 {
			return offererOutcome{role: RoleNone}
		}
		return offererOutcome{role: RoleActive}
	case SetupActpass:
		return offererOutcome{role: RoleActive, keepListening: offer == SetupActpass && !s.Relay}
	default:
		return offererOutcome{role: RoleActive}
	}
}

// roleOf is the role the own answer value stands for.
func roleOf(answer Setup) Role {
	if answer == SetupActive {
		return RoleActive
	}
	return RolePassive
}
