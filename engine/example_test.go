package engine_test

import (
	"context"
	"fmt"

	"text911/callmodel"
	"text911/engine"
)

// printer is an adapter that only says what it would do.
type printer struct{ done chan struct{} }

func (p printer) Perform(_ context.Context, _ callmodel.CallID, eff callmodel.Effect) {
	fmt.Printf("perform %T\n", eff)
	close(p.done)
}

// A text comes in on a leg, and may be acknowledged because Deliver returned no error.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	eng := engine.New(engine.Config{Log: newMemLog(), PSAPs: []engine.PSAP{{ID: "psap.example"}}})
	adapter := printer{make(chan struct{})}
	eng.Bear(callmodel.BearerMSRP, adapter)
	ended := make(chan error)
	go func() { ended <- eng.Run(ctx) }()

	call, _, err := eng.Open(ctx, "psap.example", callmodel.LegOffered{
		Leg: "leg-1", Queue: "main", Offer: callmodel.CallOffered{Bearer: callmodel.BearerMSRP},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-adapter.done
	out, err := eng.Deliver(ctx, call, callmodel.MessageArrived{
		Leg: "leg-1", WireID: "abc", Content: callmodel.PlainText("send help"),
	})
	fmt.Println(out.Events[0].Data.Kind(), err)
	out, err = eng.Deliver(ctx, call, callmodel.MessageArrived{
		Leg: "leg-1", WireID: "abc", Content: callmodel.PlainText("send help"),
	})
	fmt.Println(out.Repeat != nil, err)
	cancel()
	fmt.Println(<-ended)
	// Output:
	// perform callmodel.AnswerLeg
	// message.received <nil>
	// true <nil>
	// <nil>
}
