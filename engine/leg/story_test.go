package leg_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"text911/callmodel"
	"text911/esrp/esrptest"
)

// takeEverything is a taker who claims every call and answers every text, until ctx ends.
func (r *rig) takeEverything(ctx context.Context) (wait func()) {
	var work sync.WaitGroup
	fences := map[callmodel.CallID]callmodel.Fence{}
	n := 0
	work.Go(func() {
		_ = r.log.Follow(ctx, psapID, 0, func(batch []callmodel.Logged) error {
			for _, l := range batch {
				call := l.Event.Call
				switch d := l.Event.Data.(type) {
				case callmodel.CallQueued:
					_, _ = r.engine.Deliver(ctx, call, callmodel.ClaimRequested{By: command()})
				case callmodel.CallClaimed:
					fences[call] = d.Fence
				case callmodel.MessageReceived:
					n++
					_, _ = r.engine.Deliver(ctx, call, callmodel.ReplyRequested{By: command(), Fence: fences[call],
						Message: callmodel.MessageID(fmt.Sprintf("reply%06d", n)), Content: callmodel.PlainText(fmt.Sprintf("heard, number %d", n))})
				}
			}
			return nil
		})
	})
	return work.Wait
}

// Every story told at once: what the texters said is in the log, in order, once.
func TestStoriesAreTold(t *testing.T) {
	r := newRig(t, options{})
	n := r.network(nil)
	ctx, cancel := context.WithCancel(r.ctx())
	wait := r.takeEverything(ctx)
	defer wait()
	defer cancel()
	stories := esrptest.Stories()
	accounts := make([]esrptest.Account, len(stories))
	var told sync.WaitGroup
	for i, s := range stories {
		told.Go(func() { accounts[i] = n.Play(ctx, s, 0) })
	}
	told.Wait()
	for _, a := range accounts {
		if a.Err != nil {
			t.Errorf("%s: %v", a.Story, a.Err)
		}
		var call callmodel.CallID
		for _, e := range r.events() {
			if o, ok := e.Data.(callmodel.CallOffered); ok && o.IDs.EmergencyCall == a.EmergencyCallID {
				call = e.Call
			}
		}
		if d := a.Compare(r.texts(call)); d != (esrptest.Difference{}) {
			t.Errorf("%s: %+v", a.Story, d)
		}
	}
}
