package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"text911/callmodel"
	"text911/psap/api"
)

// conn is one console's connection. The goroutine of its handler reads; a second one writes.
type conn struct {
	s   *Server
	ws  *websocket.Conn
	id  string
	who Identity
	key clientKey // guarded by s.mu
	log *slog.Logger

	ctx    context.Context // ends with the connection; its cause says why
	cancel context.CancelCauseFunc

	out    chan []byte    // frames other than events
	begin  chan beginning // from the reader, once
	acks   chan struct{}  // wakes the writer
	acked  atomic.Uint64  // newest seq acknowledged
	sent   atomic.Uint64  // newest seq sent
	lanes  *api.Lanes
	bucket *bucket
	over   int // commands refused for their rate since one was taken

	// set by the reader at the start
	seat   Seat
	agent  callmodel.AgentID
	detach func()
}

// errGone: the client closed the connection or the network did.
var errGone = errors.New("console: the client is gone")

const (
	outRoom     = 64
	lingerFor   = time.Second // for the client's own close frame
	maxOver     = 5000        // commands over the rate until the connection is closed
	startWithin = 20 * time.Second
)

func newConn(s *Server, ws *websocket.Conn, who Identity) *conn {
	ctx, cancel := context.WithCancelCause(context.Background())
	id := s.newID()
	return &conn{
		s: s, ws: ws, id: id, who: who, log: s.cfg.Logger.With("console", id),
		ctx: ctx, cancel: cancel,
		out:   make(chan []byte, outRoom),
		begin: make(chan beginning, 1),
		acks:  make(chan struct{}, 1),
		lanes: api.NewLanes(s.cfg.InFlight), bucket: newBucket(s.cfg.CommandRate, s.cfg.Now().UnixNano()),
		detach: func() {},
	}
}

// end makes the writer say farewell and close. The first reason counts.
func (c *conn) end(f *farewell) { c.cancel(f) }

// serve runs the connection until it ends; then everything it started has ended.
func (c *conn) serve() {
	var wg sync.WaitGroup
	read := make(chan struct{})
	wg.Go(func() { c.write(read) })
	if !c.who.Expires.IsZero() {
		expiry := time.AfterFunc(c.who.Expires.Sub(c.s.cfg.Now()), func() {
			c.end(bye(CloseLoginExpired, codeLoginExpired, "The login has expired", "log in again and resume"))
		})
		defer expiry.Stop()
	}
	c.send(encode(c.hello()))
	c.readAll()
	close(read)
	c.cancel(errGone)
	wg.Wait()
	c.detach()
	c.lanes.Close()
	c.log.Info("console gone", "agent", c.agent, "reason", reason(context.Cause(c.ctx)))
}

func reason(err error) string {
	var f *farewell
	if errors.As(err, &f) {
		return string(f.problem.Code)
	}
	return "closed"
}

// send queues a frame for the writer; it waits for room as long as the connection lives.
func (c *conn) send(frame []byte) {
	select {
	case c.out <- frame:
	case <-c.ctx.Done():
	}
}

// offer is send that gives up when there is no room: the console is not reading.
func (c *conn) offer(frame []byte) {
	select {
	case c.out <- frame:
	default:
	}
}

// rescue ends the connection, and nothing else, when one of its goroutines meets a bug of ours.
func (c *conn) rescue() {
	if r := recover(); r != nil {
		c.s.count.faults.Add(1)
		c.log.Error("console fault", "stack", string(debug.Stack()))
		c.end(bye(CloseInternal, api.CodeInternal, "Internal fault", "resume by seq; commands may be repeated with the same id"))
	}
}

func (c *conn) readAll() {
	defer c.rescue()
	c.read()
}

// read takes the client's frames until the connection is to end.
func (c *conn) read() {
	c.ws.SetReadLimit(hardLimit)
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(c.s.cfg.Cut))
		raw, err := c.next()
		if c.ctx.Err() != nil {
			if err == nil {
				c.drain()
			}
			return
		}
		if err != nil {
			c.ended(err)
			return
		}
		f, fault := decode(raw)
		if fault == nil {
			fault = c.handle(f)
		}
		if fault != nil {
			c.end(fault)
			c.drain()
			return
		}
	}
}

// next reads one frame and refuses what is too large or no text.
func (c *conn) next() ([]byte, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, bye(CloseBadFrame, codeBinary, "Not a text frame", "frames are JSON in text frames")
	}
	raw, err := io.ReadAll(io.LimitReader(r, MaxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxFrame {
		return nil, bye(closeTooBig, codeFrameTooBig, "The frame is too large", "a frame has at most 65536 octets")
	}
	return raw, nil
}

// ended tells the writer why reading ended.
func (c *conn) ended(err error) {
	var f *farewell
	var timeout net.Error
	switch {
	case errors.As(err, &f):
		c.end(f)
		c.drain()
	case errors.Is(err, websocket.ErrReadLimit):
		c.s.count.badFrames.Add(1)
		c.cancel(errGone) // the library has sent 1009 itself
	case errors.As(err, &timeout) && timeout.Timeout():
		c.end(bye(CloseHeartbeatMissed, codeHeartbeat, "No sign of life", "nothing was heard within the heartbeat's limit"))
	default:
		c.cancel(errGone)
	}
}

// drain reads on until the client has closed, so that the farewell is not lost to a reset; the
// writer closes the connection when that takes too long.
func (c *conn) drain() {
	_ = c.ws.SetReadDeadline(time.Now().Add(lingerFor))
	for range 1000 {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}

// handle does what a frame asks.
func (c *conn) handle(f clientFrame) *farewell {
	if c.agent != "" {
		c.seat.PSAP.Touch(c.agent)
	}
	switch f.Op {
	case opStart, opResume:
		return c.start(f)
	case opCommand:
		return c.command(f)
	case opAck:
		return c.ack(*f.Seq)
	case opPing:
		if len(f.T) > maxEcho {
			return badFrame("t is longer than 64 octets")
		}
		c.send(encode(beatFrame{Op: opPong, T: f.T, Time: stamp(c.s.cfg.Now())}))
	}
	return nil
}

func (c *conn) ack(seq uint64) *farewell {
	if c.agent == "" {
		return badFrame("ack comes before start")
	}
	if seq > c.sent.Load() {
		return bye(CloseBadCursor, codeBadCursor, "Not a place in the log", "ack of a seq that was not sent")
	}
	if seq > c.acked.Load() {
		c.acked.Store(seq)
		select {
		case c.acks <- struct{}{}:
		default:
		}
	}
	return nil
}

// command has a command done and answered.
func (c *conn) command(f clientFrame) *farewell {
	cmd := api.Command{ID: f.ID, Type: f.Type, Data: f.Data}
	if c.agent == "" {
		c.reply(api.Reply{ID: cmd.ID, Error: api.NewProblem(callmodel.CodeUnexpected, "start or resume comes first")})
		return nil
	}
	c.s.count.commands.Add(1)
	if !c.bucket.take(c.s.cfg.Now().UnixNano()) {
		c.s.count.rateLimited.Add(1)
		if c.over++; c.over > maxOver {
			return bye(CloseRate, api.CodeRateLimited, "Too many commands", "see limits.commands_per_second in hello")
		}
		c.reply(api.Reply{ID: cmd.ID, Error: api.NewProblem(api.CodeRateLimited, "see limits.commands_per_second in hello")})
		return nil
	}
	c.over = 0
	taken := c.lanes.Go(api.CallOf(cmd), func() {
		defer c.rescue()
		// A command is finished even if its console goes away meanwhile.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), c.s.cfg.CommandWait)
		defer cancel()
		c.reply(c.seat.Service.Do(ctx, api.Caller{Agent: c.agent, Roles: c.who.Roles}, cmd))
	})
	if !taken {
		c.s.count.rateLimited.Add(1)
		c.reply(api.Reply{ID: cmd.ID, Error: api.NewProblem(callmodel.CodeTooMany, "see limits.commands_in_flight in hello")})
	}
	return nil
}

func (c *conn) reply(r api.Reply) { c.send(encode(replyFrame{Op: opReply, Reply: r})) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
