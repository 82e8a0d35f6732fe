package console

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"text911/callmodel"
	"text911/psap/api"
)

// Subprotocol is the version of the frames (RFC 6455 §1.9).
const Subprotocol = "text911.v1"

// Server serves GET /v1/ws.
type Server struct {
	cfg      Config
	seats    map[callmodel.PSAPID]Seat
	upgrader websocket.Upgrader
	count    counters
	wg       sync.WaitGroup

	mu       sync.Mutex
	taken    int // connections, those in the handshake included
	conns    map[*conn]struct{}
	clients  map[clientKey]*conn
	draining time.Time // when the drain ends, zero if there is none
	closed   bool
}

// clientKey is what a newer connection of the same client replaces.
type clientKey struct {
	psap   callmodel.PSAPID
	agent  callmodel.AgentID
	client string
}

// New returns a Server. cfg should pass Validate.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	if cfg.Entropy == nil {
		cfg.Entropy = rand.Reader
	}
	s := &Server{
		cfg: cfg, seats: map[callmodel.PSAPID]Seat{},
		conns: map[*conn]struct{}{}, clients: map[clientKey]*conn{},
		upgrader: websocket.Upgrader{
			HandshakeTimeout: 10 * time.Second,
			Subprotocols:     []string{Subprotocol},
			WriteBufferPool:  &sync.Pool{},
			CheckOrigin:      func(*http.Request) bool { return true }, // checked before, with a better answer
		},
	}
	for _, seat := range cfg.PSAPs {
		s.seats[seat.PSAP.ID()] = seat
	}
	return s
}

// ServeHTTP takes a console's handshake and serves it until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, ok := s.admit(w, r)
	if !ok {
		return
	}
	if !s.enter() {
		s.refuse(w, http.StatusServiceUnavailable, api.CodeBusy, "as many consoles as there may be, or the server is ending")
		return
	}
	defer s.wg.Done()
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.count.refused.Add(1)
		s.leave(nil)
		return
	}
	c := newConn(s, ws, id)
	s.register(c)
	s.count.opened.Add(1)
	c.serve()
	s.leave(c)
}

// admit checks everything a handshake must have, and answers in HTTP what is wrong.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (Identity, bool) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		s.refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "a WebSocket is opened with GET")
		return Identity{}, false
	}
	if !s.originAllowed(r) {
		s.refuse(w, http.StatusForbidden, "origin_not_allowed", "pages of this origin may not connect")
		return Identity{}, false
	}
	id, err := s.cfg.Auth.Authenticate(r)
	if err != nil {
		s.count.refused.Add(1)
		unauthorized(w, err)
		return Identity{}, false
	}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		s.refuse(w, http.StatusUpgradeRequired, "upgrade_required", "this address speaks WebSocket only")
		return Identity{}, false
	}
	if !slices.Contains(websocket.Subprotocols(r), Subprotocol) {
		s.refuse(w, http.StatusBadRequest, "subprotocol_required", "offer the subprotocol "+Subprotocol+" in Sec-WebSocket-Protocol")
		return Identity{}, false
	}
	if left, draining := s.drainLeft(); draining {
		w.Header().Set("Retry-After", strconv.Itoa(int(left/time.Second)+1))
		s.refuse(w, http.StatusServiceUnavailable, codeDraining, "the server is about to end")
		return Identity{}, false
	}
	return id, true
}

// originAllowed: programs send no Origin; pages must come from here or from the list.
func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	if slices.ContainsFunc(s.cfg.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

func (s *Server) refuse(w http.ResponseWriter, status int, code callmodel.Code, detail string) {
	s.count.refused.Add(1)
	refuseHTTP(w, status, code, detail)
}

func refuseHTTP(w http.ResponseWriter, status int, code callmodel.Code, detail string) {
	p := api.NewProblem(code, detail)
	p.Status, p.Title, p.Retryable = status, http.StatusText(status), status == http.StatusServiceUnavailable
	if !p.Retryable {
		p.RetryAfterMS = 0
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

func unauthorized(w http.ResponseWriter, err error) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="text911"`)
	refuseHTTP(w, http.StatusUnauthorized, api.CodeLoginFailed, err.Error())
}

// enter makes room for one more connection.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.taken >= s.cfg.MaxConnections {
		return false
	}
	s.taken++
	s.wg.Add(1)
	return true
}

func (s *Server) register(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if s.closed {
		c.end(farewellDraining())
	}
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if c == nil {
		return
	}
	delete(s.conns, c)
	if s.clients[c.key] == c {
		delete(s.clients, c.key)
	}
}

// settle makes c the connection of its client and ends the one before it.
func (s *Server) settle(c *conn, key clientKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.key = key
	if key.client == "" {
		return
	}
	if old := s.clients[key]; old != nil && old != c {
		old.end(bye(CloseReplaced, codeReplaced, "Replaced", "a newer connection of the same client is there"))
	}
	s.clients[key] = c
}

func farewellDraining() *farewell {
	return bye(CloseDraining, codeDraining, "The server ends", "connect again, to another node if there is one")
}

// Drain refuses new connections and tells every console that it will be closed when left is over.
// Close does that.
func (s *Server) Drain(reason string, left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = s.cfg.Now().Add(left)
	frame := encode(goawayFrame{Op: opGoaway, Reason: reason, RetryAfterMS: 1000, LeftMS: left.Milliseconds()})
	for c := range s.conns {
		c.offer(frame)
	}
}

func (s *Server) drainLeft() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.draining.Sub(s.cfg.Now()), 0), !s.draining.IsZero()
}

// Close ends every connection with 4011 and waits for them until ctx ends; then it cuts them.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.end(farewellDraining())
	}
	s.mu.Unlock()
	done := make(chan struct{})
	var waiter sync.WaitGroup
	waiter.Go(func() { s.wg.Wait(); close(done) })
	defer waiter.Wait()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for c := range s.conns {
		_ = c.ws.NetConn().Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}

func (s *Server) newID() string {
	id, err := ulid.New(ulid.Timestamp(s.cfg.Now()), s.cfg.Entropy)
	if err != nil {
		return "unnamed"
	}
	return id.String()
}
