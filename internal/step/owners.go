package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() { run.Register[GiveOwner]("owner.give") }

// GiveOwner makes the container's user the owner of the files of a directory that
// OpenAlgo could not write.
type GiveOwner struct {
	Dir   run.Path `json:"dir"`
	User  int      `json:"user"` // whose they become
	Files []Owner  `json:"files"`
}

// Owner is a file below a directory, and whose it was.
type Owner struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

func (s *GiveOwner) String() string { return fmt.Sprintf("give %s to user %d", s.Dir, s.User) }

// Do changes the owners.
func (s *GiveOwner) Do(_ context.Context, t *run.Tools) error {
	for _, f := range s.Files {
		if err := s.give(t, f.Name, s.User, s.User); err != nil {
			return fmt.Errorf("change the owner of %s to %d: %w", filepath.Join(s.Dir.At(t.Dir), f.Name), s.User, err)
		}
	}
	t.Point("owners")
	return nil
}

// Undo gives everything back to its previous owner.
func (s *GiveOwner) Undo(_ context.Context, t *run.Tools) error {
	for _, f := range s.Files {
		if err := s.give(t, f.Name, f.UID, f.GID); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("change the owner of %s back to %d: %w", filepath.Join(s.Dir.At(t.Dir), f.Name), f.UID, err)
		}
	}
	return nil
}

// give changes an owner without following links out of the directory.
func (s *GiveOwner) give(t *run.Tools, name string, uid, gid int) error {
	root, err := os.OpenRoot(s.Dir.At(t.Dir))
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Lchown(name, uid, gid)
}

// Check refuses directories of the system's, and paths out of the directory.
func (s *GiveOwner) Check() error {
	if err := s.Dir.CheckSystem(); err != nil {
		return err
	}
	for _, f := range s.Files {
		if !filepath.IsLocal(f.Name) {
			return run.Foreign(string(s.Dir), f.Name)
		}
	}
	return nil
}
