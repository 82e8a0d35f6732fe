package journaltest

import (
	"context"
	"errors"
	"testing"

	"text911/engine/journal"
)

func invalid(t *testing.T, j journal.Journal) {
	good := Rec("c1", "a")
	edit := func(f func(*journal.Record)) []journal.Record {
		r := good
		f(&r)
		return []journal.Record{r}
	}
	tests := []struct {
		name string
		call string
		recs []journal.Record
		want error
	}{
		{"none", "c1", nil, journal.ErrInvalid},
		{"no id", "c1", edit(func(r *journal.Record) { r.ID = "" }), journal.ErrInvalid},
		{"header in id", "c1", edit(func(r *journal.Record) { r.ID = "a\r\nX: y" }), journal.ErrInvalid},
		{"no call", "", edit(func(r *journal.Record) { r.Call = "" }), journal.ErrInvalid},
		{"other call", "c2", edit(func(*journal.Record) {}), journal.ErrInvalid},
		{"kind", "c1", edit(func(r *journal.Record) { r.Kind = "message" }), journal.ErrInvalid},
		{"kind wildcard", "c1", edit(func(r *journal.Record) { r.Kind = "message.>" }), journal.ErrInvalid},
		{"id twice", "c1", recs("c1", "a", "a"), journal.ErrInvalid},
		{"too large", "c1", edit(func(r *journal.Record) { r.Data = make([]byte, journal.MaxRecordSize+1) }), journal.ErrTooLarge},
		{"too many", "c1", make([]journal.Record, journal.MaxAppend+1), journal.ErrTooLarge},
	}
	for _, tt := range tests {
		if _, err := j.Append(ctxOf(t), PSAP, tt.call, 0, tt.recs); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	big := good
	big.Data = make([]byte, journal.MaxRecordSize)
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 0, []journal.Record{big}); err != nil {
		t.Errorf("largest record: %v", err)
	}
	want(t, mustRead(t, j), "1:a ")
}

func unknownPSAP(t *testing.T, j journal.Journal) {
	ctx := ctxOf(t)
	if _, err := j.Append(ctx, "other", "c", 0, recs("c", "a")); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("append: %v", err)
	}
	if _, err := j.Read(ctx, "other", 0, 1); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("read: %v", err)
	}
	if _, err := j.Bounds(ctx, "other"); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("bounds: %v", err)
	}
	c := j.Follow("other", 0)
	defer c.Close()
	if _, err := c.Next(ctx); !errors.Is(err, journal.ErrUnknownPSAP) {
		t.Errorf("follow: %v", err)
	}
}

func cancelled(t *testing.T, j journal.Journal) {
	why := errors.New("given up")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := j.Append(ctx, PSAP, "c1", 0, recs("c1", "a")); !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
	mustAppend(t, j, "c1", 0, "b")
	c := j.Follow(PSAP, 1)
	defer c.Close()
	if _, err := c.Next(ctx); !errors.Is(err, why) {
		t.Fatalf("cursor: got %v", err)
	}
}

func closed(t *testing.T, j journal.Journal) {
	mustAppend(t, j, "c1", 0, "a")
	if err := j.Healthy(); err != nil {
		t.Fatalf("healthy: %v", err)
	}
	if s := j.Stats(); s.Appends != 1 || s.Records != 1 {
		t.Errorf("stats: %d appends, %d records", s.Appends, s.Records)
	}
	if err := j.Close(ctxOf(t)); err != nil {
		t.Fatalf("close: %v", err)
	}
	if _, err := j.Append(ctxOf(t), PSAP, "c1", 1, recs("c1", "b")); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := j.Healthy(); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("healthy: %v", err)
	}
	if err := j.Close(ctxOf(t)); err != nil {
		t.Errorf("close again: %v", err)
	}
}
