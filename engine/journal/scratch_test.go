package journal

import (
	"os"
	"testing"
)

// Scratch is a directory in memory where there is one: what most tests prove
// does not depend on the disk, and waiting for its syncs is most of their time.
// The tests of crashes and of full disks do not use it.
func Scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "journal-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("scratch: %v", err)
		}
	})
	return dir
}
