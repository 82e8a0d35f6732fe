package bus

import (
	"crypto/tls"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
)

// link is how to reach the server.
type link struct {
	name, url, user, password, creds string
	server                           Server
	tls                              *tls.Config
	retry                            bool // keep trying if the first attempt fails
}

// connect returns a connection that comes back whenever the server does. Nothing is buffered while
// it is away: what was not sent has not been sent.
func (l link) connect(more ...nats.Option) (*nats.Conn, error) {
	opts := append([]nats.Option{
		nats.Name(l.name),
		nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.RetryOnFailedConnect(l.retry),
		nats.PingInterval(10 * time.Second),
		nats.Timeout(5 * time.Second),
	}, more...)
	if l.server != nil {
		opts = append(opts, nats.InProcessServer(l.server))
	}
	if l.user != "" {
		opts = append(opts, nats.UserInfo(l.user, l.password))
	}
	if l.creds != "" {
		opts = append(opts, nats.UserCredentials(l.creds))
	}
	if l.tls != nil {
		opts = append(opts, nats.Secure(l.tls))
	}
	return nats.Connect(l.url, opts...)
}

// reconnectDelay is full jitter up to 2 s, at most 20 ms at first: a server in this process is back
// at once.
func reconnectDelay(attempts int) time.Duration {
	most := min(20*time.Millisecond<<min(attempts, 7), 2*time.Second)
	return time.Duration(rand.Int64N(int64(most)) + int64(time.Millisecond))
}
