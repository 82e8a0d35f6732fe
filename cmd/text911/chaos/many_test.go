//go:build chaos

package chaos

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	rounds  = flag.Int("rounds", 30, "how often the child is killed")
	texters = flag.Int("texters", 20, "texters at once")
	seed    = flag.Uint64("seed", 0, "of the run; 0 draws one")
)

// kill -9 under load, many times on one data directory. Every text whose 200 or REPORT was seen is
// in the log once, every command answered ok has its event once, order holds, seq has no gap, and
// consoles that were cut see every event once over all rounds.
func TestKilledManyTimes(t *testing.T) {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	killedAgainAndAgain(t, plan{rounds: *rounds, texters: *texters, shortest: 300 * time.Millisecond, mean: 2 * time.Second,
		patience: time.Minute, seed: s})
}

// Ten thousand connections that say nothing, with everything else that TestHostilePeersBesideAConversation
// does.
func TestTenThousandHostileConnections(t *testing.T) { hostileBeside(t, 10000) }
