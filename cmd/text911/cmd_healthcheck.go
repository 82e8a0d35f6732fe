package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

type healthcheckCmd struct {
	Admin   string        `default:"127.0.0.1:8912" help:"Admin address of the engine."`
	Timeout time.Duration `default:"5s" help:"Give up after this."`
}

// Run exits 0 when the engine can take a text now, for container images without a shell.
func (c *healthcheckCmd) Run(ctx context.Context, s streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Admin+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.Admin, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return fmt.Errorf("read readiness: %w", err)
	}
	fmt.Fprintf(s.out, "%s", body)
	if resp.StatusCode != http.StatusOK {
		return exitError{code: 1}
	}
	return nil
}
