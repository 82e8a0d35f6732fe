package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"text911/cmd/text911/config"
)

// group runs long-lived parts. One that returns before it was asked to takes the daemon down with
// its name as the cause: half an engine must not look whole.
type group struct {
	ctx    context.Context
	cancel context.CancelFunc
	fail   context.CancelCauseFunc
	wg     sync.WaitGroup
}

func newGroup(ctx context.Context, fail context.CancelCauseFunc) *group {
	ctx, cancel := context.WithCancel(ctx)
	return &group{ctx: ctx, cancel: cancel, fail: fail}
}

func (g *group) run(name string, f func(context.Context) error) {
	g.wg.Go(func() {
		err := f(g.ctx)
		if g.ctx.Err() == nil {
			g.fail(fmt.Errorf("%s ended: %w", name, orUnexpected(err)))
		}
	})
}

func orUnexpected(err error) error {
	if err == nil {
		return errors.New("for no reason it gave")
	}
	return err
}

// serve runs an HTTP server until the group stops, then lets requests under way finish.
func (g *group) serve(name string, l net.Listener, s *http.Server, c config.HTTP) {
	g.run(name, func(ctx context.Context) error {
		stopped := make(chan struct{})
		defer func() { <-stopped }()
		ended := make(chan struct{})
		defer close(ended)
		go func() { // ends when the server has, or when the group stops; waited for above
			defer close(stopped)
			select {
			case <-ended:
			case <-ctx.Done():
				closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
				defer cancel()
				if s.Shutdown(closing) != nil {
					_ = s.Close()
				}
			}
		}()
		if c.CertFile != "" {
			return s.ServeTLS(l, c.CertFile, c.KeyFile)
		}
		return s.Serve(l)
	})
}

func (g *group) stop() { g.cancel() }

func (g *group) wait() { g.wg.Wait() }
