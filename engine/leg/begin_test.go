package leg

import (
	"context"
	"testing"
	"testing/synctest"

	"text911/callmodel"
)

// After a restart the engine may ask for a leg to be mended before the gateway runs: it is not told
// that this cannot be done before somebody has tried.
func TestEffectsWaitForRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, calls, _ := inboxLeg()
		g := &Gateway{cfg: Config{Calls: calls}.withDefaults(), legs: map[callmodel.LegID]*leg{},
			stalled: map[*leg]struct{}{}, begun: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		go g.Perform(ctx, "c1", callmodel.MendLeg{Leg: "l9"})
		given, giveUp := context.WithCancel(t.Context())
		go g.Perform(given, "c1", callmodel.MendLeg{Leg: "l8"})
		synctest.Wait()
		giveUp()
		synctest.Wait()
		if len(calls.heard) != 0 {
			t.Fatal("answered before Run")
		}
		go func() { _ = g.Run(ctx) }()
		synctest.Wait()
		if len(calls.heard) != 1 || calls.heard[0].(callmodel.LegEnded).Leg != "l9" {
			t.Errorf("heard %d", len(calls.heard))
		}
		cancel()
		synctest.Wait()
	})
}
