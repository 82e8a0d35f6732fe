package daemon

import (
	"context"
	"crypto/tls"
	"log/slog"
	"path/filepath"
	"time"

	"text911/callmodel"
	"text911/cmd/text911/config"
	"text911/engine/journal"
)

// openLimit is how long the streams of all PSAPs may take to be found or made at the start.
const openLimit = 5 * time.Minute

// openJournal opens the log and every PSAP's stream in it.
func openJournal(ctx context.Context, cfg config.Config, log *slog.Logger) (*journal.JetStream, *journal.Events, error) {
	jc, err := journalConfig(cfg, log)
	if err != nil {
		return nil, nil, err
	}
	js, err := journal.Start(ctx, jc)
	if err != nil {
		return nil, nil, err
	}
	events := journal.NewEvents(js, func(g *journal.GapError) {
		log.Error("log has lost records", "psap", g.PSAP, "from", g.From, "to", g.To)
	})
	opening, cancel := context.WithTimeout(ctx, openLimit) // a server of its own is asked under a deadline only
	defer cancel()
	for _, p := range cfg.PSAPs {
		if err := events.Open(opening, callmodel.PSAPID(p.ID)); err != nil {
			_ = js.Close(ctx)
			return nil, nil, err
		}
	}
	return js, events, nil
}

func journalConfig(cfg config.Config, log *slog.Logger) (journal.Config, error) {
	n := cfg.NATS
	password, err := readSecret(n.PasswordFile)
	if err != nil {
		return journal.Config{}, err
	}
	clientPassword, err := readSecret(n.ClientPassFile)
	if err != nil {
		return journal.Config{}, err
	}
	jc := journal.Config{
		URL: n.URL, User: n.User, Password: password, Replicas: n.Replicas,
		Dedupe: n.Dedupe, MaxAge: n.MaxAge,
		Log: log.With("part", "journal"),
	}
	if n.URL == "" { // what follows is about the embedded server; its defaults say nothing of another one
		jc.Dir = filepath.Join(cfg.Node.DataDir, "log")
		jc.MaxStore, jc.Ballast, jc.MinFree = n.StoreLimitMiB<<20, mebibytes(n.BallastMiB), mebibytes(n.MinFreeMiB)
		jc.Listen = journal.Listen{Addr: n.Listen, User: n.ClientUser, Password: clientPassword}
	}
	if n.CAFile != "" {
		pool, err := readPool(n.CAFile)
		if err != nil {
			return journal.Config{}, err
		}
		jc.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return jc, nil
}

// mebibytes keeps -1 as "not at all".
func mebibytes(n int64) int64 {
	if n < 0 {
		return -1
	}
	return n << 20
}
