package firstparty

import (
	"hash/maphash"

	"text911/callmodel"
)

const (
	maxArrivals = 256 // messages whose wire ids are remembered
	maxContents = 32  // unanswered contents that are compared
)

// seed only decides which contents collide, never what a machine does.
var seed = maphash.MakeSeed()

// arrivals remembers the messages that came in lately: the wire's ids against repeats, ours with
// whether anybody saw them, and sums of contents nobody has answered yet. It grows with use and is a
// ring when full.
type arrivals struct {
	sums     []uint64 // of the wire keys, beside list
	list     []arrival
	next     int // where the ring goes on when it is full
	contents []uint64
}

type arrival struct {
	wire    string
	message callmodel.MessageID
	callSeq uint64
	shown   bool
}

// wireKey names a message as the wire does; without a wire id its own id must do.
func wireKey(wire string, id callmodel.MessageID) string {
	if wire == "" {
		return "#" + string(id)
	}
	return wire
}

// find returns the repeat that key would be, or nil.
func (a *arrivals) find(key string) *callmodel.Repeat {
	sum := maphash.String(seed, key)
	for i, s := range a.sums {
		if s == sum && a.list[i].wire == key {
			return &callmodel.Repeat{CallSeq: a.list[i].callSeq, Message: a.list[i].message}
		}
	}
	return nil
}

func (a *arrivals) apply(key string, id callmodel.MessageID, callSeq uint64, c *callmodel.Content) {
	sum, item := maphash.String(seed, key), arrival{wire: key, message: id, callSeq: callSeq}
	if len(a.list) < maxArrivals {
		a.sums, a.list = append(a.sums, sum), append(a.list, item)
	} else {
		a.sums[a.next], a.list[a.next] = sum, item
		a.next = (a.next + 1) % maxArrivals
	}
	if c == nil {
		return
	}
	if len(a.contents) == maxContents {
		copy(a.contents, a.contents[1:])
		a.contents = a.contents[:maxContents-1]
	}
	a.contents = append(a.contents, sumOf(c))
}

// repeats reports whether the same content came before and nobody has answered since. Texters send
// again when no answer comes; the same "yes" after another question is no repetition.
func (a *arrivals) repeats(c *callmodel.Content) bool {
	if len(a.contents) == 0 {
		return false
	}
	sum := sumOf(c)
	for _, s := range a.contents {
		if s == sum {
			return true
		}
	}
	return false
}

func (a *arrivals) answered() { a.contents = a.contents[:0] }

func sumOf(c *callmodel.Content) uint64 {
	sum := maphash.String(seed, c.Text.Reveal())
	if len(c.Body) > 0 {
		sum = sum*31 + maphash.Bytes(seed, c.Body)
	}
	return sum
}

// seen tells whether a message of ours is remembered and was shown before.
func (a *arrivals) seen(id callmodel.MessageID) (known, shown bool) {
	if i := a.index(id); i >= 0 {
		return true, a.list[i].shown
	}
	return false, false
}

// show marks a message as seen and reports whether it is one that arrived.
func (a *arrivals) show(id callmodel.MessageID) bool {
	i := a.index(id)
	if i < 0 {
		return false
	}
	a.list[i].shown = true
	return true
}

func (a *arrivals) index(id callmodel.MessageID) int {
	for i := range a.list {
		if a.list[i].message == id {
			return i
		}
	}
	return -1
}
