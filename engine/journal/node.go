package journal

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	internalUser   = "text911"
	readyTimeout   = 30 * time.Second
	maxPayload     = 1 << 20
	serverMemStore = 64 << 20
)

// node is the embedded NATS server. It can be opened anew in the process: that
// is the cure for a stream that stopped writing, and the connections made
// through it come back by themselves.
type node struct {
	cfg      Config
	password string // of the internal user, made anew for every process
	srv      atomic.Pointer[server.Server]

	mu   sync.Mutex // serializes open and close
	port int        // the port taken, kept when the server is opened anew
}

// InProcessConn dials the embedded server as nats.go's provider does.
func (n *node) InProcessConn() (net.Conn, error) {
	if s := n.srv.Load(); s != nil {
		return s.InProcessConn()
	}
	return nil, net.ErrClosed
}

// open starts the server; an older one is ended first, for one directory never
// has two servers.
func (n *node) open() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stop()
	opts, err := n.options()
	if err != nil {
		return err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("journal: nats server: %w", err)
	}
	log := &serverLog{log: n.cfg.Log}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	if !s.ReadyForConnections(readyTimeout) {
		s.Shutdown()
		s.WaitForShutdown()
		return errors.New("journal: nats server did not become ready")
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return fmt.Errorf("journal: JetStream did not start: %s", log.lastFault())
	}
	if a, ok := s.Addr().(*net.TCPAddr); ok && n.cfg.Listen.Addr != "" {
		n.port = a.Port
	}
	n.srv.Store(s)
	return nil
}

func (n *node) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stop()
}

// stop needs mu.
func (n *node) stop() {
	if old := n.srv.Swap(nil); old != nil {
		old.Shutdown()
		old.WaitForShutdown()
	}
}

func (n *node) options() (*server.Options, error) {
	o := &server.Options{
		ServerName: "text911", NoSigs: true, NoSystemAccount: false,
		JetStream: true, StoreDir: n.cfg.Dir, SyncAlways: true,
		JetStreamMaxStore: n.cfg.MaxStore, JetStreamMaxMemory: serverMemStore,
		MaxPayload:                 maxPayload,
		CustomClientAuthentication: &gate{password: n.password, listen: n.cfg.Listen},
	}
	if n.cfg.Listen.Addr == "" {
		o.DontListen = true
		return o, nil
	}
	host, portText, err := net.SplitHostPort(n.cfg.Listen.Addr)
	if err != nil {
		return nil, fmt.Errorf("journal: listen address: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("journal: listen port %q", portText)
	}
	if n.port != 0 {
		port = n.port
	}
	// The server would end the process on a busy port, so look first.
	if err := portFree(host, port); err != nil {
		return nil, err
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o.Host, o.Port = host, port
	if n.cfg.Listen.TLS != nil {
		o.TLS, o.TLSConfig = true, n.cfg.Listen.TLS
	}
	return o, nil
}

func portFree(host string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return l.Close()
}

// addr is where external clients connect, "" without a listener.
func (n *node) addr() string {
	s := n.srv.Load()
	if s == nil || n.cfg.Listen.Addr == "" || s.Addr() == nil {
		return ""
	}
	return s.Addr().String()
}

// fault asks the server whether it can store.
func (n *node) fault() error {
	s := n.srv.Load()
	if s == nil {
		return errors.New("the embedded server is down")
	}
	if !s.JetStreamEnabled() {
		return errors.New("JetStream is off")
	}
	h := s.Healthz(&server.HealthzOptions{})
	if h.StatusCode != 0 && h.StatusCode != 200 || h.Status != "ok" {
		return fmt.Errorf("store: %s", h.Error)
	}
	return nil
}

// interest tells whether somebody subscribes to the subject.
func (n *node) interest(subject string) bool {
	s := n.srv.Load()
	return s != nil && s.GlobalAccount().SubscriptionInterest(subject)
}

// streamDir is where the server keeps a stream.
func (n *node) streamDir(stream string) string {
	return filepath.Join(n.cfg.Dir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams", stream)
}

// exists tells whether a path is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
