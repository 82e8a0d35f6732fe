package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func (j *JetStream) connect(ctx context.Context) error {
	opts := []nats.Option{
		nats.Name("text911-journal"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1),
		nats.ReconnectWait(20 * time.Millisecond), nats.ReconnectJitter(0, 20*time.Millisecond), nats.CustomInboxPrefix(inboxPrefix),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { j.link.lost() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			j.cfg.Log.Warn("journal connection", "err", err)
		}),
	}
	url := j.cfg.URL
	if j.node != nil {
		url = ""
		opts = append(opts, nats.InProcessServer(j.node), nats.UserInfo(internalUser, j.node.password))
	} else {
		opts = append(opts, externalOptions(j.cfg)...)
	}
	for {
		nc, err := nats.Connect(url, opts...)
		if err == nil {
			j.nc = nc
			j.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(j.cfg.AckWait))
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("journal: connect: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
		if j.node != nil {
			return fmt.Errorf("journal: connect: %w", err)
		}
	}
}

// inboxPrefix keeps the journal's replies out of the sight of external
// clients, who may listen to _INBOX.
const inboxPrefix = "_T911J"

func externalOptions(c Config) []nats.Option {
	var opts []nats.Option
	if c.User != "" {
		opts = append(opts, nats.UserInfo(c.User, c.Password))
	}
	if c.Token != "" {
		opts = append(opts, nats.Token(c.Token))
	}
	if c.CredsFile != "" {
		opts = append(opts, nats.UserCredentials(c.CredsFile))
	}
	if c.TLS != nil {
		opts = append(opts, nats.Secure(c.TLS))
	}
	return opts
}
