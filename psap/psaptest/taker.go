package psaptest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/console"
)

// AutoTakerConfig says how an AutoTaker works. Console must be set.
type AutoTakerConfig struct {
	Console Config
	// Claims reports whether to take a call. nil: every call.
	Claims func(callmodel.View) bool
	// Reply is what to answer to a line; "" answers nothing. nil: nothing is answered.
	Reply func(call callmodel.CallID, m callmodel.MessageReceived) string
	// Done, asked after every line and every reply that was stored, reports whether to close the
	// call. nil: calls are not closed.
	Done func(callmodel.View) bool
	// Seen, if set, is told every event.
	Seen func(*Event)
	// Answered, if set, is told the reply to every command.
	Answered func(typ string, r api.Reply)
}

// AutoTakerStats are counters.
type AutoTakerStats struct {
	Connections, Resumes, Gaps      int
	Claimed, Lost, Closed           int // claims that were granted, refused; calls closed by us
	Lines, Shown, Replies, Refusals int
	Cursor                          Cursor
}

// AutoTaker is a call taker who needs no rest. It runs on one goroutine, that of Run.
type AutoTaker struct {
	cfg   AutoTakerConfig
	calls map[callmodel.CallID]*takenCall
	asked map[callmodel.CommandID]asked // commands without a reply

	mu      sync.Mutex // guards what is below
	console *Console
	stats   AutoTakerStats
}

// takenCall is what the taker knows of a call.
type takenCall struct {
	view    callmodel.View
	owed    []callmodel.MessageReceived // lines without an answer in the log, in order
	closing bool
	asked   bool   // a claim is under way
	reading bool   // the transcript is being read: what came before comes first
	from    uint64 // what is at or before this seq is not in the stream but in the transcript
	known   map[callmodel.MessageID]struct{}
	unshown []callmodel.MessageID // lines the server has not heard are on screen
}

func newTakenCall() *takenCall { return &takenCall{known: map[callmodel.MessageID]struct{}{}} }

type asked struct {
	typ  string
	call callmodel.CallID
	data any
}

// NewAutoTaker returns an AutoTaker that does nothing until Run.
func NewAutoTaker(cfg AutoTakerConfig) *AutoTaker {
	return &AutoTaker{cfg: cfg, calls: map[callmodel.CallID]*takenCall{}, asked: map[callmodel.CommandID]asked{}}
}

// Stats returns the counters.
func (t *AutoTaker) Stats() AutoTakerStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

func (t *AutoTaker) tally(f func(*AutoTakerStats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.stats)
}

// Break cuts the connection, as a broken network does; the taker comes back.
func (t *AutoTaker) Break() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.console != nil {
		t.console.Break()
	}
}

// Run works until ctx ends, over any number of connections. It returns nil when ctx ended, otherwise
// why it may not come back.
func (t *AutoTaker) Run(ctx context.Context) error {
	cursor := &Cursor{}
	for try := 0; ; try++ {
		err := t.shift(ctx, cursor, func() { try = 0 })
		if ctx.Err() != nil {
			return nil
		}
		if final(err) {
			return err
		}
		// Full jitter from 250 ms to 10 s; the first try at once.
		most := min(250*time.Millisecond<<min(try, 6), 10*time.Second)
		if try == 0 {
			most = 20 * time.Millisecond
		}
		pause := time.NewTimer(time.Duration(rand.Int64N(int64(most))))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

// final: the server said something that trying again does not change.
func final(err error) bool {
	if c, ok := CutOf(err); ok {
		return !console.Resumable(c.Code) && c.Code != console.CloseBadCursor
	}
	var refused *Refused
	return errors.As(err, &refused) && refused.Status < 500
}

// shift is one connection.
func (t *AutoTaker) shift(ctx context.Context, cursor *Cursor, live func()) error {
	c, err := Dial(ctx, t.cfg.Console, cursor)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.console = c
	t.stats.Connections++
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.console = nil
		t.mu.Unlock()
		c.Close()
	}()
	clear(t.asked)
	f, err := t.begin(ctx, c)
	if err != nil {
		return err
	}
	live()
	resumed := f.Op == "resumed"
	caughtUp := f.To
	if !resumed || cursor.Seq >= caughtUp {
		if err := t.again(c); err != nil {
			return err
		}
		resumed = false
	}
	if _, err := c.Send("", api.AgentState, map[string]any{"state": "ready", "can_ring": t.cfg.Console.CanRing}); err != nil {
		return err
	}
	for {
		f, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if err := t.frame(c, f); err != nil {
			return err
		}
		if resumed && cursor.Seq >= caughtUp {
			resumed = false
			if err := t.again(c); err != nil {
				return err
			}
		}
		t.tally(func(s *AutoTakerStats) { s.Cursor = *cursor })
	}
}

func (t *AutoTaker) begin(ctx context.Context, c *Console) (Frame, error) {
	var f Frame
	var err error
	if c.Cursor.Epoch == "" {
		f, err = c.Start(ctx)
	} else {
		f, err = c.Resume(ctx)
		t.tally(func(s *AutoTakerStats) { s.Resumes++ })
	}
	if err == nil && f.Op == "gap" {
		t.tally(func(s *AutoTakerStats) { s.Gaps++ })
		f, err = c.begin(ctx)
	}
	if err == nil && f.Op == "ready" {
		t.snapshot(f)
	}
	return f, err
}

func (t *AutoTaker) snapshot(f Frame) {
	for _, v := range f.Snapshot.Calls {
		if v.Done() {
			delete(t.calls, v.Call)
			continue
		}
		k := t.calls[v.Call]
		if k == nil {
			k = newTakenCall()
			t.calls[v.Call] = k
		}
		missed := v.CallSeq > k.view.CallSeq && v.MessagesIn > 0
		k.view, k.from = v, f.Seq
		k.reading = k.reading || missed // again asks for the transcript
	}
}

// again does what may have been left undone by an earlier connection. Repeats have the same ids.
func (t *AutoTaker) again(c *Console) error {
	for _, k := range t.calls {
		k.asked, k.closing = false, false
		if k.reading {
			if err := t.catchUp(c, k, 0); err != nil {
				return err
			}
		}
		for _, m := range k.unshown {
			if err := t.show(c, k, m); err != nil {
				return err
			}
		}
		if err := t.attend(c, k); err != nil {
			return err
		}
	}
	return nil
}

func (t *AutoTaker) frame(c *Console, f Frame) error {
	switch f.Op {
	case "event":
		if t.cfg.Seen != nil {
			t.cfg.Seen(f.Event)
		}
		if f.Event.Durable() && f.Event.Call != callmodel.PSAPLevel {
			return t.event(c, f)
		}
	case "ready":
		t.snapshot(f)
		return t.again(c)
	case "reply":
		return t.reply(c, f.Reply())
	}
	return nil
}

func (t *AutoTaker) event(c *Console, f Frame) error {
	ev, err := f.Model()
	if err != nil {
		return err
	}
	k := t.calls[ev.Call]
	if k == nil {
		if _, offered := ev.Data.(callmodel.CallOffered); !offered {
			return nil
		}
		k = newTakenCall()
		t.calls[ev.Call] = k
	}
	k.view.Apply(ev)
	if err := t.line(c, k, ev); err != nil {
		return err
	}
	switch ev.Data.(type) {
	case callmodel.CallQueued:
		k.asked = false
	case callmodel.CallClosed:
		delete(t.calls, ev.Call)
		return nil
	}
	return t.attend(c, k)
}

// attend does what the state of a call asks for.
func (t *AutoTaker) attend(c *Console, k *takenCall) error {
	v := &k.view
	switch {
	case v.Done() || k.closing:
		return nil
	case v.Phase == callmodel.PhaseQueued:
		return t.claim(c, k)
	case v.Holder != t.cfg.Console.Agent || k.reading:
		return nil
	}
	for _, m := range k.owed {
		if err := t.answer(c, k, m); err != nil {
			return err
		}
	}
	if t.cfg.Done != nil && t.cfg.Done(*v) {
		k.closing = true
		return t.ask(c, v.Call, api.CallClose, fmt.Sprintf("close-%s-%d", v.Call, v.Fence), api.CloseData{Call: v.Call, Fence: v.Fence, Reason: "done"})
	}
	return nil
}

func (t *AutoTaker) claim(c *Console, k *takenCall) error {
	if k.asked || t.cfg.Claims != nil && !t.cfg.Claims(k.view) {
		return nil
	}
	k.asked = true
	return t.ask(c, k.view.Call, api.CallClaim, fmt.Sprintf("claim-%s-%s-%d", t.cfg.Console.Agent, k.view.Call, k.view.Fence), api.ClaimData{Call: k.view.Call})
}

// answer replies to a line once per claim, unless the log has the reply already.
func (t *AutoTaker) answer(c *Console, k *takenCall, m callmodel.MessageReceived) error {
	id := replyID(m.Message, k.view.Fence)
	if _, under := t.asked[callmodel.CommandID(id)]; under {
		return nil
	}
	text := ""
	if t.cfg.Reply != nil {
		text = t.cfg.Reply(k.view.Call, m)
	}
	if text == "" {
		k.owed = remove(k.owed, string(m.Message))
		return nil
	}
	return t.ask(c, k.view.Call, api.MessageSend, id, api.SendData{Call: k.view.Call, Fence: k.view.Fence, Text: callmodel.Private(text)})
}

func (t *AutoTaker) ask(c *Console, call callmodel.CallID, typ, id string, data any) error {
	t.asked[callmodel.CommandID(id)] = asked{typ, call, data}
	_, err := c.Send(callmodel.CommandID(id), typ, data)
	return err
}

func (t *AutoTaker) reply(c *Console, r api.Reply) error {
	a, ok := t.asked[r.ID]
	if !ok {
		return nil
	}
	if t.cfg.Answered != nil {
		t.cfg.Answered(a.typ, r)
	}
	t.tally(func(s *AutoTakerStats) { s.count(a.typ, r.OK) })
	if !r.OK && r.Error.Retryable {
		wait := time.Duration(max(r.Error.RetryAfterMS, 50)) * time.Millisecond
		time.AfterFunc(wait, func() { _, _ = c.Send(r.ID, a.typ, a.data) }) // the same id: no second effect
		return nil
	}
	if !r.OK || a.typ != api.MessageSend { // the event of a reply ends what is owed
		delete(t.asked, r.ID)
	}
	k := t.calls[a.call]
	switch {
	case k == nil:
	case a.typ == api.MessageShown:
		k.unshown = slices.DeleteFunc(k.unshown, func(m callmodel.MessageID) bool { return shownID(t.cfg.Console.Agent, m) == string(r.ID) })
	case r.OK && a.typ == api.CallTranscript:
		return t.story(c, k, r)
	case r.OK:
	case a.typ == api.CallClose:
		k.closing = false
	case a.typ == api.CallClaim:
		k.asked = r.Error.Code == callmodel.CodeAlreadyTaken
	}
	return nil
}

func (s *AutoTakerStats) count(typ string, ok bool) {
	switch {
	case typ == api.CallClaim && ok:
		s.Claimed++
	case typ == api.CallClaim:
		s.Lost++
	case !ok:
		s.Refusals++
	case typ == api.MessageShown:
		s.Shown++
	case typ == api.MessageSend:
		s.Replies++
	case typ == api.CallClose:
		s.Closed++
	}
}
