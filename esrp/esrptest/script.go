package esrptest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Story is what one texter does.
type Story struct {
	Name   string // stable word for reports
	Title  string // one line for people
	Caller Caller
	Mode   Mode
	// GiveUp cancels the call when it has rung for this time, at the player's pace; 0: wait as long
	// as it takes.
	GiveUp time.Duration
	Steps  []Step
}

// Step is one thing a texter does.
type Step func(ctx context.Context, p *Player) error

// Player is a texter with a pace.
type Player struct {
	*Texter
	pace  float64
	heard int // replies the script has waited for

	gaveUp atomic.Bool
}

// giveUp cancels a call that has rung for so long.
func (p *Player) giveUp(ctx context.Context, d time.Duration) {
	if p.Ringing(ctx) != nil || p.pause(ctx, d) != nil {
		return
	}
	p.gaveUp.Store(true)
	p.Cancel()
}

// pause waits for d at the player's pace.
func (p *Player) pause(ctx context.Context, d time.Duration) error {
	if d = time.Duration(float64(d) * p.pace); d <= 0 {
		return ctx.Err()
	}
	return Wait(ctx, d)
}

// Pause waits.
func Pause(d time.Duration) Step {
	return func(ctx context.Context, p *Player) error { return p.pause(ctx, d) }
}

// Say types for about as long as a person needs for the text, then sends it.
func Say(text string) Step {
	return func(ctx context.Context, p *Player) error {
		if err := p.Typing(true); err != nil {
			return err
		}
		if err := p.pause(ctx, min(600*time.Millisecond+time.Duration(len(text))*25*time.Millisecond, 4*time.Second)); err != nil {
			return err
		}
		return p.Send(ctx, text)
	}
}

// Blurt sends a text without having been seen to type.
func Blurt(text string) Step {
	return func(ctx context.Context, p *Player) error { return p.Send(ctx, text) }
}

// Listen waits for the next reply, but no longer than d (at no pace: people on the other side need
// their time).
func Listen(d time.Duration) Step {
	return func(ctx context.Context, p *Player) error {
		waiting, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		if _, err := p.Replies(waiting, p.heard+1); err != nil {
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				return nil // nobody writes: the texter goes on
			}
			return err
		}
		p.heard++
		return nil
	}
}

// Move tells a new position.
func Move(to Place) Step {
	return func(ctx context.Context, p *Player) error { return p.Move(ctx, to) }
}

// LoseSignal breaks the connection for d and comes back to the same session.
func LoseSignal(d time.Duration) Step {
	return func(ctx context.Context, p *Player) error {
		if err := p.Cut(ctx); err != nil {
			return err
		}
		if err := p.pause(ctx, d); err != nil {
			return err
		}
		return p.Reconnect(ctx)
	}
}

// HangUp ends the conversation from the texter's side.
func HangUp() Step {
	return func(ctx context.Context, p *Player) error { return p.HangUp(ctx) }
}

// Stay waits until the other side ends the conversation, or hangs up after d, at the player's pace.
func Stay(d time.Duration) Step {
	return func(ctx context.Context, p *Player) error {
		waiting, cancel := context.WithTimeout(ctx, time.Duration(float64(d)*p.pace))
		defer cancel()
		if err := p.Over(waiting); err == nil {
			return nil
		}
		return p.HangUp(ctx)
	}
}

// Play lets a texter live through a story and returns the account. pace stretches the pauses: 1 is
// like people, 0 leaves them out. A conversation that the other side ends is over, not a fault.
func (n *Network) Play(ctx context.Context, s Story, pace float64) Account {
	x := n.Texter(s.Caller, s.Mode)
	err := n.play(ctx, s, &Player{Texter: x, pace: pace})
	a := x.Account()
	a.Story = s.Name
	a.Err = err
	return a
}

func (n *Network) play(ctx context.Context, s Story, p *Player) error {
	if s.GiveUp > 0 {
		waiting, cancel := context.WithCancel(ctx)
		defer cancel()
		n.spawn(func(context.Context) { p.giveUp(waiting, s.GiveUp) })
	}
	if err := p.Invite(ctx); err != nil {
		if p.gaveUp.Load() && ctx.Err() == nil {
			return nil // as the story says
		}
		return err
	}
	for _, step := range s.Steps {
		if err := step(ctx, p); errors.Is(err, ErrEnded) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if err := p.HangUp(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}
