// Package journaltest holds the tests every journal.Journal passes: the
// in-memory one, the embedded JetStream store and external servers. It is
// imported by tests only.
package journaltest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"text911/engine/journal"
)

// PSAP is the PSAP the tests write to; it is open when a test starts.
const PSAP = "psap.example"

// patience is far more than anything takes: a loaded machine fails no test.
const patience = time.Minute

type test struct {
	name string
	f    func(t *testing.T, j journal.Journal)
}

// Run runs the suite. open returns a fresh journal with PSAP open; the test
// closes it through t.Cleanup of open's own. The tests run in parallel, each
// on a journal of its own.
func Run(t *testing.T, open func(t *testing.T) journal.Journal) {
	RunFollow(t, open)
	run(t, open, []test{
		{"append and read back", readBack},
		{"sequences ascend", ascend},
		{"fence", fence},
		{"fence per call", fencePerCall},
		{"no fence", noFence},
		{"same id once", sameID},
		{"same append repeated", sameAppend},
		{"mixed ids", mixed},
		{"several records together", together},
		{"fenced append stores nothing", fencedNothing},
		{"fenced does not poison neighbours", neighbours},
		{"concurrent appends", concurrent},
		{"invalid records", invalid},
		{"unknown psap", unknownPSAP},
		{"cancelled context", cancelled},
		{"read call", readCall},
		{"read limit", readLimit},
		{"replay", replay},
		{"replay stops", replayStops},
		{"bounds", bounds},
		{"escaped names", escaped},
		{"psaps are apart", apart},
		{"closed", closed},
	})
}

// RunFollow runs the part of the suite that is about cursors.
func RunFollow(t *testing.T, open func(t *testing.T) journal.Journal) {
	run(t, open, []test{
		{"follow from the start", followAll},
		{"follow resumes", followResumes},
		{"follow slow reader", followSlow},
		{"follow while appending", followLive},
		{"follow ends", followEnds},
	})
}

func run(t *testing.T, open func(t *testing.T) journal.Journal, tests []test) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // they wait for syncs most of the time
			tt.f(t, open(t))
		})
	}
}

func ctxOf(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Rec makes a record.
func Rec(call, id string) journal.Record {
	return journal.Record{ID: id, Call: call, Kind: "message.received",
		Time: time.UnixMilli(1767326645678).UTC(), Data: []byte(`{"id":"` + id + `"}`)}
}

func recs(call string, ids ...string) []journal.Record {
	var out []journal.Record
	for _, id := range ids {
		out = append(out, Rec(call, id))
	}
	return out
}

func mustAppend(t *testing.T, j journal.Journal, call string, last uint64, ids ...string) []uint64 {
	t.Helper()
	seqs, err := j.Append(ctxOf(t), PSAP, call, last, recs(call, ids...))
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if len(seqs) != len(ids) {
		t.Fatalf("got %d sequences for %d records", len(seqs), len(ids))
	}
	return seqs
}

func mustRead(t *testing.T, j journal.Journal) []journal.Stored {
	t.Helper()
	got, err := j.Read(ctxOf(t), PSAP, 0, 100000)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return got
}

func ids(got []journal.Stored) string {
	s := ""
	for _, r := range got {
		s += fmt.Sprintf("%d:%s ", r.Seq, r.ID)
	}
	return s
}

func want(t *testing.T, got []journal.Stored, text string) {
	t.Helper()
	if g := ids(got); g != text {
		t.Fatalf("got %q, want %q", g, text)
	}
}
