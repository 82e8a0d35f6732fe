package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"text911/engine/journal"
)

// A record that somebody put into the stream under a subject that is none of ours must not silence
// the PSAP: every reader passes it and sees what follows.
func TestForeignRecordHoldsUpNobody(t *testing.T) {
	j := start(t, journal.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := j.Open(ctx, "psap.example"); err != nil {
		t.Fatal(err)
	}
	put := func(last uint64, id string) uint64 {
		t.Helper()
		seqs, err := j.Append(ctx, "psap.example", "call", last, []journal.Record{
			{ID: id, Call: "call", Kind: "message.received", Time: time.Unix(1, 0), Data: []byte("{}")}})
		if err != nil {
			t.Fatal(err)
		}
		return seqs[0]
	}
	first := put(0, "one")
	user, password := j.Credentials()
	nc, err := nats.Connect("", nats.InProcessServer(j), nats.UserInfo(user, password))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Request("t911.psap-example.put.x", []byte("junk"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	last := put(first, "two")
	want := fmt.Sprint([]string{"call message.received", "_ foreign.record", "call message.received"})
	check := func(how string, recs []journal.Stored, err error) {
		t.Helper()
		var got []string
		for _, r := range recs {
			got = append(got, r.Call+" "+r.Kind)
		}
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s gave %v, %v", how, got, err)
		}
	}
	recs, err := j.Read(ctx, "psap.example", 0, 10)
	check("read", recs, err)
	recs = nil
	err = j.Replay(ctx, "psap.example", 0, func(s journal.Stored) error { recs = append(recs, s); return nil })
	check("replay", recs, err)
	recs = nil
	c := j.Follow("psap.example", 0)
	defer c.Close()
	for c.Seq() < last && err == nil {
		var more []journal.Stored
		more, err = c.Next(ctx)
		recs = append(recs, more...)
	}
	check("follow", recs, err)
}
