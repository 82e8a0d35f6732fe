package daemon

import (
	"io"
	"log/slog"

	"text911/cmd/text911/config"
)

// NewLogger builds the operator's log. Level and format are validated by the configuration.
func NewLogger(w io.Writer, cfg config.Logging) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Format == "text" {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}
