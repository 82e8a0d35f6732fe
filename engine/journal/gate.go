package journal

import (
	"crypto/subtle"

	"github.com/nats-io/nats-server/v2/server"
)

// gate decides who may connect to the embedded server and what they may do.
//
// The process itself, known by a password made at its start, may do
// everything. Everybody else may see events and send commands: publish
// t911.*.cmd.> and replies, subscribe to t911.*.evt.> and replies. Nobody else
// can write to the journal (t911.*.put.>), forge an event, or reach the
// JetStream API.
type gate struct {
	password string
	listen   Listen
}

var _ server.Authentication = (*gate)(nil)

// Check implements server.Authentication.
func (g *gate) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if o.Username == internalUser && same(o.Password, g.password) {
		return c.Kind() == server.CLIENT
	}
	if g.listen.Addr == "" || c.Kind() != server.CLIENT || !g.known(o) {
		return false
	}
	c.RegisterUser(&server.User{Username: "external", Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{"t911.*.cmd.>", "_INBOX.>"}},
		Subscribe: &server.SubjectPermission{Allow: []string{"t911.*.evt.>", "_INBOX.>"}},
	}})
	return true
}

func (g *gate) known(o *server.ClientOpts) bool {
	switch {
	case g.listen.Token != "":
		return same(o.Token, g.listen.Token)
	case g.listen.User != "":
		return o.Username == g.listen.User && same(o.Password, g.listen.Password)
	}
	return true
}

func same(got, want string) bool {
	return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
