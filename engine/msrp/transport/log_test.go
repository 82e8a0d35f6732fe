package transport

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"text911/engine/msrp/msrptest"
)

// logged collects log lines.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// SEC-22, URI-16: whatever a peer sends, the log at its finest shows no text, no
// session-id and no control character of it. Quirks are named once for each
// connection.
func TestLogHoldsNothingOfThePeer(t *testing.T) {
	var log logged
	cfg := Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	bubble(t, cfg, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		h := listen(Accepted)
		s := newSession(t, e, l, h.handler())
		id := s.URI().SessionID.Full()
		p, q := pipePeer(t, m), pipePeer(t, m)
		odd := strings.Replace(msrptest.Send("quirk001", s.URI().Wire(), peerURI, "mQuirk1", "Fire at 12 Main St"),
			"Message-ID: ", "X-Odd: \x1b[31mred\r\nMessage-ID:   ", 1)
		answered(t, p, "quirk001", strings.Replace(odd, "\x1b", "", 1), 200)
		write(t, p, strings.NewReplacer("quirk001", "quirk002", "mQuirk1", "mQuirk2", "\x1b", "").Replace(odd))
		write(t, q, "GET /\x1b[2J"+id+" HTTP/1.1\r\n\r\n")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		s.Close()
		p.Close()
		synctest.Wait()
		text := log.String()
		for _, secret := range []string{"Fire", "Main St", id, "\x1b", "red", "Rm5Jc8Yt1Gs6Nf0Ue4Qa"} {
			if strings.Contains(text, secret) {
				t.Errorf("the log holds content of the peer")
			}
		}
		if got := strings.Count(text, "quirk=header_space"); got != 1 {
			t.Errorf("the quirk was logged %d times, want once", got)
		}
		if got := e.Stats().Protocol.Quirks; got[1] != 2 { // msrp.QuirkHeaderSpace
			t.Errorf("quirks counted %v", got)
		}
	})
}

// Drain waits for the sessions, not for ever.
func TestDrain(t *testing.T) {
	bubble(t, Config{}, msrptest.PipeOptions{}, func(t *testing.T, e *Endpoint, l *Listener, m *msrptest.Listener) {
		s := newSession(t, e, l, listen(Accepted).handler())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if left := e.Drain(ctx); left != 1 {
			t.Errorf("%d sessions left, want 1", left)
		}
		time.AfterFunc(5*time.Second, func() { s.Close() })
		start := time.Now()
		if left := e.Drain(t.Context()); left != 0 || time.Since(start) > 6*time.Second {
			t.Errorf("%d sessions left after %v", left, time.Since(start))
		}
	})
}
