package journal_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"text911/engine/journal"
	"text911/engine/journal/journaltest"
)

// externalServer runs a NATS server of its own on a TCP port.
func externalServer(t testing.TB, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{ServerName: "external", Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 16 << 20,
		Username: "engine", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("external server not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func external(s *server.Server) journal.Config {
	return journal.Config{URL: s.ClientURL(), User: "engine", Password: "secret"}
}

func TestExternal(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) journal.Journal {
		return start(t, external(externalServer(t, journal.Scratch(t), server.RANDOM_PORT)))
	})
}

// Two nodes share a stream: each sees what the other writes, and the fence
// lets only one of them win a call.
func TestExternalTwoNodes(t *testing.T) {
	t.Parallel()
	s := externalServer(t, journal.Scratch(t), server.RANDOM_PORT)
	a, b := start(t, external(s)), start(t, external(s))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := b.Follow(journaltest.PSAP, 0)
	defer c.Close()
	var wg sync.WaitGroup
	won := make(chan string, 2)
	for name, j := range map[string]journal.Journal{"a": a, "b": b} {
		wg.Go(func() {
			_, err := j.Append(ctx, journaltest.PSAP, "c", 0, []journal.Record{journaltest.Rec("c", name)})
			switch {
			case err == nil:
				won <- name
			case !errors.Is(err, journal.ErrFenced):
				t.Errorf("append: %v", err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d writers won the call", len(won))
	}
	got, err := c.Next(ctx)
	if err != nil || got[0].ID != <-won {
		t.Fatalf("follow: %v", err)
	}
}

// The external server goes away and comes back: Appends wait and succeed, or
// are refused once it has been away for longer than Grace.
func TestExternalAway(t *testing.T) {
	t.Parallel()
	dir := journal.Scratch(t)
	s := externalServer(t, dir, server.RANDOM_PORT)
	port := s.Addr().(*net.TCPAddr).Port
	cfg := external(s)
	cfg.Grace, cfg.AckWait = 300*time.Millisecond, 200*time.Millisecond
	j := start(t, cfg)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	appendOne := func(id string, last uint64) error {
		_, err := j.Append(ctx, journaltest.PSAP, "c", last, []journal.Record{journaltest.Rec("c", id)})
		return err
	}
	if err := appendOne("a", 0); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	if err := appendOne("b", 1); !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("server away: got %v", err)
	}
	if err := j.Healthy(); !errors.Is(err, journal.ErrUnavailable) {
		t.Fatalf("healthy: %v", err)
	}
	externalServer(t, dir, port)
	for j.Healthy() != nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond) // real sockets: no fake clock here
	}
	if err := appendOne("b", 1); err != nil {
		t.Fatalf("server back: %v", err)
	}
}

// What external clients of the embedded server may do, and nothing more.
func TestExternalClients(t *testing.T) {
	t.Parallel()
	j := start(t, journal.Config{Listen: journal.Listen{Addr: "127.0.0.1:0", User: "console", Password: "pw"}})
	if _, err := nats.Connect(j.Addr()); err == nil {
		t.Fatal("connected without a password")
	}
	denied := make(chan error, 16)
	nc, err := nats.Connect(j.Addr(), nats.UserInfo("console", "pw"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()

	for _, subject := range []string{"t911.psap-example.put.c1.message.received", "t911.psap-example.evt.c1.message.received",
		"$JS.API.STREAM.NAMES", "$JS.API.STREAM.DELETE.T911_psap-example", "anything"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		mustDeny(t, denied, "publish "+subject)
	}
	for _, subject := range []string{">", "t911.>", "t911.*.cmd.>", "t911.*.put.>", "$JS.>", "_T911J.>"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		mustDeny(t, denied, "subscribe "+subject)
	}
	clientSees(t, j, nc)
}

func mustDeny(t *testing.T, denied <-chan error, what string) {
	t.Helper()
	select {
	case err := <-denied:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Fatalf("%s: %v", what, err)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("%s was allowed", what)
	}
}

// clientSees: events arrive after storage with their sequence, commands reach
// the process and are answered.
func clientSees(t *testing.T, j *journal.JetStream, nc *nats.Conn) {
	events, err := nc.SubscribeSync("t911.psap-example.evt.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := j.Append(context.Background(), journaltest.PSAP, "c1", uint64(i), []journal.Record{journaltest.Rec("c1", fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
		m, err := events.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"Nats-Sequence": fmt.Sprint(i + 1), "ce-id": fmt.Sprint(i), "ce-specversion": "1.0",
			"ce-source": "text911/psap.example", "ce-type": "text911.message.received.v1", "ce-subject": "c1"} {
			if got := m.Header[name]; len(got) != 1 || got[0] != want {
				t.Errorf("header %s is %v, want %q", name, got, want)
			}
		}
		if m.Subject != journal.EventSubject(journaltest.PSAP, "c1", "message.received") {
			t.Errorf("subject %s", m.Subject)
		}
	}
	user, password := j.Credentials()
	inside, err := nats.Connect("", nats.InProcessServer(j), nats.UserInfo(user, password))
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	if _, err := inside.Subscribe("t911.*.cmd.>", func(m *nats.Msg) { _ = m.Respond([]byte("done")) }); err != nil {
		t.Fatal(err)
	}
	if err := inside.Flush(); err != nil {
		t.Fatal(err)
	}
	if m, err := nc.Request("t911.psap-example.cmd.call.claim", nil, 5*time.Second); err != nil || string(m.Data) != "done" {
		t.Fatalf("command: %v", err)
	}
}

func TestExternalClientToken(t *testing.T) {
	t.Parallel()
	j := start(t, journal.Config{Listen: journal.Listen{Addr: "127.0.0.1:0", Token: "tok"}})
	if _, err := nats.Connect(j.Addr(), nats.Token("wrong")); err == nil {
		t.Fatal("a wrong token was taken")
	}
	nc, err := nats.Connect(j.Addr(), nats.Token("tok"))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestListenAnonymous(t *testing.T) {
	t.Parallel()
	j := start(t, journal.Config{Listen: journal.Listen{Addr: "127.0.0.1:0"}})
	nc, err := nats.Connect(j.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	clientSees(t, j, nc)
}

func TestListenPortBusy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = journal.Start(context.Background(), journal.Config{Dir: t.TempDir(), Listen: journal.Listen{Addr: l.Addr().String()}})
	if err == nil {
		t.Fatal("started on a busy port")
	}
}
