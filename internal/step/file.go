package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[WriteFile]("file.write")
	run.Register[MoveAside]("file.aside")
}

// WriteFile writes a file in the instance's directory.
type WriteFile struct {
	Name string `json:"name"`
	Kept
	Text []byte      `json:"-"`
	Mode os.FileMode `json:"-"`
}

func (s *WriteFile) String() string { return "write " + s.Name }

// Do writes the file. What was there is kept, also if it was changed since the
// plan was made.
func (s *WriteFile) Do(_ context.Context, t *run.Tools) error {
	now, err := readOptional(t.Dir.Path(s.Name))
	if err != nil {
		return fmt.Errorf("read %s: %w", s.Name, err)
	}
	if err := s.keepOnce(t, s.Name, now); err != nil {
		return err
	}
	s.SHA256 = Sum(s.Text)
	if err := t.Save(); err != nil {
		return err
	}
	if err := place(t, s.Name, s.Text, s.Mode); err != nil {
		return err
	}
	t.Point("wrote-" + s.Name)
	return nil
}

// Undo brings the previous version back, unless the run never wrote the file. It
// is done once: what somebody writes into the file after that stays.
func (s *WriteFile) Undo(_ context.Context, t *run.Tools) error {
	if s.SHA256 == "" || s.Back {
		return nil
	}
	if err := s.restore(t); err != nil {
		return err
	}
	s.Back = true
	t.Keep()
	return nil
}

func (s *WriteFile) restore(t *run.Tools) error {
	path := t.Dir.Path(s.Name)
	now, err := readOptional(path)
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", path, err)
	case s.is(now):
		return nil
	case now != nil && Sum(now) != s.SHA256:
		return s.leaveEdited(t, path)
	case s.Backup == "":
		if err := host.Remove(path); err != nil {
			return fmt.Errorf("remove %s: %w", path, err)
		}
		return nil
	case !isFile(s.copy(t)):
		t.Note(fmt.Sprintf("the copy of the previous %s is gone (%s), so the file stays as it is", s.Name, s.copy(t)))
		return nil
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	return s.moveBack(t, s.Name, mode)
}

// leaveEdited keeps a file that somebody edited since, and puts the previous
// version beside it.
func (s *WriteFile) leaveEdited(t *run.Tools, path string) error {
	said := path + " was changed in the meantime and stays as it is"
	if isFile(s.copy(t)) {
		beside := path + ".previous"
		for n := 2; exists(beside); n++ {
			beside = fmt.Sprintf("%s.previous.%d", path, n)
		}
		if err := instance.Own(t.Dir).PutBack(s.Backup, beside, 0); err != nil {
			return fmt.Errorf("save the previous %s beside it: %w", s.Name, err)
		}
		said += ". The previous version is " + beside
	}
	t.Note(said)
	return nil
}

// Check refuses names that are paths.
func (s *WriteFile) Check() error {
	return errors.Join(run.CheckName(s.Name), run.CheckNames(s.Backup))
}

// asideSuffix is what a file is called once it is moved out of Docker Compose's
// sight.
const asideSuffix = ".before-adopt"

// MoveAside renames a Compose file that Docker Compose would read instead of the
// one that the run writes.
type MoveAside struct {
	Name string `json:"name"`
}

func (s *MoveAside) String() string { return "rename " + s.Name + " to " + s.Name + asideSuffix }

// Do renames the file.
func (s *MoveAside) Do(_ context.Context, t *run.Tools) error {
	path := t.Dir.Path(s.Name)
	if err := host.Rename(path, path+asideSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move %s aside: %w", path, err)
	}
	return nil
}

// Undo gives the file its name back.
func (s *MoveAside) Undo(_ context.Context, t *run.Tools) error {
	path := t.Dir.Path(s.Name)
	if err := host.Rename(path+asideSuffix, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	return nil
}

// Check refuses names that are paths.
func (s *MoveAside) Check() error { return run.CheckName(s.Name) }
