package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/daemon"
	"text911/esrp/esrptest"
)

// crowd is texters behind two simulated networks, one over UDP and one over TCP, who text one
// conversation after the other until they are told to come to an end.
type crowd struct {
	networks []*esrptest.Network
	patience time.Duration // of a texter for one thing, restarts included
	end      chan struct{} // closed: finish the conversation and call no more
	first    chan struct{} // closed: a text was acknowledged
	once     sync.Once

	texting sync.WaitGroup
	calling sync.WaitGroup // INVITEs, given up ones included

	mu       sync.Mutex // guards the rest
	accounts []esrptest.Account
}

// newCrowd lets the texters begin. They and their networks end with the test.
func newCrowd(t *testing.T, a daemon.Addresses, p plan) *crowd {
	t.Helper()
	c := &crowd{patience: p.patience, end: make(chan struct{}), first: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	for _, transport := range []string{"udp", "tcp"} {
		n, err := esrptest.New(esrptest.Config{Target: sip(a, transport)})
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		c.networks = append(c.networks, n)
		serving.Go(func() { _ = n.Run(ctx) })
	}
	for i := range p.texters {
		c.texting.Go(func() { c.live(ctx, c.networks[i%2], i, rand.New(rand.NewPCG(p.seed, uint64(i)))) })
	}
	t.Cleanup(func() {
		cancel()
		c.texting.Wait()
		serving.Wait()
		c.calling.Wait()
	})
	return c
}

// begun waits until a text was acknowledged.
func (c *crowd) begun(ctx context.Context) error {
	select {
	case <-c.first:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *crowd) over() bool {
	select {
	case <-c.end:
		return true
	default:
		return false
	}
}

// live is one person, who calls again and again.
func (c *crowd) live(ctx context.Context, n *esrptest.Network, who int, random *rand.Rand) {
	for call := 0; !c.over() && ctx.Err() == nil; call++ {
		x := n.Texter(esrptest.Caller{Number: callmodel.Private(fmt.Sprintf("+1202555%04d", who))}, esrptest.Mode{Passive: who%5 == 4, Wrap: who%3 == 2})
		err := c.converse(ctx, x, fmt.Sprintf("texter %d call %d text", who, call), random)
		a := x.Account()
		a.Err = err
		c.mu.Lock()
		c.accounts = append(c.accounts, a)
		c.mu.Unlock()
		if err != nil {
			_ = esrptest.Wait(ctx, 500*time.Millisecond) // it ends with ctx, and so does the loop
		}
	}
}

// converse is one conversation: some end soon, some live through several restarts.
func (c *crowd) converse(ctx context.Context, x *esrptest.Texter, say string, random *rand.Rand) error {
	if err := c.call(ctx, x); err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	texts := 3 + random.IntN(8)
	if random.IntN(3) == 0 {
		texts *= 10
	}
	sent := 0
	for ; sent < texts && !c.over(); sent++ {
		if err := esrptest.Wait(ctx, time.Duration(random.ExpFloat64()*float64(200*time.Millisecond))); err != nil {
			return err
		}
		sending, cancel := context.WithTimeout(ctx, c.patience)
		err := x.Send(sending, fmt.Sprintf("%s %d", say, sent))
		cancel()
		if err != nil {
			return fmt.Errorf("text %d: %w", sent, err)
		}
		c.once.Do(func() { close(c.first) })
	}
	waiting, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	if _, err := x.Replies(waiting, sent); err != nil {
		return fmt.Errorf("replies: %w", err)
	}
	if err := x.HangUp(waiting); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	return nil
}

// call gives up an INVITE that nobody answers: the child died while it rang. What becomes of its
// CANCEL, which a dead child does not answer either, is not waited for.
func (c *crowd) call(ctx context.Context, x *esrptest.Texter) error {
	calling, cancel := context.WithTimeout(ctx, callLimit)
	answered := make(chan error, 1)
	c.calling.Go(func() { answered <- x.Invite(calling) })
	select {
	case err := <-answered:
		cancel()
		return err
	case <-calling.Done():
		cancel()
		return errors.New("nobody answers")
	}
}

// callLimit is how long a texter waits for an answer.
const callLimit = 5 * time.Second

// finish lets the texters come to an end and returns what they have to tell.
func (c *crowd) finish(ctx context.Context) ([]esrptest.Account, error) {
	close(c.end)
	ended := make(chan struct{})
	go func() { defer close(ended); c.texting.Wait() }()
	select {
	case <-ended:
	case <-ctx.Done():
		return nil, errors.New("the texters do not come to an end")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accounts, nil
}
