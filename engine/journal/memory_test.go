package journal_test

import (
	"context"
	"errors"
	"testing"

	"text911/engine/journal"
	"text911/engine/journal/journaltest"
)

func openMemory(t testing.TB, cfg journal.MemoryConfig) *journal.Memory {
	m := journal.NewMemory(cfg)
	if err := m.Open(context.Background(), journaltest.PSAP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(context.Background()) })
	return m
}

func TestMemory(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) journal.Journal { return openMemory(t, journal.MemoryConfig{}) })
}

func TestMemorySmallTail(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) journal.Journal {
		return openMemory(t, journal.MemoryConfig{TailCount: 8, TailBytes: 4096})
	})
}

func TestMemoryFull(t *testing.T) {
	m := openMemory(t, journal.MemoryConfig{MaxRecords: 2})
	ctx := context.Background()
	for i, want := range []error{nil, nil, journal.ErrUnavailable} {
		_, err := m.Append(ctx, journaltest.PSAP, "c", uint64(i), []journal.Record{journaltest.Rec("c", string(rune('a'+i)))})
		if !errors.Is(err, want) {
			t.Fatalf("append %d: %v", i, err)
		}
	}
}

func TestMemoryFails(t *testing.T) {
	m := openMemory(t, journal.MemoryConfig{})
	ctx := context.Background()
	m.Fail(errors.New("disk full"))
	if _, err := m.Append(ctx, journaltest.PSAP, "c", 0, []journal.Record{journaltest.Rec("c", "a")}); !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	if err := m.Healthy(); !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("healthy: %v", err)
	}
	m.Fail(nil)
	if _, err := m.Append(ctx, journaltest.PSAP, "c", 0, []journal.Record{journaltest.Rec("c", "a")}); err != nil {
		t.Fatal(err)
	}
}

// A follower is told of records that are gone, once, and goes on behind them.
func TestMemoryGap(t *testing.T) {
	m := openMemory(t, journal.MemoryConfig{TailCount: 2})
	ctx := context.Background()
	for i := range 10 {
		if _, err := m.Append(ctx, journaltest.PSAP, "c", uint64(i), []journal.Record{journaltest.Rec("c", string(rune('a'+i)))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Forget(journaltest.PSAP, 6); err != nil {
		t.Fatal(err)
	}
	c := m.Follow(journaltest.PSAP, 1)
	defer c.Close()
	_, err := c.Next(ctx)
	var gap *journal.GapError
	if !errors.As(err, &gap) || gap.From != 2 || gap.To != 6 {
		t.Fatalf("got %v, want a gap from 2 to 6", err)
	}
	got, err := c.Next(ctx)
	if err != nil || got[0].Seq != 7 {
		t.Fatalf("behind the gap: %v", err)
	}
	if s := m.Stats(); s.Gaps != 5 {
		t.Errorf("%d gaps counted", s.Gaps)
	}
}
