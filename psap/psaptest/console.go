package psaptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"text911/callmodel"
	"text911/psap/api"
)

// Config of a Console. URL, PSAP and Agent must be set.
type Config struct {
	URL      string // ws://host:port/v1/ws
	PSAP     callmodel.PSAPID
	Agent    callmodel.AgentID
	Client   string
	Position string
	CanRing  bool
	Filter   any    // filter of start and resume, nil for none
	Token    string // bearer token, "" for none
	Origin   string
	// AckEach is after how many durable events they are acknowledged. 0: 100, negative: never.
	AckEach int
	// Mute: pings are not answered.
	Mute bool
	// Prefix of the ids of commands; "" takes one that nobody else has.
	Prefix string
	// Dial makes the connection. nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Record, if set, is given every frame in either direction.
	Record func(fromServer bool, frame []byte)
}

// Console is one connection of a console.
type Console struct {
	Hello  Frame
	Cursor *Cursor

	cfg     Config
	ws      *websocket.Conn
	unacked int
	waiting []Frame // frames that came while a reply was waited for
	ids     atomic.Uint64

	mu sync.Mutex // writing
}

// Refused is a handshake that was answered in HTTP.
type Refused struct {
	Status  int
	Problem api.Problem
}

func (r *Refused) Error() string {
	return fmt.Sprintf("psaptest: refused with %d %s", r.Status, r.Problem.Code)
}

// Cut is a connection that was closed: Code by the server, 1006 if it only went away.
type Cut struct {
	Code  int
	Error *Frame // the error frame before, if there was one
}

func (c *cutError) Error() string { return fmt.Sprintf("psaptest: closed with %d", c.Code) }

type cutError struct{ Cut }

// CutOf returns how a connection was closed, if that is what err says.
func CutOf(err error) (Cut, bool) {
	var c *cutError
	if errors.As(err, &c) {
		return c.Cut, true
	}
	return Cut{}, false
}

// Dial connects and reads hello. cursor may come from an earlier connection; nil starts a new one.
func Dial(ctx context.Context, cfg Config, cursor *Cursor) (*Console, error) {
	d := websocket.Dialer{Subprotocols: []string{"text911.v1"}, HandshakeTimeout: 10 * time.Second, NetDialContext: cfg.Dial}
	h := http.Header{}
	if cfg.Token != "" {
		h.Set("Authorization", "Bearer "+cfg.Token)
	}
	if cfg.Origin != "" {
		h.Set("Origin", cfg.Origin)
	}
	ws, resp, err := d.DialContext(ctx, cfg.URL, h)
	if err != nil {
		if resp == nil {
			return nil, fmt.Errorf("psaptest: dial: %w", err)
		}
		r := &Refused{Status: resp.StatusCode}
		_ = json.NewDecoder(resp.Body).Decode(&r.Problem)
		_ = resp.Body.Close()
		return nil, r
	}
	if cursor == nil {
		cursor = &Cursor{}
	}
	if cfg.AckEach == 0 {
		cfg.AckEach = 100
	}
	c := &Console{cfg: cfg, ws: ws, Cursor: cursor}
	if c.cfg.Prefix == "" {
		c.cfg.Prefix = fmt.Sprintf("%s-%d", cfg.Agent, time.Now().UnixNano())
	}
	if c.Hello, err = c.Next(ctx); err != nil {
		c.Break()
		return nil, err
	}
	return c, nil
}

// Start asks for a snapshot and returns the ready frame.
func (c *Console) Start(ctx context.Context) (Frame, error) {
	if err := c.Write(c.opening("start")); err != nil {
		return Frame{}, err
	}
	return c.begin(ctx)
}

// Resume asks for everything after the cursor. The frame returned is resumed, or gap; after gap,
// ready is the next.
func (c *Console) Resume(ctx context.Context) (Frame, error) {
	f := c.opening("resume")
	f["epoch"], f["seq"] = c.Cursor.Epoch, c.Cursor.Seq
	if err := c.Write(f); err != nil {
		return Frame{}, err
	}
	return c.begin(ctx)
}

func (c *Console) opening(op string) map[string]any {
	f := map[string]any{"op": op, "psap": c.cfg.PSAP, "agent": c.cfg.Agent, "can_ring": c.cfg.CanRing}
	if c.cfg.Client != "" {
		f["client"] = c.cfg.Client
	}
	if c.cfg.Position != "" {
		f["position"] = c.cfg.Position
	}
	if c.cfg.Filter != nil {
		f["filter"] = c.cfg.Filter
	}
	return f
}

// begin waits for what the server says to start and resume.
func (c *Console) begin(ctx context.Context) (Frame, error) {
	for {
		f, err := c.Next(ctx)
		if err != nil {
			return f, err
		}
		switch f.Op {
		case "ready", "resumed", "gap":
			return f, nil
		}
	}
}

// Next returns the next frame that is not about the connection itself: pings are answered, events
// counted and acknowledged. After an error the connection is over.
func (c *Console) Next(ctx context.Context) (Frame, error) {
	if len(c.waiting) > 0 {
		f := c.waiting[0]
		c.waiting = c.waiting[1:]
		return f, nil
	}
	return c.receive(ctx)
}

func (c *Console) receive(ctx context.Context) (Frame, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.ws.NetConn().SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var last *Frame
	for {
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			if ctx.Err() != nil {
				return Frame{}, ctx.Err()
			}
			return Frame{}, cut(err, last)
		}
		if c.cfg.Record != nil {
			c.cfg.Record(true, raw)
		}
		f := Frame{Raw: raw}
		if err := json.Unmarshal(raw, &f); err != nil {
			return f, fmt.Errorf("psaptest: frame: %w", err)
		}
		switch f.Op {
		case "error":
			last = &f
			continue
		case "ping":
			if !c.cfg.Mute {
				_ = c.Write(map[string]any{"op": "pong"})
			}
			continue
		case "pong":
			continue
		case "event":
			c.took(f.Event)
		case "ready":
			c.Cursor.Epoch, c.Cursor.Seq = f.Epoch, f.Seq
		}
		return f, nil
	}
}

func cut(err error, last *Frame) error {
	code := websocket.CloseAbnormalClosure
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		code = ce.Code
	}
	return &cutError{Cut{Code: code, Error: last}}
}

func (c *Console) took(e *Event) {
	c.Cursor.take(e)
	if !e.Durable() || c.cfg.AckEach < 0 {
		return
	}
	if c.unacked++; c.unacked >= c.cfg.AckEach {
		_ = c.Ack()
	}
}

// Ack acknowledges everything up to the cursor.
func (c *Console) Ack() error {
	c.unacked = 0
	return c.Write(map[string]any{"op": "ack", "seq": c.Cursor.Seq})
}

// Send sends a command and returns its id; the reply comes as a frame. id "" takes a new one.
func (c *Console) Send(id callmodel.CommandID, typ string, data any) (callmodel.CommandID, error) {
	if id == "" {
		id = callmodel.CommandID(fmt.Sprintf("%s-%d", c.cfg.Prefix, c.ids.Add(1)))
	}
	return id, c.Write(map[string]any{"op": "command", "id": id, "type": typ, "data": data})
}

// Do sends a command and waits for its reply. Frames that come meanwhile are kept for Next.
func (c *Console) Do(ctx context.Context, typ string, data any) (api.Reply, error) {
	return c.DoID(ctx, "", typ, data)
}

// DoID is Do with an id of the caller's.
func (c *Console) DoID(ctx context.Context, id callmodel.CommandID, typ string, data any) (api.Reply, error) {
	id, err := c.Send(id, typ, data)
	if err != nil {
		return api.Reply{}, err
	}
	for {
		f, err := c.receive(ctx)
		if err != nil {
			return api.Reply{}, err
		}
		if f.Op == "reply" && f.ID == id {
			return f.Reply(), nil
		}
		c.waiting = append(c.waiting, f)
	}
}

// Write sends any frame.
func (c *Console) Write(frame any) error {
	raw, err := json.Marshal(frame)
	if err != nil {
		return fmt.Errorf("psaptest: frame: %w", err)
	}
	return c.WriteRaw(websocket.TextMessage, raw)
}

// WriteRaw sends any octets as one message of the WebSocket type (1 text, 2 binary).
func (c *Console) WriteRaw(kind int, raw []byte) error {
	if c.cfg.Record != nil && kind == websocket.TextMessage {
		c.cfg.Record(false, raw)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(10 * time.Second))
	return c.ws.WriteMessage(kind, raw)
}

// Break cuts the connection without a word, as a broken network does.
func (c *Console) Break() { _ = c.ws.NetConn().Close() }

// Close ends the connection properly.
func (c *Console) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	_ = c.ws.Close()
}
