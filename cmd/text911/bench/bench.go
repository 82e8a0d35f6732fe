package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say what to measure. Zero fields take the defaults of Defaults.
type Options struct {
	Sessions []int         // how many sessions at once, one run each
	Time     time.Duration // of measuring per figure
	Idle     int           // calls held for the memory figure; 0: not measured
	Dir      string        // where the logs of the runs live; removed after
	Binary   string        // this program, started as a child for the memory figure
}

// Defaults are the figures the project is held to.
func Defaults() Options {
	return Options{Sessions: []int{1, 100, 1000}, Time: 5 * time.Second, Idle: 5000}
}

// Run measures and writes a table.
func Run(ctx context.Context, w io.Writer, o Options) error {
	if o.Dir == "" || o.Time <= 0 {
		return errors.New("bench: no directory or no time")
	}
	fmt.Fprintln(w, "SEND of 160 octets, one outstanding per session; rates per second, latencies p50/p99; share of the raw echo in the same run")
	fmt.Fprintf(w, "%8s  %22s  %29s  %36s\n", "sessions", "raw echo", "session layer", "durable (fsynced) SEND to 200")
	for _, n := range o.Sessions {
		if err := compare(ctx, w, o, n); err != nil {
			return fmt.Errorf("%d sessions: %w", n, err)
		}
	}
	if err := console(ctx, w, o); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	if o.Idle > 0 {
		return idle(ctx, w, o)
	}
	return nil
}

// rounds is how often the three kinds of run alternate, so that a busy moment of the machine hits
// all of them alike.
const rounds = 5

// compare measures echo, session layer and engine in turn.
func compare(ctx context.Context, w io.Writer, o Options, n int) error {
	e, err := newEcho(n)
	if err != nil {
		return err
	}
	defer e.close()
	s, err := newLayer(ctx, n)
	if err != nil {
		return err
	}
	defer s.close()
	d, err := newEngine(ctx, o.Dir, n)
	if err != nil {
		return err
	}
	defer d.close()
	var all [3]figure
	for range rounds {
		for i, side := range []rig{e, s, d} {
			if err := all[i].measure(ctx, side.load(), o.Time/rounds); err != nil {
				return fmt.Errorf("%T: %w", side, err)
			}
		}
	}
	echo := all[0].rate()
	fmt.Fprintf(w, "%8d  %10.0f %11s  %10.0f %11s %5.1f%%  %10.0f %17s %5.1f%%\n", n,
		echo, all[0].spread(), all[1].rate(), all[1].spread(), 100*all[1].rate()/echo,
		all[2].rate(), all[2].spread(), 100*all[2].rate()/echo)
	fmt.Fprintf(w, "%8s  %s\n", "", d.grouping())
	return nil
}
