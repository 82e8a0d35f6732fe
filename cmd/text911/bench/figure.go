package bench

import (
	"context"
	"fmt"
	"time"

	"text911/engine/msrp/msrptest"
)

// rig is one thing under load.
type rig interface {
	load() *msrptest.Load
	close()
}

// figure adds up the runs of one rig.
type figure struct {
	exchanges int64
	elapsed   time.Duration
	latency   msrptest.Histogram
}

func (f *figure) measure(ctx context.Context, l *msrptest.Load, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	r, err := l.Run(ctx)
	if err != nil {
		return err
	}
	if r.Failed > 0 {
		return fmt.Errorf("%d of %d exchanges were refused", r.Failed, r.Exchanges)
	}
	f.exchanges += r.Exchanges
	f.elapsed += r.Elapsed
	f.latency.Add(&r.Latency)
	return nil
}

func (f *figure) rate() float64 { return float64(f.exchanges) / f.elapsed.Seconds() }

// spread is p50/p99.
func (f *figure) spread() string {
	return short(f.latency.Quantile(0.5)) + "/" + short(f.latency.Quantile(0.99))
}

func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	}
	return d.Round(time.Millisecond).String()
}
