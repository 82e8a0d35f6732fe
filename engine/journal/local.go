package journal

import (
	"context"
	"net"
)

// localPort is one stream's way to the embedded server.
type localPort struct {
	j     *JetStream
	s     *stream
	inbox string
}

var _ localStore = (*localPort)(nil)

func (p *localPort) dial() (*wire, error) {
	conn, err := p.j.node.InProcessConn()
	if err != nil {
		return nil, err
	}
	return dialWire(conn, internalUser, p.j.node.password, p.inbox)
}

func (p *localPort) last(ctx context.Context) (uint64, error) {
	var last uint64
	err := p.j.insist(ctx, func(ctx context.Context) error {
		st, err := p.j.js.Stream(ctx, p.s.name)
		if err == nil {
			last = st.CachedInfo().State.LastSeq
		}
		return err
	})
	return last, err
}

func (p *localPort) after(ctx context.Context, call string, after uint64, limit int) ([]Stored, error) {
	return p.j.readStream(ctx, p.s, call, after, limit)
}

func (p *localPort) refusal() error { return p.j.watch.refusal() }

func (p *localPort) stuck(err error) { p.j.watch.stuck(err) }

// InProcessConn dials the embedded server without a network. It is what a NATS
// client in the same process takes as its provider: after the server was
// opened anew it yields connections to the new one. It fails with
// net.ErrClosed while there is no server.
func (j *JetStream) InProcessConn() (net.Conn, error) {
	if j.node == nil {
		return nil, net.ErrClosed
	}
	return j.node.InProcessConn()
}

// Credentials are the user and password of in-process connections; they allow
// everything and are made anew for every process. Empty with external servers.
func (j *JetStream) Credentials() (user, password string) {
	if j.node == nil {
		return "", ""
	}
	return internalUser, j.node.password
}

// Addr is where external clients reach the embedded server, "" if it does not
// listen.
func (j *JetStream) Addr() string {
	if j.node == nil {
		return ""
	}
	return j.node.addr()
}

// Embedded tells whether the server is in this process; if not, clients use
// the URL of the configuration.
func (j *JetStream) Embedded() bool { return j.node != nil }
