package journal

import "time"

// Bounds and first guesses of costs.
const (
	guessSingle = 150 * time.Microsecond
	guessBatch  = 2500 * time.Microsecond
	// batchRecord is about what a record adds to a batch.
	batchRecord  = 15 * time.Microsecond
	fewestSingle = 4 // a batch takes 4 to 5 syncs, so up to here it never pays
	mostSingle   = 64
)

// costs weighs plain publishes, which the server syncs one by one, against an
// atomic batch, for which it makes and removes files of its own whatever the
// batch's size. Which is cheaper for a handful of records depends on the disk,
// so it is measured.
type costs struct {
	single, batch time.Duration
}

func newCosts() costs { return costs{single: guessSingle, batch: guessBatch} }

// few is up to how many records plain publishes are cheaper.
func (c *costs) few() int {
	return min(max(int(c.batch/max(c.single, 1)), fewestSingle), mostSingle)
}

// learn takes in how long a group took that was under way alone.
func (c *costs) learn(g *group, took time.Duration) {
	n := time.Duration(g.records)
	if !g.batch {
		c.single += (took/n - c.single) / 8
	} else if rest := took - n*batchRecord; rest > 0 {
		c.batch += (rest - c.batch) / 8
	}
}
