package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// blocks makes what the embedded server has written to one stream durable.
//
// It is used with Config.SyncFiles only. The server writes a message to the
// stream's newest block file before it acknowledges, so after the
// acknowledgements of many Appends one fsync of that file makes all of them
// durable: group commit at less than half the cost of atomic batches, which
// the server stores twice.
//
// The price is that this rests on the file layout of the pinned server, which
// nobody promises: msgs/<n>.blk, appended in order,
// n growing by one. It is not taken on trust: sync checks that the files have
// grown by at least what was acknowledged, and fails otherwise.
//
// A nil *blocks does nothing: the server syncs.
type blocks struct {
	dir string // the stream's msgs directory

	mu   sync.Mutex
	file *os.File
	num  int
	size int64 // of file when it was last synced
	// ahead is how much more the files have grown than was acknowledged:
	// records under way.
	ahead int64
}

// errLayout: the block files do not hold what the server acknowledged.
var errLayout = errors.New("block files have not grown by what was acknowledged")

func newBlocks(dir string) *blocks { return &blocks{dir: dir} }

// sync makes everything acknowledged so far durable. grown is how many bytes
// of records have been acknowledged since the last sync, 0 if nothing is under
// way and nothing is to be checked.
func (b *blocks) sync(grown int64) error {
	if b == nil {
		return nil // the server syncs
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	had := b.file != nil
	got, fresh, err := b.syncFiles()
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	b.ahead += got - grown
	if grown == 0 || fresh && had {
		b.ahead = 0 // a compacted block is smaller than what was written
	}
	if b.ahead < 0 {
		return fmt.Errorf("sync: %w: %d bytes missing", errLayout, -b.ahead)
	}
	return nil
}

// syncFiles syncs the block in use and the ones that followed it, and returns
// by how much they have grown. fresh tells that the block in use was opened
// just now.
func (b *blocks) syncFiles() (grown int64, fresh bool, err error) {
	fresh, err = b.attach()
	if err != nil || b.file == nil {
		return 0, fresh, err
	}
	moved := fresh
	for {
		n, err := b.syncOne()
		grown += n
		if err != nil {
			return grown, fresh, err
		}
		next, err := os.OpenFile(b.path(b.num+1), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return grown, fresh, err
		}
		b.close()
		b.file, b.num, b.size, moved = next, b.num+1, 0, true
	}
	if moved {
		err = syncPath(b.dir)
	}
	return grown, fresh, err
}

// attach makes sure that file is the block of its name: the server replaces a
// file when it compacts it.
func (b *blocks) attach() (fresh bool, err error) {
	if b.file != nil {
		same, err := b.current()
		if err != nil || same {
			return false, err
		}
		b.close()
	}
	num, err := b.newest()
	if err != nil || num == 0 {
		return false, err // a stream without messages may have no block
	}
	f, err := os.OpenFile(b.path(num), os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	b.file, b.num, b.size = f, num, 0
	return true, nil
}

func (b *blocks) current() (bool, error) {
	at, err := os.Stat(b.path(b.num))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	have, err := b.file.Stat()
	if err != nil {
		return false, err
	}
	return os.SameFile(at, have), nil
}

func (b *blocks) syncOne() (int64, error) {
	if err := b.file.Sync(); err != nil {
		return 0, err
	}
	st, err := b.file.Stat()
	if err != nil {
		return 0, err
	}
	grown := st.Size() - b.size
	b.size = st.Size()
	return grown, nil
}

// newest finds the highest block number, 0 if there is no block.
func (b *blocks) newest() (int, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".blk")
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(name); err == nil && n > newest {
			newest = n
		}
	}
	return newest, nil
}

func (b *blocks) path(num int) string {
	return filepath.Join(b.dir, strconv.Itoa(num)+".blk")
}

// reset forgets the open file; the server was opened anew.
func (b *blocks) reset() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close()
	b.ahead = 0
}

func (b *blocks) close() {
	if b.file != nil {
		b.file.Close()
		b.file = nil
	}
}

// syncTree syncs every file and directory below dir and the directories above
// it up to root: what a new stream wrote once, and what an earlier process
// wrote without syncing.
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
