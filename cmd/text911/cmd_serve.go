package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
)

type serveCmd struct {
	configFlags
	Dev bool `help:"No configuration needed: loopback, one PSAP, a trunk from loopback, any free port where the usual one is taken. Not for real use."`
}

// Run serves until SIGTERM or SIGINT has drained it; a second signal stops at once. The addresses
// go to standard output as one JSON line, the log to standard error.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	cfg, err := c.load(s)
	if err != nil {
		return err
	}
	log := daemon.NewLogger(s.err, cfg.Logging)
	if c.Dev {
		fmt.Fprintln(s.err, "text911 --dev: NOT FOR REAL EMERGENCIES. Everybody on this machine may send texts and answer them.")
		devPorts(&cfg)
	}
	return serve(ctx, cfg, log, s.signals, func(a daemon.Addresses) error { return announce(s.out, a) })
}

func (c *serveCmd) load(s streams) (config.Config, error) {
	src := c.source(s.environ)
	if c.Dev && src.File == "" {
		src.Base = devConfig()
	}
	return config.Load(src)
}

// serve runs a daemon under the rules of signals. started is told the addresses once a text would
// be taken.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger, signals <-chan os.Signal, started func(daemon.Addresses) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	d, err := daemon.New(ctx, cfg, version, log)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	parts.Go(func() { ended <- d.Run(ctx); cancel() })
	ready := make(chan error, 1)
	parts.Go(func() { ready <- d.AwaitReady(ctx) })
	draining := false
	for {
		select {
		case err := <-ended:
			return err
		case err := <-ready:
			if err == nil {
				err = started(d.Addresses())
			}
			if err != nil && ctx.Err() == nil {
				cancel()
				return errors.Join(err, <-ended)
			}
			ready = nil
		case sig := <-signals:
			if draining {
				log.Warn("stopping at once", "signal", sig.String())
				cancel()
				return <-ended
			}
			log.Info("draining", "signal", sig.String())
			draining = true
			d.Drain()
		}
	}
}

func announce(w io.Writer, a daemon.Addresses) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}
