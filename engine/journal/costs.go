package journal

import "time"

// Bounds and first guesses of costs.
const (
	guessSingle = 100 * time.Microsecond
	guessBatch  = 2 * time.Millisecond
	// batchRecord is about what a record adds to a batch.
	batchRecord  = 15 * time.Microsecond
	fewestSingle = 4 // a batch takes 4 to 5 syncs, so up to here it never pays
	mostSingle   = 64
	// outlier: so many times the guess is taken in at most, for a disk that
	// was busy once says little about the next time.
	outlier = 4
	// fade: a guess that is not tested loses this part with every group, until
	// the other way is tried again. A busy disk is not busy for ever.
	fade = 1024
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

// learn takes in how long a group took that was under way alone. A lone record
// tells more of wake-ups than of the disk, so it is left out.
func (c *costs) learn(g *group, took time.Duration) {
	n := time.Duration(g.records)
	switch {
	case g.batch:
		blend(&c.batch, max(took-n*batchRecord, 0))
		if g.single() && n <= mostSingle {
			c.single -= c.single / fade
		}
	case n >= fewestSingle:
		blend(&c.single, took/n)
		c.batch -= c.batch / fade
	}
}

func blend(guess *time.Duration, took time.Duration) {
	*guess += (min(took, outlier**guess) - *guess) / 8
}
