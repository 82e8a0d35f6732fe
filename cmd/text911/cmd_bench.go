package main

import (
	"context"
	"os"
	"time"

	"text911/cmd/text911/bench"
)

type benchCmd struct {
	Sessions []int         `default:"1,100,1000" help:"Sessions at once, one run each."`
	Time     time.Duration `default:"5s" help:"Of measuring per figure."`
	Idle     int           `default:"5000" help:"Calls held for the memory figure; 0 for none."`
	Dir      string        `type:"existingdir" help:"Where the logs of the runs live; a temporary folder if empty."`
}

func (c *benchCmd) Run(ctx context.Context, s streams) error {
	ctx, cancel := stoppable(ctx, s)
	defer cancel()
	dir, err := os.MkdirTemp(c.Dir, "text911-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return bench.Run(ctx, s.out, bench.Options{Sessions: c.Sessions, Time: c.Time, Idle: c.Idle, Dir: dir, Binary: self})
}
