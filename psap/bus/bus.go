package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"text911/callmodel"
	"text911/psap/api"
)

const (
	// A subscription that falls this far behind loses messages, which is counted; requests then
	// time out at their senders, who repeat them with the same id.
	pendingMessages = 8192
	pendingOctets   = 32 << 20
	// maxCommand is the largest payload of a command.
	maxCommand = 64 << 10
)

// Bus serves PSAPs over NATS.
type Bus struct {
	cfg Config

	commands, tooMany, bad, published, unpublished, faults, reconnects atomic.Uint64
	connected                                                          atomic.Bool
}

// Stats are counters since New.
type Stats struct {
	Connected   bool
	Commands    uint64
	TooMany     uint64 // commands answered with too_many
	Bad         uint64 // requests that were no command
	Published   uint64 // ephemeral events published
	Unpublished uint64 // ephemeral events lost because the server was away
	Faults      uint64 // faults the connection reported, lost requests included
	Reconnects  uint64
}

// New returns a Bus that does nothing until Run. cfg should pass Validate.
func New(cfg Config) *Bus { return &Bus{cfg: cfg.withDefaults()} }

// Stats returns the counters.
func (b *Bus) Stats() Stats {
	return Stats{
		Connected: b.connected.Load(), Commands: b.commands.Load(), TooMany: b.tooMany.Load(), Bad: b.bad.Load(),
		Published: b.published.Load(), Unpublished: b.unpublished.Load(), Faults: b.faults.Load(),
		Reconnects: b.reconnects.Load(),
	}
}

// Run serves until ctx ends, then finishes the commands it has taken. When it returns, everything
// it started has ended. It returns nil when ctx ended, otherwise why it could not start.
func (b *Bus) Run(ctx context.Context) error {
	closed := make(chan struct{})
	nc, err := b.connect(closed)
	if err != nil {
		return fmt.Errorf("bus: connect: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var served []*serving
	defer func() {
		cancel()
		for _, s := range served {
			s.stop()
		}
		wg.Wait()
		_ = nc.FlushTimeout(flushWithin)
		nc.Close()
		<-closed
	}()
	for _, seat := range b.cfg.PSAPs {
		s := &serving{b: b, seat: seat, nc: nc, lanes: api.NewLanes(b.cfg.InFlight)}
		if err := s.subscribe(); err != nil {
			return fmt.Errorf("bus: subscribe: %w", err)
		}
		served = append(served, s)
		wg.Go(func() { s.publish(ctx) })
	}
	<-ctx.Done()
	return nil
}

func (b *Bus) connect(closed chan struct{}) (*nats.Conn, error) {
	l := link{
		name: "text911 psaps", url: b.cfg.URL, server: b.cfg.Server, user: b.cfg.User, password: b.cfg.Password,
		creds: b.cfg.CredsFile, tls: b.cfg.TLS, retry: true,
	}
	return l.connect(
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.faults.Add(1)
			b.cfg.Logger.Warn("bus fault", "error", err)
		}),
		nats.ConnectHandler(func(*nats.Conn) { b.connected.Store(true) }),
		nats.ReconnectHandler(func(*nats.Conn) {
			b.connected.Store(true)
			b.reconnects.Add(1)
			b.cfg.Logger.Info("bus connected again")
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			b.connected.Store(false)
			if err != nil {
				b.cfg.Logger.Warn("bus lost its server", "error", err)
			}
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }),
	)
}

// serving is one PSAP on the bus.
type serving struct {
	b     *Bus
	seat  Seat
	nc    *nats.Conn
	sub   *nats.Subscription
	lanes *api.Lanes
}

func (s *serving) subscribe() error {
	sub, err := s.nc.QueueSubscribe(commandSubject(s.seat.PSAP.ID(), ">"), commandGroup, s.request)
	if err != nil {
		return err
	}
	s.sub = sub
	return sub.SetPendingLimits(pendingMessages, pendingOctets)
}

// stop takes no more requests and finishes those it has.
func (s *serving) stop() {
	_ = s.sub.Unsubscribe()
	s.lanes.Close()
}

// request takes one command.
func (s *serving) request(m *nats.Msg) {
	cmd, problem := commandOf(m)
	if problem != nil {
		s.b.bad.Add(1)
		s.answer(m, api.Reply{ID: cmd.ID, Error: problem})
		return
	}
	s.b.commands.Add(1)
	select {
	case <-s.seat.PSAP.Ready():
	default: // half a board would be taken for the whole
		s.answer(m, api.Reply{ID: cmd.ID, Error: api.NewProblem(api.CodeStarting, "the log is still being read")})
		return
	}
	who := api.Caller{Agent: callmodel.AgentID(m.Header.Get(headerAgent))}
	taken := s.lanes.Go(api.CallOf(cmd), func() {
		defer s.rescue()
		ctx, cancel := context.WithTimeout(context.Background(), s.b.cfg.CommandWait)
		defer cancel()
		s.answer(m, s.seat.Service.Do(ctx, who, cmd))
	})
	if !taken {
		s.b.tooMany.Add(1)
		s.answer(m, api.Reply{ID: cmd.ID, Error: api.NewProblem(callmodel.CodeTooMany, "too many commands wait")})
	}
}

// rescue ends a command that meets a bug of ours, and nothing else; its sender may repeat it.
func (s *serving) rescue() {
	if r := recover(); r != nil {
		s.b.faults.Add(1)
		s.b.cfg.Logger.Error("command fault", "psap", s.seat.PSAP.ID(), "stack", string(debug.Stack()))
	}
}

// commandOf reads a request. The subject says the type.
func commandOf(m *nats.Msg) (api.Command, *api.Problem) {
	var cmd api.Command
	if len(m.Data) > maxCommand {
		return cmd, api.NewProblem(callmodel.CodeTooLarge, "a command has at most 65536 octets")
	}
	if !utf8.Valid(m.Data) {
		return cmd, api.NewProblem(callmodel.CodeInvalid, "the command is not UTF-8")
	}
	if json.Unmarshal(m.Data, &cmd) != nil {
		return api.Command{}, api.NewProblem(callmodel.CodeInvalid, "the command is not a JSON object with id and data")
	}
	_, typ, _ := strings.Cut(m.Subject, ".cmd.")
	if cmd.Type != "" && cmd.Type != typ {
		return cmd, api.NewProblem(callmodel.CodeInvalid, "the type is not that of the subject")
	}
	cmd.Type = typ
	return cmd, nil
}

func (s *serving) answer(m *nats.Msg, r api.Reply) {
	if m.Reply == "" {
		return
	}
	raw, err := json.Marshal(r)
	if err != nil {
		raw, err = json.Marshal(api.Reply{ID: r.ID, Error: api.NewProblem(api.CodeInternal, "the answer could not be written")})
	}
	if err == nil {
		err = m.Respond(raw)
	}
	if err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		s.b.faults.Add(1) // the sender repeats the command and gets the same answer
	}
}
