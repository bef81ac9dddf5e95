package hoststate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// lockPoll is how often a waiting process looks whether a lock is free.
const lockPoll = 50 * time.Millisecond

// Store keeps documents in a directory that its user alone can read.
type Store struct{ dir string }

// In is the Store in a directory, as Dir returns it.
func In(dir string) Store { return Store{dir} }

// Dir is the directory. It may not exist yet.
func (s Store) Dir() string { return s.dir }

// path is where a file of the Store is.
//
//go:noinline
func (s Store) path(name string) string { return filepath.Join(s.dir, name) }

// Load reads the JSON of a file; without the file, doc stays as it is.
func (s Store) Load(name string, doc any) error {
	if err := Private(s.dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	text, err := readfile.NoLink(s.path(name), readfile.Own)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", s.path(name), err)
	}
	if err := json.Unmarshal(text, doc); err != nil {
		return fmt.Errorf("read %s: %w (%w)", s.path(name), ErrDamaged, err)
	}
	return nil
}

// Save writes a file in one step, for its owner alone.
func (s Store) Save(name string, doc any) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.path(name), err)
	}
	if len(text) > readfile.Own {
		return fmt.Errorf("write %s: %w", s.path(name), readfile.ErrTooLarge)
	}
	if err := s.make(); err != nil {
		return err
	}
	if err := host.WriteFile(s.path(name), text, 0o600, ""); err != nil {
		return fmt.Errorf("write %s: %w", s.path(name), err)
	}
	return nil
}

// ErrDamaged says that a file is not one that Save wrote.
var ErrDamaged = errors.New("it is damaged")

// PutAside gives a file another name, in the place of one that was put aside before, and
// returns where it is.
func (s Store) PutAside(name string) (string, error) {
	aside := s.path(name + ".damaged")
	return aside, host.Rename(s.path(name), aside)
}

// Remove removes a file; what is not there is removed already.
func (s Store) Remove(name string) error {
	if err := Private(s.dir); err != nil {
		return nil //nolint:nilerr // there is none, or it is not ours
	}
	return host.Remove(s.path(name))
}

// Lock takes the lock of a name, and waits for another process that has it until
// the limit. What is returned frees it.
func (s Store) Lock(ctx context.Context, name string, limit time.Duration) (free func(), err error) {
	if err := s.make(); err != nil {
		return nil, err
	}
	path := s.path(name + ".lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = wait.Until(ctx, limit, lockPoll, func(context.Context) (bool, error) { return instance.Flock(file) })
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("wait for %s, which another process has locked: %w", path, err)
	}
	return func() { instance.Funlock(file) }, nil
}

func (s Store) make() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("create the directory %s: %w", s.dir, err)
	}
	return Private(s.dir)
}
