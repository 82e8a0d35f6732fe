package psap

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"text911/callmodel"
)

// board is what is known of the calls, kept by View.Apply from the log: every open call, and the
// newest closed ones. A view on the board is replaced, never changed, so that snapshots only
// collect pointers while the board is locked.
type board struct {
	calls   map[callmodel.CallID]*callmodel.View
	waiting map[callmodel.CallID]time.Time // in the queue since, by this process's clock
	held    map[callmodel.CallID]time.Time // claimed, since this process heard of the newest claim
	closed  []callmodel.CallID             // in the order they were closed
	keep    int
	keepFor time.Duration
}

func newBoard(keep int, keepFor time.Duration) *board {
	return &board{
		calls:   map[callmodel.CallID]*callmodel.View{},
		waiting: map[callmodel.CallID]time.Time{},
		held:    map[callmodel.CallID]time.Time{},
		keep:    keep, keepFor: keepFor,
	}
}

// since is when something happened, by our clock: what the log says happened later than now, because
// a clock was set back, happened now. The result keeps now's monotonic reading, so that how long ago
// it was stays true when the clock is set again.
func since(at, now time.Time) time.Time { return now.Add(-max(now.Sub(at), 0)) }

// apply makes an event of a call part of the board. Late words of a call that has left the board
// are passed over: they are in the log and in the stream.
func (b *board) apply(ev callmodel.Event, now time.Time) {
	v := &callmodel.View{}
	if old := b.calls[ev.Call]; old != nil {
		*v = *old
	} else if _, offered := ev.Data.(callmodel.CallOffered); !offered {
		return
	}
	b.calls[ev.Call] = v
	was := v.Phase
	v.Apply(ev)
	switch ev.Data.(type) {
	case callmodel.CallQueued:
		b.waiting[ev.Call] = since(ev.Time, now)
	case callmodel.CallClaimed:
		b.held[ev.Call] = now
	case callmodel.CallOffered, callmodel.CallReleased, callmodel.CallClosed:
	default:
		return
	}
	if v.Phase != callmodel.PhaseQueued {
		delete(b.waiting, ev.Call)
	}
	if v.Holder == "" || v.Done() {
		delete(b.held, ev.Call)
	}
	if v.Done() && was != callmodel.PhaseClosed {
		b.closed = append(b.closed, ev.Call)
	}
}

// tidy forgets closed calls beyond the bounds.
func (b *board) tidy(now time.Time) {
	n := 0
	for n < len(b.closed) {
		v := b.calls[b.closed[n]]
		if len(b.closed)-n <= b.keep && v != nil && now.Sub(v.ClosedAt) <= b.keepFor {
			break
		}
		delete(b.calls, b.closed[n])
		n++
	}
	if n > 0 {
		b.closed = slices.Delete(b.closed, 0, n)
	}
}

func (b *board) view(call callmodel.CallID) (callmodel.View, bool) {
	v := b.calls[call]
	if v == nil {
		return callmodel.View{}, false
	}
	return *v, true
}

// all returns the views of all calls, in no order.
func (b *board) all() []*callmodel.View {
	all := make([]*callmodel.View, 0, len(b.calls))
	for _, v := range b.calls {
		all = append(all, v)
	}
	return all
}

// sorted returns copies of views: the waiting ones in the order they should be taken, then the
// other open ones, oldest first, then the closed ones, newest first.
func sorted(views []*callmodel.View) []callmodel.View {
	slices.SortFunc(views, compareViews)
	out := make([]callmodel.View, len(views))
	for i, v := range views {
		out[i] = *v
	}
	return out
}

func compareViews(x, y *callmodel.View) int {
	if c := cmp.Compare(rank(x), rank(y)); c != 0 {
		return c
	}
	switch rank(x) {
	case 0:
		return compareWaiting(x, y)
	case 1:
		return compareOffered(x, y)
	}
	return -compareOffered(x, y)
}

func rank(v *callmodel.View) int {
	switch v.Phase {
	case callmodel.PhaseQueued:
		return 0
	case callmodel.PhaseClosed:
		return 2
	}
	return 1
}

// compareWaiting is the order of the queue: higher priority first, then who was offered earlier. A
// call that comes back keeps its place.
func compareWaiting(x, y *callmodel.View) int {
	return cmp.Or(-cmp.Compare(urgency(x.Priority), urgency(y.Priority)), compareOffered(x, y))
}

func compareOffered(x, y *callmodel.View) int {
	return cmp.Or(x.Offered.Compare(y.Offered), strings.Compare(string(x.Call), string(y.Call)))
}

// urgency orders Resource-Priority values of the namespace esnet, where 4 is the highest (RFC 7135
// §4). Anything else ranks with the lowest.
func urgency(priority string) int {
	r, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(priority)), "esnet.")
	if !ok || len(r) != 1 || r[0] < '0' || r[0] > '4' {
		return 0
	}
	return int(r[0] - '0')
}

// oldestWait is since when the text that waits longest is in the queue.
func (b *board) oldestWait() (time.Time, bool) {
	var oldest time.Time
	for _, at := range b.waiting {
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest, !oldest.IsZero()
}
