package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() { run.Register[KeepFile]("file.keep") }

// Kept is how a file was before the run, and what the run wrote.
type Kept struct {
	Backup string `json:"backup,omitempty"` // the copy in the backups; empty: there was no file
	Former string `json:"former,omitempty"` // SHA-256 of it
	SHA256 string `json:"sha256,omitempty"` // of what the run writes; empty: nothing yet
	// Back says that an undo is done with this file: what it holds since then is
	// somebody's own.
	Back bool `json:"back,omitempty"`
}

func (k Kept) copy(t *run.Tools) string {
	if k.Backup == "" {
		return ""
	}
	return t.Dir.KeptPath(k.Backup)
}

// keep copies a text into the backups; nil is a file that is not there.
func (k *Kept) keep(t *run.Tools, name string, before []byte) error {
	k.Backup, k.Former = "", ""
	if before == nil {
		return nil
	}
	var err error
	if k.Backup, err = keepCopy(t, name, before); err != nil {
		return err
	}
	k.Former = Sum(before)
	return nil
}

// is reports whether a text is the one that was kept.
func (k Kept) is(text []byte) bool {
	if text == nil {
		return k.Backup == ""
	}
	return Sum(text) == k.Former
}

// keepCopy copies a text into the backups and returns the copy's name.
func keepCopy(t *run.Tools, name string, text []byte) (string, error) {
	path, err := instance.Keep(t.Dir, name, text)
	if path == "" {
		return "", err
	}
	return filepath.Base(path), err
}

// read reads the kept copy of a file that the run changed.
func (k Kept) read(t *run.Tools) ([]byte, error) {
	path := k.copy(t)
	file, err := instance.OpenInside(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := readfile.Open(file, path, readfile.Own)
	if err == nil && Sum(text) != k.Former {
		err = fmt.Errorf("%s was changed after its copy was made", path)
	}
	return text, err
}

// moveBack puts the kept copy itself in the file's place: that needs no space,
// and a full disk may be why there is something to undo.
func (k Kept) moveBack(t *run.Tools, name string, mode os.FileMode) error {
	if err := instance.Own(t.Dir).PutBack(k.Backup, t.Dir.Path(name), mode); err != nil {
		return fmt.Errorf("restore the previous %s: %w", name, err)
	}
	return nil
}

// keepForeign copies what somebody else wrote since into the backups, before it
// is replaced.
func keepForeign(t *run.Tools, name string, text []byte) {
	if base, err := keepCopy(t, name, text); err == nil {
		t.Note(fmt.Sprintf("%s was changed in the meantime. The changed version is kept as %s", name, t.Dir.KeptPath(base)))
	}
}

// place replaces a file in one step. The temporary file is in the work directory,
// where what is left of a killed run is found and removed.
func place(t *run.Tools, name string, text []byte, mode os.FileMode) error {
	path := t.Dir.Path(name)
	if mode&0o077 == 0 { // what shall be private becomes so, before it has what shall be
		if err := os.Chmod(path, mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make %s private: %w", path, err)
		}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		mode = info.Mode().Perm()
	}
	if err := instance.Own(t.Dir).Place(path, text, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// KeepFile keeps a copy of a file that changes later, while nothing is stopped
// yet.
type KeepFile struct {
	Name string `json:"name"` // in the instance's directory
	Kept
}

func (s *KeepFile) String() string { return "keep a copy of " + s.Name }

// Do makes the copy.
func (s *KeepFile) Do(ctx context.Context, t *run.Tools) error {
	now, err := readNow(ctx, t, s.Name)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.Name, err)
	}
	return s.keep(t, s.Name, now)
}

// Undo leaves the copy: it is one of the backups.
func (s *KeepFile) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *KeepFile) Check() error { return errors.Join(run.CheckName(s.Name), run.CheckNames(s.Backup)) }

func readNow(ctx context.Context, t *run.Tools, name string) ([]byte, error) {
	if name == instance.EnvName {
		return appfile.ReadEnv(ctx, t.Engine, t.Dir, "")
	}
	return readOptional(t.Dir.Path(name))
}

// keepOnce keeps a text, unless an earlier step did.
func (k *Kept) keepOnce(t *run.Tools, name string, now []byte) error {
	if k.SHA256 != "" && (k.is(now) || now != nil && Sum(now) == k.SHA256) {
		return nil // this step is repeated
	}
	for _, before := range run.All[*KeepFile](t.Begun()) {
		if before.Name == name && before.is(now) {
			k.Backup, k.Former = before.Backup, before.Former
			return nil
		}
	}
	return k.keep(t, name, now)
}
