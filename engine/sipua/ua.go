package sipua

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// ErrOver is returned when the call or dialog a method belongs to has ended, or was answered.
var ErrOver = errors.New("dialog is over")

// ErrPending is returned when a negotiation is still open on the dialog, in either direction.
var ErrPending = errors.New("a negotiation is pending on this dialog")

// UA is a SIP user agent. New binds its sockets, Run serves them.
type UA struct {
	cfg     Config
	handler Handler
	codec   codec
	log     *slog.Logger
	count   *counters
	secret  string // seeds the To tags of answers given without state

	packets []*packet
	doors   []*door
	bound   []Bound
	table   *table

	crew crew
	life context.Context // ends when the UA closes
	end  context.CancelFunc

	dialogs atomic.Int64

	mu    sync.Mutex
	calls map[string]*call
	shut  bool
}

// New checks the configuration and binds the listeners; it starts nothing. h takes incoming calls;
// nil refuses them with 486.
func New(cfg Config, h Handler) (*UA, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	u := &UA{cfg: cfg, handler: h, codec: newCodec(cfg.MaxMessageBytes), log: cfg.Logger,
		count: newCounters(), table: newTable(), calls: map[string]*call{}}
	u.life, u.end = context.WithCancel(context.Background())
	secret, err := u.token(26)
	if err != nil {
		return nil, err
	}
	u.secret = secret
	if err := u.bind(); err != nil {
		return nil, err
	}
	return u, nil
}

// Run serves until ctx ends, then closes every socket, ends every dialog with HowShutdown without
// telling the far end, and returns when all its goroutines have. Drain before, with Policy.Admit
// and Dialog.Bye, to be polite.
func (u *UA) Run(ctx context.Context) error {
	for _, p := range u.packets {
		u.crew.start(p.run)
	}
	for _, d := range u.doors {
		u.crew.start(d.run)
	}
	<-ctx.Done()
	u.mu.Lock()
	u.shut = true
	open := make([]*call, 0, len(u.calls))
	for _, c := range u.calls {
		open = append(open, c)
	}
	u.mu.Unlock()
	var ended sync.WaitGroup
	for _, c := range open {
		ended.Add(1)
		if !c.box.force(func() { defer ended.Done(); c.shutdown() }) {
			ended.Done()
		}
	}
	ended.Wait()
	_ = u.Close()
	u.crew.wait()
	return context.Cause(ctx)
}

// Close releases the sockets of a UA that is never run, and stops whatever was started.
func (u *UA) Close() error {
	u.crew.close()
	u.end()
	var errs []error
	for _, p := range u.packets {
		errs = append(errs, p.conn.Close())
	}
	for _, d := range u.doors {
		errs = append(errs, d.l.Close())
	}
	u.table.close()
	return errors.Join(errs...)
}

// Bound lists the sockets with their actual addresses, in the order of Config.Listeners.
func (u *UA) Bound() []Bound { return u.bound }

// Stats returns the counters.
func (u *UA) Stats() Stats {
	s := u.count.snapshot()
	u.mu.Lock()
	s.Calls = len(u.calls)
	u.mu.Unlock()
	s.Dialogs = int(u.dialogs.Load())
	s.Streams = u.table.size()
	return s
}

func (u *UA) closing() bool { return u.life.Err() != nil }

// guard runs work that the network caused; a panic costs that piece of work only.
func (u *UA) guard(f func()) { u.guarded(f) }

func (u *UA) guarded(f func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			u.count.fault(ErrorPanic)
			u.log.Error("recovered from a panic", "type", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

// parseFault counts what could not be read. The bytes are not logged: they may hold a location.
func (u *UA) parseFault(t Transport, peer string) {
	u.count.fault(ErrorParse)
	u.log.Debug("unreadable message", "transport", string(t), "peer", peer)
}

var tokenAlphabet = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// token makes a random token of n letters and digits, 5 bits each.
func (u *UA) token(n int) (string, error) {
	b := make([]byte, (n*5+7)/8)
	if _, err := io.ReadFull(u.cfg.Rand, b); err != nil {
		return "", fmt.Errorf("random source: %w", err)
	}
	return tokenAlphabet.EncodeToString(b)[:n], nil
}

// mustToken is token for use after New has proved the source; a source that dies later is a broken
// machine.
func (u *UA) mustToken(n int) string {
	t, err := u.token(n)
	if err != nil {
		panic("sipua: random source failed")
	}
	return t
}

func (u *UA) newBranch() string { return "z9hG4bK" + u.mustToken(20) }

// below returns a random number in [0,n).
func (u *UA) below(n int) int {
	var b [4]byte
	if _, err := io.ReadFull(u.cfg.Rand, b[:]); err != nil {
		panic("sipua: random source failed")
	}
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	return int(v % uint32(n))
}

// statelessTag is the To tag of an answer given without a transaction: the same for every repeat
// of the request (RFC 3261 §8.2.7).
func (u *UA) statelessTag(m *message) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, u.secret+m.callID+m.via.branch+m.fromTag)
	return fmt.Sprintf("s%x", h.Sum64())
}

// faceFor is the address that Via and Contact of our own requests carry on a transport.
func (u *UA) faceFor(t Transport) face {
	for _, p := range u.packets {
		if t == UDP {
			return p.face
		}
	}
	for _, d := range u.doors {
		if d.face.transport == t {
			return d.face
		}
	}
	f := face{transport: t, host: u.cfg.Host}
	for _, p := range u.packets {
		if f.host == "" {
			f.host = p.face.host
		}
	}
	if f.host == "" {
		f.host = "text911.invalid"
	}
	return f
}

// contact is our Contact URI on a face (RFC 3261 §8.1.1.8).
func (u *UA) contact(f face) string {
	return fmt.Sprintf("sip:%s@%s;transport=%s", u.cfg.User, joinHostPort(f.host, f.port), strings.ToLower(string(f.transport)))
}
