package journal_test

import (
	"context"
	"testing"
	"time"

	"text911/engine/journal"
	"text911/engine/journal/journaltest"
)

// start opens an embedded journal with sensible bounds for a test.
func start(t testing.TB, cfg journal.Config) *journal.JetStream {
	t.Helper()
	if cfg.Dir == "" && cfg.URL == "" {
		cfg.Dir = journal.Scratch(t)
	}
	if cfg.MaxStore == 0 {
		cfg.MaxStore = 1 << 30
	}
	cfg.Ballast, cfg.MinFree = -1, -1
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	j, err := journal.Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		j.Close(ctx)
	})
	if err := j.Open(ctx, journaltest.PSAP); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) journal.Journal { return start(t, journal.Config{}) })
}

func TestEmbeddedSmallTail(t *testing.T) {
	t.Parallel()
	journaltest.RunFollow(t, func(t *testing.T) journal.Journal {
		return start(t, journal.Config{TailCount: 16, TailBytes: 8192})
	})
}
