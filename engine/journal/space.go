package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// space watches the disk under the embedded server and keeps a ballast file
// there: a full disk stops a server from starting, and giving the ballast up
// lets it start again.
type space struct {
	dir     string
	ballast int64
}

func (s *space) path() string { return filepath.Join(s.dir, "ballast") }

// prepare makes the directory.
func (s *space) prepare() error {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// free tells how many bytes this process may still write.
func (s *space) free() (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// keep writes the ballast if it is missing and there is room for it beside
// what must stay free.
func (s *space) keep(free, minFree int64) {
	if s.ballast <= 0 || free < max(minFree, 0)+2*s.ballast || exists(s.path()) {
		return
	}
	if err := s.write(); err != nil {
		s.release() // half a ballast is none
	}
}

func (s *space) write() error {
	f, err := os.OpenFile(s.path(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for left := s.ballast; left > 0 && err == nil; left -= int64(len(zeros)) {
		_, err = f.Write(zeros[:min(left, int64(len(zeros)))])
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// release gives the ballast up.
func (s *space) release() { os.Remove(s.path()) }
