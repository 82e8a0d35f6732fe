package bus_test

import (
	"context"
	"testing"

	"text911/psap"
	"text911/psap/api"
	"text911/psap/bus"
	"text911/psap/floortest"
)

// While the log is being read a command is put off: half a board must not be taken for the whole.
func TestStarting(t *testing.T) {
	floor, js := floortest.NewOnDisk(t, nil)
	floor.Call(t)
	p := psap.New(psap.Config{ID: "slow.example", Log: floor.Log, Calls: floor.Engine}) // never runs
	user, password := js.Credentials()
	b := bus.New(bus.Config{PSAPs: []bus.Seat{{PSAP: p, Service: api.NewService(p, nil)}}, Server: js, User: user, Password: password})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }() // ends with ctx
	defer func() { cancel(); <-done }()
	client, err := bus.Dial(bus.ClientConfig{URL: "nats://" + js.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for limit := within(t); ; {
		r, err := client.Do(limit, "slow.example", "ann", api.Command{ID: "1", Type: api.CallList})
		if err == bus.ErrNoEngine {
			continue // it has not subscribed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.OK || r.Error.Code != api.CodeStarting || !r.Error.Retryable {
			t.Errorf("answered %+v", r)
		}
		return
	}
}
