package journal

import (
	"testing"
	"time"
)

// groupOf is a group of n lone records that is sent as costs says.
func groupOf(c *costs, n int) *group {
	g := &group{requests: make([]*request, n), records: n}
	g.batch = n > c.few()
	return g
}

// The cheaper way is found whatever the disk, and found again when the disk
// changes.
func TestCostsFollowDisk(t *testing.T) {
	c := newCosts()
	for _, tt := range []struct {
		name          string
		single, batch time.Duration
		size          int
		wantBatch     bool
	}{
		{"fast disk, few", 50 * time.Microsecond, 1500 * time.Microsecond, 10, false},
		{"fast disk, many", 50 * time.Microsecond, 1500 * time.Microsecond, 50, true},
		{"slow disk", 5 * time.Millisecond, 25 * time.Millisecond, 10, true},
		{"fast again", 50 * time.Microsecond, 1500 * time.Microsecond, 10, false},
	} {
		batches := 0
		for i := range 12000 {
			g := groupOf(&c, tt.size)
			took := time.Duration(g.records) * tt.single
			if g.batch {
				took = tt.batch + time.Duration(g.records)*batchRecord
			}
			c.learn(g, took)
			if g.batch && i >= 10000 {
				batches++
			}
		}
		if tt.wantBatch && batches < 1800 || !tt.wantBatch && batches > 200 {
			t.Errorf("%s: %d of the last 2000 groups were batches", tt.name, batches)
		}
	}
}

// Whatever is measured, a handful goes as plain publishes and a crowd as a
// batch; a lone outlier changes little.
func TestCostsBounds(t *testing.T) {
	c := costs{single: time.Hour, batch: 1}
	if c.few() != fewestSingle {
		t.Errorf("dear singles: up to %d", c.few())
	}
	c = costs{single: 0, batch: time.Hour}
	if c.few() != mostSingle {
		t.Errorf("cheap singles: up to %d", c.few())
	}
	c = newCosts()
	before := c.single
	c.learn(groupOf(&c, fewestSingle), time.Minute)
	if c.single > 2*before {
		t.Errorf("one outlier made %v of %v", c.single, before)
	}
}
