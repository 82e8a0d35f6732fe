package engine

import (
	"bytes"
	"testing"
	"time"
)

// TestIDs: unique, of 26 characters, sorted in the order they were made, also over a clock that
// steps back and without entropy.
func TestIDs(t *testing.T) {
	for name, entropy := range map[string]*bytes.Reader{"entropy": nil, "a little": bytes.NewReader(make([]byte, 640)), "none": bytes.NewReader(nil)} {
		g := newIDs(nil)
		if entropy != nil {
			g = newIDs(entropy)
		}
		now := time.UnixMilli(1_767_323_045_678)
		last := ""
		for i := range 5000 {
			switch {
			case i%100 == 99:
				now = now.Add(time.Millisecond)
			case i == 2500:
				now = now.Add(-time.Hour)
			}
			id := g.next(now)
			if len(id) != ulidLen || id <= last {
				t.Fatalf("%s: id %d is %q after %q", name, i, id, last)
			}
			last = id
		}
	}
	g := newIDs(bytes.NewReader(make([]byte, 640)))
	if id := g.next(time.UnixMilli(1_767_323_045_678)); id != "01KDYAK3SE0000000000000000" {
		t.Errorf("the time is told as %s", id)
	}
	g.ms, g.hi, g.lo = 1_767_323_045_678, 0x7fff, ^uint64(0)
	if a, b := g.next(time.UnixMilli(0)), g.next(time.UnixMilli(0)); a >= b || len(a) != ulidLen {
		t.Errorf("overflow: %s then %s", a, b)
	}
}

func TestConfigValidate(t *testing.T) {
	if err := (Config{Mailbox: -1, PSAPs: []PSAP{{}, {ID: "p"}, {ID: "p"}}}).Validate(); err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) != 4 {
		t.Errorf("got %v, want four faults", err)
	}
}
