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
	"text911/psap/api"
	"text911/psap/psaptest"
)

// crowd is texters behind two simulated networks, one over UDP and one over TCP, who text one
// conversation after the other until they are told to come to an end.
type crowd struct {
	networks []*esrptest.Network
	end      chan struct{} // closed: finish the conversation and call no more

	mu       sync.Mutex
	accounts []esrptest.Account
	work     sync.WaitGroup
}

func newCrowd(t *testing.T, ctx context.Context, a daemon.Addresses, texters int, seed uint64) *crowd {
	t.Helper()
	c := &crowd{end: make(chan struct{})}
	for _, transport := range []string{"udp", "tcp"} {
		n, err := esrptest.New(esrptest.Config{Target: sip(a, transport)})
		if err != nil {
			t.Fatal(err)
		}
		c.networks = append(c.networks, n)
		c.work.Go(func() { _ = n.Run(ctx) })
	}
	var texting sync.WaitGroup
	for i := range texters {
		texting.Go(func() { c.live(ctx, c.networks[i%2], i, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	c.work.Go(texting.Wait)
	t.Cleanup(func() { c.work.Wait() })
	return c
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
			_ = esrptest.Wait(ctx, 100*time.Millisecond) // it ends with ctx, and so does the loop
		}
	}
}

// converse is one conversation: some end soon, some live through several restarts.
func (c *crowd) converse(ctx context.Context, x *esrptest.Texter, say string, random *rand.Rand) error {
	calling, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := x.Invite(calling); err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	texts := 3 + random.IntN(8)
	if random.IntN(3) == 0 {
		texts *= 10
	}
	sent := 0
	for ; sent < texts && !c.over(); sent++ {
		if err := esrptest.Wait(ctx, time.Duration(random.ExpFloat64()*float64(120*time.Millisecond))); err != nil {
			return err
		}
		sending, cancel := context.WithTimeout(ctx, patience)
		err := x.Send(sending, fmt.Sprintf("%s %d", say, sent))
		cancel()
		if err != nil {
			return fmt.Errorf("text %d: %w", sent, err)
		}
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := x.Replies(waiting, sent); err != nil {
		return fmt.Errorf("replies: %w", err)
	}
	if err := x.HangUp(waiting); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	return nil
}

// patience is how long a texter waits for one thing, restarts included.
const patience = 60 * time.Second

// finish lets the texters come to an end and returns what they have to tell.
func (c *crowd) finish(ctx context.Context, stop context.CancelFunc) ([]esrptest.Account, error) {
	close(c.end)
	ended := make(chan struct{})
	go func() { defer close(ended); c.work.Wait() }()
	_ = stop
	select {
	case <-ended:
	case <-ctx.Done():
		return nil, errors.New("the texters do not come to an end")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accounts, nil
}
