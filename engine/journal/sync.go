package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// syncTree syncs every file and directory below dir and the directories above
// it up to root, once when a stream is opened. While it runs, the server syncs
// what it stores. This is for what is there before: the names of new
// directories, and records that a killed process had written and not yet
// synced, which would otherwise be shown and then, with the power, be gone.
func syncTree(root, dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return nil
		}
		if err := syncPath(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	for err == nil && len(dir) > len(root) {
		dir = filepath.Dir(dir)
		err = syncPath(dir)
	}
	return err
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
