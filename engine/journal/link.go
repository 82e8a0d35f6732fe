package journal

import (
	"context"
	"errors"
	"sync"
)

var errDisconnected = errors.New("connection lost")

// link lets whoever waits for an answer know at once that the connection it
// was asked on is gone, instead of at its deadline.
type link struct {
	mu   sync.Mutex
	ctx  context.Context
	down context.CancelCauseFunc
}

func newLink() *link {
	l := &link{}
	l.ctx, l.down = context.WithCancelCause(context.Background())
	return l
}

// lost ends everything that waits on the connection.
func (l *link) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down(errDisconnected)
	l.ctx, l.down = context.WithCancelCause(context.Background())
}

// bind returns ctx, ended also when the connection is lost.
func (l *link) bind(ctx context.Context) (context.Context, func()) {
	l.mu.Lock()
	life := l.ctx
	l.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(life, func() { cancel(errDisconnected) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}
