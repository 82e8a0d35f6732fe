package console

import (
	"net/http"
	"slices"
	"time"

	"text911/callmodel"
	"text911/psap/api"
)

// Identity is who connects.
type Identity struct {
	// Agent the connection speaks for; "": it may say so itself.
	Agent callmodel.AgentID
	// PSAPs it may work for; nil: all.
	PSAPs []callmodel.PSAPID
	// Roles it has; nil: all.
	Roles []api.Role
	// Expires is when the login ends; zero: never.
	Expires time.Time
}

// May reports whether the identity may work for the PSAP.
func (id Identity) May(psap callmodel.PSAPID) bool {
	return id.PSAPs == nil || slices.Contains(id.PSAPs, psap)
}

// Authenticator tells who makes a request. An error refuses it, before the upgrade, with 401; what
// the error says is shown to the client.
type Authenticator interface {
	Authenticate(r *http.Request) (Identity, error)
}

// Anybody lets everybody be any agent. It is for development on loopback.
type Anybody struct{}

// Authenticate accepts.
func (Anybody) Authenticate(*http.Request) (Identity, error) { return Identity{}, nil }
