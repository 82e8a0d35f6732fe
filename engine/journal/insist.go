package journal

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// away tells whether err says that the servers could not be asked, rather than
// what they answered.
func away(err error) bool {
	for _, e := range []error{errDisconnected, errTimeout, nats.ErrReconnectBufExceeded, nats.ErrDisconnected, nats.ErrNoResponders,
		jetstream.ErrNoStreamResponse, nats.ErrConnectionReconnecting, nats.ErrNoServers} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// insist calls f again while the servers are away, for at most Grace: a server
// opened anew is back in some ten milliseconds, a new leader in seconds.
func (j *JetStream) insist(ctx context.Context, f func(ctx context.Context) error) error {
	until := time.Now().Add(j.cfg.Grace)
	for wait := redialPause; ; wait = min(2*wait, retryPauseMax) {
		err := j.attempt(ctx, f)
		if err == nil || !away(err) || time.Now().After(until) {
			return err
		}
		if !pause(ctx, wait) {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// attempt calls f with a context that ends when the connection is lost, for the
// answer would never come, or when the answer is overdue: a server that has
// just started may drop a question.
func (j *JetStream) attempt(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, j.cfg.AckWait, errTimeout)
	defer cancel()
	ctx, unbind := j.link.bind(ctx)
	defer unbind()
	err := f(ctx)
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, errDisconnected) || errors.Is(cause, errTimeout)) {
		return cause
	}
	return err
}
