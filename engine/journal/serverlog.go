package journal

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// serverLog hands the embedded server's log to slog. Protocol traces are never
// asked for, so no content passes here.
type serverLog struct {
	log *slog.Logger

	mu   sync.Mutex
	last string
}

var _ server.Logger = (*serverLog)(nil)

func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug("nats", "msg", fmt.Sprintf(format, v...))
}
func (l *serverLog) Debugf(string, ...any) {}
func (l *serverLog) Tracef(string, ...any) {}

func (l *serverLog) Warnf(format string, v ...any) {
	l.fault(slog.LevelWarn, fmt.Sprintf(format, v...))
}

func (l *serverLog) Errorf(format string, v ...any) {
	l.fault(slog.LevelError, fmt.Sprintf(format, v...))
}

func (l *serverLog) Fatalf(format string, v ...any) {
	l.fault(slog.LevelError, fmt.Sprintf(format, v...))
}

func (l *serverLog) fault(level slog.Level, msg string) {
	l.mu.Lock()
	l.last = msg
	l.mu.Unlock()
	l.log.Log(context.Background(), level, "nats", "msg", msg)
}

func (l *serverLog) lastFault() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
