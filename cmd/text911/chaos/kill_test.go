package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"text911/esrp/esrptest"
)

// plan is how long and how hard a run is.
type plan struct {
	rounds, texters int
	shortest, mean  time.Duration // life between a start and the kill
	patience        time.Duration // of a texter
	seed            uint64
}

// killedAgainAndAgain lets a crowd text and takers answer while the child is killed at random
// moments and started again on the same data, and holds everybody's record against the log.
func killedAgainAndAgain(t *testing.T, p plan) {
	t.Logf("seed %d", p.seed)
	random := rand.New(rand.NewPCG(p.seed, 911))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	c := newChild(t, random)
	t.Cleanup(func() { _ = c.kill() })
	if err := c.start(ctx); err != nil {
		t.Fatal(err)
	}
	a := c.addresses()
	e := &evidence{}
	for i := range 2 {
		e.takers = append(e.takers, newTaker(t, a.Console, fmt.Sprintf("taker%d", i)))
	}
	crowd := newCrowd(t, a, p)
	if err := crowd.begun(ctx); err != nil {
		t.Fatal("no text was acknowledged")
	}
	var worst time.Duration
	for range p.rounds {
		life := p.shortest + time.Duration(random.ExpFloat64()*float64(p.mean))
		if random.IntN(2) == 0 { // a console's network breaks, too
			_ = esrptest.Wait(ctx, life/2)
			life /= 2
			e.takers[random.IntN(len(e.takers))].auto.Break()
		}
		if err := esrptest.Wait(ctx, life); err != nil {
			t.Fatal(err)
		}
		if err := c.kill(); err != nil {
			t.Fatalf("kill: %v\n%s", err, c.errors.String())
		}
		e.kills = append(e.kills, time.Now())
		began := time.Now()
		if err := c.start(ctx); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		worst = max(worst, took)
		t.Logf("kill %d: ready again %v after it, with about %d events in the log", len(e.kills), took.Round(time.Millisecond), e.takers[0].auto.Stats().Cursor.Seq)
	}
	var err error
	if e.accounts, err = crowd.finish(ctx); err != nil {
		t.Fatalf("%v\n%s", err, c.errors.String())
	}
	if e.log, err = readLog(ctx, a.Console); err != nil {
		t.Fatal(err)
	}
	for _, k := range e.takers {
		if err := k.reached(ctx, uint64(len(e.log))); err != nil {
			t.Error(err)
		}
	}
	f := e.verify(t)
	if f.survivors == 0 {
		t.Error("no conversation went on after a kill")
	}
	if code, err := c.stop(); err != nil || code != 0 {
		t.Errorf("the last child ended with %d, %v\n%s", code, err, c.errors.String())
	}
	t.Logf("%d kills, slowest start %v; %d events, %d calls, %d conversations (%d went on after a kill, %d not finished); "+
		"%d texts acknowledged, %d replies received, %d of them confirmed in the log; %d commands answered ok; %d resumes",
		p.rounds, worst.Round(time.Millisecond), f.events, f.calls, f.conversations, f.survivors, f.unfinished,
		f.acked, f.replies, f.delivered, f.promises, f.resumes)
	e.unfinished(t)
}

// A few kills, in every run of the tests; the tag chaos has more (TestKilledManyTimes).
func TestKilledAFewTimes(t *testing.T) {
	t.Parallel()
	killedAgainAndAgain(t, plan{rounds: 3, texters: 6, shortest: 200 * time.Millisecond, mean: 500 * time.Millisecond,
		patience: 10 * time.Second, seed: 1})
}
