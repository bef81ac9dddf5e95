package data

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() {
	run.Register[CreateVolume]("volume.create")
	run.Register[MakeDirectory]("directory.make")
}

// CreateVolume creates a volume. Once it began, .env belongs to it.
type CreateVolume struct {
	run.Pathless
	Name string `json:"name"`
	// Dir is the directory that its label names.
	Dir string `json:"dir"`
	// Moved says that data is moved into it out of a directory, where it still
	// is: an undo removes the volume.
	Moved bool `json:"moved,omitempty"`
	// Since says that it holds more than what was moved by now.
	Since bool              `json:"since,omitempty"`
	Spec  engine.VolumeSpec `json:"-"`
}

func (s *CreateVolume) String() string { return "create the volume " + s.Name }

// Do creates it.
func (s *CreateVolume) Do(ctx context.Context, t *run.Tools) error {
	v, err := t.Engine.Volume(ctx, s.Name)
	if err == nil && v.Labels[stacks.LabelDir] == s.Dir {
		return nil // this step is repeated
	}
	if err == nil {
		return fmt.Errorf("another process created the volume %s in the meantime. Run the same command again", s.Name)
	}
	if !errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("look at the volume %s: %w", s.Name, err)
	}
	s.Spec.Labels = maps.Clone(s.Spec.Labels)
	if s.Spec.Labels == nil {
		s.Spec.Labels = map[string]string{}
	}
	s.Spec.Labels[stacks.LabelDir] = s.Dir
	if _, err := t.Engine.CreateVolume(context.WithoutCancel(ctx), s.Spec); err != nil {
		return fmt.Errorf("create the volume %s: %w", s.Name, err)
	}
	t.Point("volume")
	return nil
}

// Look notes whether a volume that data was moved into differs from the directory
// by now: the new container ran on it.
func (s *CreateVolume) Look(ctx context.Context, t *run.Tools) error {
	if !s.Moved || s.Since {
		return nil
	}
	from, err := s.from(ctx, t)
	if err != nil || from == "" {
		return nil //nolint:nilerr // no data was moved into it, or it did not run
	}
	v, err := t.Engine.Volume(ctx, s.Name)
	if err != nil {
		return nil //nolint:nilerr // it is gone
	}
	was, err1 := tree.Sums(ctx, from, tree.WithoutOwners)
	is, err2 := tree.Sums(ctx, v.Mountpoint, tree.WithoutOwners)
	s.Since = errors.Join(err1, err2) != nil || !slices.Equal(was, is)
	t.Keep()
	return nil
}

// from is the directory that the previous container has where the new one, which
// ran, has the volume; "" is none that counts.
func (s *CreateVolume) from(ctx context.Context, t *run.Tools) (string, error) {
	old := pair.PreviousID(t)
	fresh, err := pair.New(ctx, t)
	if old == "" || err != nil || !pair.EverStarted(fresh) {
		return "", err
	}
	before, err := t.Engine.Container(ctx, old)
	if err != nil {
		return "", err
	}
	for _, m := range fresh.Mounts {
		if m.Name != s.Name || !slices.Contains(SavedTrees, filepath.Base(m.Target)) {
			continue
		}
		for _, had := range before.Mounts {
			if had.Target == m.Target {
				return stacks.BindSource(had), nil
			}
		}
	}
	return "", nil
}

// Undo removes a volume that data was moved into; data that was written to it
// since is kept. Other volumes stay.
func (s *CreateVolume) Undo(ctx context.Context, t *run.Tools) error {
	if !s.Moved {
		return nil
	}
	v, err := t.Engine.Volume(ctx, s.Name)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the volume %s: %w", s.Name, err)
	}
	if v.Labels[stacks.LabelDir] != s.Dir {
		return nil // somebody else's, for which the step was not done
	}
	if s.Since {
		kept := keptBy(t, s.Name)
		if err := keepVolume(ctx, t, v.Mountpoint, kept); err != nil {
			t.Note(fmt.Sprintf("the volume %s stays, because new data was written to it (%v). Check that data first. To delete the volume and the data: docker volume rm %[1]s", s.Name, err))
			return nil
		}
		t.Note(fmt.Sprintf("new data from the volume %s is kept in %s", s.Name, kept))
	}
	if err := t.Engine.RemoveVolume(ctx, s.Name); err != nil && !errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("remove the volume %s again: %w", s.Name, err)
	}
	return nil
}

// keepVolume copies what is in a volume, where there is space for it.
func keepVolume(ctx context.Context, t *run.Tools, dir, kept string) error {
	bytes, err := tree.Bytes(dir)
	if err != nil {
		return err
	}
	if disk, err := host.Disk(string(t.Dir)); err == nil && disk.FreeMiB < int(bytes>>20)+tree.MinDirMiB {
		return fmt.Errorf("%s has no room for a copy", t.Dir)
	}
	return tree.Copy(ctx, dir, kept)
}

// MakeDirectory makes a directory that keeps data in place of a volume. Once
// it began, .env belongs to it.
type MakeDirectory struct {
	run.Pathless
	Path  string      `json:"path"`
	Image string      `json:"-"`
	Mode  os.FileMode `json:"-"`
}

func (s *MakeDirectory) String() string { return "make the directory " + s.Path }

// Do makes it, as the container user's.
func (s *MakeDirectory) Do(ctx context.Context, t *run.Tools) error {
	if err := os.MkdirAll(s.Path, s.Mode); err != nil {
		return fmt.Errorf("make %s: %w", s.Path, err)
	}
	if err := appfile.Give(ctx, t.Engine, t.Dir, s.Path, s.Image); err != nil {
		return fmt.Errorf("give %s to the container's user (%d): %w", s.Path, openalgo.User, err)
	}
	t.Point("volume")
	return nil
}

// Undo leaves it: it may hold data.
func (s *MakeDirectory) Undo(context.Context, *run.Tools) error { return nil }

// MadePlaces reports whether a run created places for data, which its .env must
// stay with.
func MadePlaces(begun []run.Step) bool {
	return run.Find[*CreateVolume](begun) != nil || run.Find[*MakeDirectory](begun) != nil
}
