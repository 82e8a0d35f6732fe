package session_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"

	"text911/engine/msrp"
	"text911/engine/msrp/session"
)

// LIM-24: whatever comes in whatever order, exactly the last finished Message-IDs are known, for
// exactly their time, also after the session recovered with more room.
func TestHistoryAgainstAModel(t *testing.T) {
	for _, limit := range []int{1, 3, 4, 7, 64, 100} {
		rng := rand.New(rand.NewPCG(uint64(limit), 1))
		e, s := newBound(t, msrp.Strict, func(c *session.Config) { c.History = limit })
		var order []string // oldest first
		at := make(map[string]time.Time)
		local := ownText
		for n := range 3000 {
			if n == 2000 {
				cfg := config(t)
				cfg.History, cfg.Previous = 2*limit, s
				local = strings.Replace(ownText, "Lq9T", "Zz9T", 1)
				cfg.Local = mustPath(t, local)[0]
				now := e.now
				e, _ = newEnd(t, msrp.Strict, cfg)
				e.now, limit = now, 2*limit
				e.receive(strings.ReplaceAll(bindFrame, "Lq9T", "Zz9T"))
				e.reset()
			}
			e.now = e.now.Add(time.Duration(rng.IntN(int(session.DefaultHistoryAge) / limit)))
			id := fmt.Sprintf("mMsg%d", rng.IntN(2*limit))
			before, known := at[id]
			want := "message " + id + " 1"
			if known && e.now.Sub(before) <= session.DefaultHistoryAge {
				want = "repeat " + id
			} else {
				at[id] = e.now
			}
			if !known {
				order = append(order, id)
				if len(order) > limit {
					delete(at, order[0])
					order = order[1:]
				}
			}
			e.told = nil
			e.receive(strings.Replace(sendFrame(fmt.Sprintf("id%06d", n), id, "1-1/1", "", "x", "$"), ownText, local, 1))
			if !slices.Equal(e.told, []string{want}) {
				t.Fatalf("limit %d, message %d: told %v, want %s", limit, n, e.told, want)
			}
			e.reset()
		}
	}
}

// A session that has heard nothing keeps no room for what it may hear.
func TestHistoryIsSmallAtFirst(t *testing.T) {
	const n = 1000
	kept := make([]*session.Session, n)
	cfg := config(t)
	grown := measure(func() {
		for i := range kept {
			kept[i], _ = session.New(cfg)
		}
	})
	runtime.KeepAlive(kept)
	if each := grown / n; each > 2500 {
		t.Errorf("a new session takes %d octets", each)
	}
}

// A session that recovers another one does not keep it, nor those before.
func TestPreviousIsLetGo(t *testing.T) {
	cfg := config(t)
	first, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	gone := weak.Make(first)
	cfg.Previous = first
	next, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Previous, first = nil, nil
	runtime.GC()
	if gone.Value() != nil {
		t.Error("the session before is still there")
	}
	runtime.KeepAlive(next)
}
