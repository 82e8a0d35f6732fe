package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	ticketLife = 30 * time.Second
	maxTickets = 10_000
)

// Login knows who connects by a bearer token (RFC 6750), for programs, or by a ticket that is good
// once and for 30 seconds, for pages, which cannot set headers and whose URLs end up in logs. It is
// an Authenticator, and an http.Handler for POST /v1/tickets, which exchanges a token for a ticket.
type Login struct {
	tokens  map[[sha256.Size]byte]Identity
	now     func() time.Time
	entropy io.Reader

	mu      sync.Mutex
	tickets map[string]ticket
}

type ticket struct {
	id   Identity
	ends time.Time
}

// NewLogin returns a Login for the tokens. now and entropy may be nil: time.Now, crypto/rand.
func NewLogin(tokens map[string]Identity, now func() time.Time, entropy io.Reader) *Login {
	l := &Login{tokens: map[[sha256.Size]byte]Identity{}, now: now, entropy: entropy, tickets: map[string]ticket{}}
	for t, id := range tokens {
		if t != "" {
			l.tokens[sha256.Sum256([]byte(t))] = id // compared by hash, so that time tells nothing
		}
	}
	if l.now == nil {
		l.now = time.Now
	}
	if l.entropy == nil {
		l.entropy = rand.Reader
	}
	return l
}

var (
	errNoLogin  = errors.New("a bearer token or a ticket is needed")
	errToken    = errors.New("the token is not valid")
	errTicket   = errors.New("the ticket is not valid: it is good once, for 30 seconds")
	errTickets  = errors.New("too many tickets are open")
	errNotAgent = errors.New("the token is another agent's")
)

// Authenticate takes ?ticket=… or Authorization: Bearer ….
func (l *Login) Authenticate(r *http.Request) (Identity, error) {
	if t := r.URL.Query().Get("ticket"); t != "" {
		return l.redeem(t)
	}
	return l.bearer(r)
}

func (l *Login) bearer(r *http.Request) (Identity, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return Identity{}, errNoLogin
	}
	id, ok := l.tokens[sha256.Sum256([]byte(strings.TrimSpace(token)))]
	if !ok || !id.Expires.IsZero() && !l.now().Before(id.Expires) {
		return Identity{}, errToken
	}
	return id, nil
}

func (l *Login) redeem(name string) (Identity, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.tickets[name]
	delete(l.tickets, name)
	if !ok || !l.now().Before(t.ends) {
		return Identity{}, errTicket
	}
	return t.id, nil
}

// Issue makes a ticket.
func (l *Login) Issue(id Identity) (name string, ends time.Time, err error) {
	var b [24]byte
	if _, err := io.ReadFull(l.entropy, b[:]); err != nil {
		return "", time.Time{}, err
	}
	name = base64.RawURLEncoding.EncodeToString(b[:])
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tickets) >= maxTickets {
		for n, t := range l.tickets {
			if !now.Before(t.ends) {
				delete(l.tickets, n)
			}
		}
		if len(l.tickets) >= maxTickets {
			return "", time.Time{}, errTickets
		}
	}
	ends = now.Add(ticketLife)
	l.tickets[name] = ticket{id: id, ends: ends}
	return name, ends, nil
}

// ServeHTTP answers POST /v1/tickets with {"ticket", "expires"}. The body may name the agent the
// ticket is for; it must be the token's.
func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuseHTTP(w, http.StatusMethodNotAllowed, "method_not_allowed", "tickets are made with POST")
		return
	}
	id, err := l.bearer(r)
	if err != nil {
		unauthorized(w, err)
		return
	}
	var ask struct {
		Agent string `json:"agent"`
	}
	if json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&ask) == nil && ask.Agent != "" && id.Agent != "" && ask.Agent != string(id.Agent) {
		refuseHTTP(w, http.StatusForbidden, "not_allowed", errNotAgent.Error())
		return
	}
	name, ends, err := l.Issue(id)
	if err != nil {
		w.Header().Set("Retry-After", "5")
		refuseHTTP(w, http.StatusServiceUnavailable, "busy", errTickets.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"ticket": name, "expires": ends.UTC().Format("2006-01-02T15:04:05.000Z")})
}
