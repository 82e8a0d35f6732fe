package daemon

import (
	"io"
	"log/slog"

	"text911/callmodel"
	"text911/cmd/text911/config"
)

// NewLogger builds the operator's log. Level and format are validated by the configuration. No
// part logs text, numbers or positions; should one do it by mistake, the value is redacted here,
// because the JSON handler would write it in clear.
func NewLogger(w io.Writer, cfg config.Logging) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if cfg.Format == "text" {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}

func redact(_ []string, a slog.Attr) slog.Attr {
	if p, ok := a.Value.Any().(callmodel.Private); ok {
		return slog.String(a.Key, p.String())
	}
	return a
}
