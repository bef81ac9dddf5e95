package source

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// A checkout may belong to somebody else, who can change it while it is read:
// nothing in it is opened through a link that leads out, and what is sent is
// the file that was listed.

// Read returns a small file of the checkout, as .sample.env is.
func (s *Source) Read(name string) ([]byte, error) {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readfile.In(root, name, readfile.Config)
}

func (s *Source) has(name string) bool {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return false
	}
	defer root.Close()
	info, err := root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// openListed opens a regular file that was listed before. Another file in its
// place, or another size, is an error.
func openListed(root *os.Root, name string, listed fs.FileInfo) (*os.File, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the checkout: %w (if it is not part of OpenAlgo, list it in .dockerignore)", err)
	}
	now, err := file.Stat()
	if err == nil && (!now.Mode().IsRegular() || !os.SameFile(now, listed) || now.Size() != listed.Size()) {
		err = fmt.Errorf("%s of the checkout was changed while it was read. Run the same command again", name)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
