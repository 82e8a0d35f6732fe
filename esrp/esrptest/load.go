package esrptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"text911/callmodel"
)

// Load is many texters at once. Every text differs from every other, so that accounts can be
// compared with what the other side has.
type Load struct {
	Calls    int           // texters
	Messages int           // texts of each
	Ramp     time.Duration // from the first call to the last
	Think    time.Duration // mean pause before a text; drawn from an exponential distribution
	Size     int           // octets of a text; 0: 160
	Replies  int           // replies each waits for before it hangs up
	Stay     bool          // wait for the other side to end instead of hanging up
	Mode     Mode
	Seed     uint64 // of pauses; the same seed, the same pauses
	// Done, if set, is told of each account as it is complete, from several goroutines.
	Done func(Account)
}

// Run lets all texters text and returns their accounts in the order of their calls.
func (l Load) Run(ctx context.Context, n *Network) []Account {
	accounts := make([]Account, l.Calls)
	var work sync.WaitGroup
	for i := range l.Calls {
		work.Go(func() {
			accounts[i] = l.one(ctx, n, i)
			if l.Done != nil {
				l.Done(accounts[i])
			}
		})
	}
	work.Wait()
	return accounts
}

// Text is what texter number call says as its text number message.
func (l Load) Text(call, message int) string {
	size := l.Size
	if size == 0 {
		size = 160
	}
	s := fmt.Sprintf("load call %d text %d ", call, message)
	return s + strings.Repeat(".", max(0, size-len(s)))
}

func (l Load) one(ctx context.Context, n *Network, call int) Account {
	random := rand.New(rand.NewPCG(l.Seed, uint64(call)))
	x := n.Texter(Caller{Number: callmodel.Private(fmt.Sprintf("+1202%07d", 5550000+call%10000))}, l.Mode)
	err := l.converse(ctx, x, call, random)
	a := x.Account()
	a.Story = "load"
	a.Err = err
	return a
}

func (l Load) converse(ctx context.Context, x *Texter, call int, random *rand.Rand) error {
	if l.Calls > 1 && l.Ramp > 0 {
		if err := Wait(ctx, l.Ramp*time.Duration(call)/time.Duration(l.Calls-1)); err != nil {
			return err
		}
	}
	if err := x.Invite(ctx); err != nil {
		return err
	}
	for m := range l.Messages {
		if l.Think > 0 {
			if err := Wait(ctx, time.Duration(random.ExpFloat64()*float64(l.Think))); err != nil {
				return err
			}
		}
		if err := x.Send(ctx, l.Text(call, m)); err != nil {
			return err
		}
	}
	if err := x.Reported(ctx); err != nil {
		return err
	}
	if _, err := x.Replies(ctx, l.Replies); err != nil {
		return err
	}
	if l.Stay {
		return x.Over(ctx)
	}
	return x.HangUp(ctx)
}
