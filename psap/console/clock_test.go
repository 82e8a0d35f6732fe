package console_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/console"
	"text911/psap/psaptest"
)

// A console that answers pings stays; one that goes silent is cut 25 s after its last frame, even
// though its WebSocket library still answers protocol pings.
func TestHeartbeat(t *testing.T) {
	for name, mute := range map[string]bool{"alive": false, "silent": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, nil)
				c := b.started(t, func(cfg *psaptest.Config) { cfg.Mute = mute })
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
				defer cancel()
				for {
					_, err := c.Next(ctx)
					if err == nil {
						continue
					}
					how, gone := psaptest.CutOf(err)
					switch {
					case !mute && gone:
						t.Errorf("an answering console was cut with %d after %s", how.Code, time.Since(began))
					case mute && (!gone || how.Code != console.CloseHeartbeatMissed || how.Error == nil || !how.Error.Retryable):
						t.Errorf("a silent console: %v, %+v", err, how)
					case mute && time.Since(began) != 25*time.Second:
						t.Errorf("cut after %s", time.Since(began))
					}
					break
				}
				c.Close()
			})
		})
	}
}

// The claim of a console that has died is free one lease after its last sign of life, and then the
// call waits again and another may take it; while the console lives the lease goes on.
func TestTakeoverAfterLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		call := b.Call(t)
		ann := b.started(t, nil)
		ctx := context.Background()
		r, err := ann.Do(ctx, api.CallClaim, api.ClaimData{Call: call})
		if err != nil || !r.OK {
			t.Fatalf("%+v, %v", r, err)
		}
		alive, cancel := context.WithTimeout(ctx, 3*time.Minute)
		for err == nil {
			_, err = ann.Next(alive)
		}
		cancel()
		if v, _ := b.PSAP.View(ctx, call); v.Holder != "ann" {
			t.Fatalf("after three minutes of heartbeats the holder is %q", v.Holder)
		}
		ann.Break()
		time.Sleep(15 * time.Second) // within the lease, whenever the last heartbeat was
		if v, _ := b.PSAP.View(ctx, call); v.Holder != "ann" {
			t.Fatalf("the claim was lost within the lease")
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		v, _ := b.PSAP.View(ctx, call)
		if v.Phase != callmodel.PhaseQueued {
			t.Fatalf("after the lease the call is %s", v.Phase)
		}
		bob := b.started(t, func(cfg *psaptest.Config) { cfg.Agent = "bob" })
		defer bob.Close()
		if r, err := bob.Do(ctx, api.CallClaim, api.ClaimData{Call: call}); err != nil || !r.OK {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}

// After a restart open claims last one lease anew.
func TestGraceAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		call := b.Call(t)
		ann := b.started(t, nil)
		if r, err := ann.Do(context.Background(), api.CallClaim, api.ClaimData{Call: call}); err != nil || !r.OK {
			t.Fatalf("%+v, %v", r, err)
		}
		ann.Break()
		time.Sleep(25 * time.Second)
		b.Restart(t)
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if v, _ := b.PSAP.View(context.Background(), call); v.Holder != "ann" {
			t.Errorf("25 s after the restart the claim is gone")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if v, _ := b.PSAP.View(context.Background(), call); v.Holder != "" {
			t.Errorf("35 s after the restart nobody was heard of, and %q still has the call", v.Holder)
		}
	})
}

// A console that acknowledges nothing gets no more than the window, is cut, and nobody else notices.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, func(c *console.Config) { c.Window = 50 })
		call := b.Call(t)
		slow := b.started(t, func(cfg *psaptest.Config) { cfg.AckEach = -1 })
		good := b.started(t, func(cfg *psaptest.Config) { cfg.Agent, cfg.AckEach = "bob", 10 })
		const lines = 300
		done := make(chan int)
		go func() { // ends with the lines
			n := 0
			for n < lines {
				f, err := good.Next(context.Background())
				if err != nil {
					break
				}
				if f.Op == "event" && f.Event.Kind() == callmodel.KindMessageReceived {
					n++
				}
			}
			done <- n
		}()
		for range lines {
			b.Line(t, call, "x")
		}
		if n := <-done; n != lines {
			t.Errorf("the good console has %d lines", n)
		}
		began := time.Now()
		n := 0
		for {
			f, err := slow.Next(context.Background())
			if err != nil {
				how, _ := psaptest.CutOf(err)
				if how.Code != console.CloseSlowConsumer || how.Error == nil || how.Error.Code != "slow_consumer" {
					t.Errorf("%v: %+v", err, how)
				}
				break
			}
			if f.Op == "event" && f.Event.Durable() {
				n++
			}
		}
		if n != 50 || time.Since(began) > 6*time.Second {
			t.Errorf("the slow console has %d events and was cut after %s", n, time.Since(began))
		}
		good.Close()
		slow.Close()
	})
}

// A console whose socket takes nothing is cut after one write's time, and can resume.
func TestStalledSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		call := b.Call(t)
		c := b.started(t, nil)
		began := time.Now()
		b.Line(t, call, "x") // nobody reads the pipe
		for b.server.Stats().Connections > 0 && time.Since(began) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if d := time.Since(began); d < 5*time.Second || d > 8*time.Second {
			t.Errorf("cut after %s", d)
		}
		if n := b.server.Stats().Slow; n != 1 {
			t.Errorf("%d slow consoles counted", n)
		}
		cursor := c.Cursor
		c.Break()
		again, err := psaptest.Dial(context.Background(), psaptest.Config{URL: "ws://pipe/v1/ws", PSAP: b.PSAP.ID(), Agent: "ann", Dial: b.pipes.dial}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := again.Resume(context.Background()); err != nil || f.Op != "resumed" || f.To != f.From {
			t.Errorf("%s %d-%d, %v", f.Op, f.From, f.To, err)
		}
		again.Close()
	})
}

// A login that ends closes the connection; the client may come back with a new one.
func TestLoginExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := time.Now().Add(time.Minute)
		login := console.NewLogin(map[string]console.Identity{"t": {Agent: "ann", Expires: ends}}, nil, nil)
		b := newBubble(t, func(c *console.Config) { c.Auth = login })
		c := b.started(t, func(cfg *psaptest.Config) { cfg.Token = "t" })
		for {
			if _, err := c.Next(context.Background()); err != nil {
				how, _ := psaptest.CutOf(err)
				if how.Code != console.CloseLoginExpired || how.Error == nil || !how.Error.Retryable || !time.Now().Equal(ends) {
					t.Errorf("%v at %s, %s after the end", err, time.Now(), time.Since(ends))
				}
				break
			}
		}
		c.Close()
	})
}

// Commands beyond the rate are refused in so many words, and later ones are taken again.
func TestCommandRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, func(c *console.Config) { c.CommandRate = 20 })
		c := b.started(t, nil)
		defer c.Close()
		for range 2 {
			limited := 0
			for range 50 {
				r, err := c.Do(context.Background(), api.CallList, api.ListData{})
				if err != nil {
					t.Fatal(err)
				}
				if !r.OK && r.Error.Code == api.CodeRateLimited && r.Error.Retryable {
					limited++
				}
			}
			if limited != 30 {
				t.Errorf("%d of 50 were refused at 20 a second", limited)
			}
			time.Sleep(time.Second)
		}
	})
}

// More commands than may be in flight are refused at once, and the rest are answered.
func TestCommandsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, func(c *console.Config) { c.InFlight = 1 })
		call := b.Call(t)
		c := b.started(t, nil)
		defer c.Close()
		go func() { // ends with the frames written
			for range 20 {
				_, _ = c.Send("", api.CallNote, api.NoteData{Call: call, Text: "x"})
			}
		}()
		answered := 0
		for answered < 20 {
			f, err := c.Next(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if f.Op != "reply" {
				continue
			}
			answered++
			if !f.OK && (f.Error.Code != callmodel.CodeTooMany || !f.Error.Retryable) {
				t.Errorf("%+v", f.Error)
			}
		}
	})
}
