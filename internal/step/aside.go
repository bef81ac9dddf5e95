package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() { run.Register[TidyAside]("data.tidy") }

// asideName is the directory that keeps the data which an undo replaced. No data
// is ever copied over other data: the present data is renamed, which needs no
// space. That of the last undo is kept.
const asideName = "aside"

const asideForm = "20060102T150405.000000000Z"

// asideStamp names what the undo of one run keeps.
func asideStamp(t *run.Tools) string { return t.Started().UTC().Format(asideForm) }

func (s *KeepData) kept(t *run.Tools) string {
	return t.Work(filepath.Join(asideName, asideStamp(t), s.Tree))
}

// prepareAside makes the directory while there is space for it: the disk may be
// full when it is needed.
func (s *KeepData) prepareAside(t *run.Tools) {
	s.Prepared = os.MkdirAll(s.kept(t), 0o700) == nil
}

// removeEmptyAside removes what prepareAside made and nothing was moved into.
func (s *KeepData) removeEmptyAside(t *run.Tools) {
	_ = os.Remove(s.kept(t)) // not empty: it stays
	_ = os.Remove(filepath.Dir(s.kept(t)))
	_ = os.Remove(t.Work(asideName))
}

// bringBack moves what is in the data's place aside, and puts the copy there.
func (s *KeepData) bringBack(ctx context.Context, t *run.Tools) error {
	from, data := s.copy(t), s.Data.At(t.Dir)
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return errors.Join(err, fmt.Errorf("%s is not a directory", from))
	}
	if s.Renaming {
		return tree.Move(from, data, s.asidePlaces(t)...)
	}
	if !s.Moved {
		if err := s.moveDataAside(t); err != nil {
			return err
		}
	}
	t.Point("undo-moved")
	err := tree.Copy(ctx, from, data)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		t.Note("there is no room for a copy, so the kept data itself is moved back")
		err = s.renameBack(t)
	}
	return err
}

// renameBack puts the copy itself into the data's place, which needs no space.
// Half of a copy in the data's place is removed first. The rename is journaled
// before it begins, since no copy is left afterwards to begin again from.
func (s *KeepData) renameBack(t *run.Tools) error {
	if err := tree.Empty(s.Data.At(t.Dir)); err != nil {
		return err
	}
	s.Renaming = true
	if err := t.Save(); err != nil {
		return err
	}
	return tree.Move(s.copy(t), s.Data.At(t.Dir), s.asidePlaces(t)...)
}

// asidePlaces are the directories that can take what is aside, best first.
func (s *KeepData) asidePlaces(t *run.Tools) []string {
	data := s.Data.At(t.Dir)
	name := filepath.Join(asideOf(data)+asideStamp(t), s.Tree)
	return []string{s.kept(t), filepath.Join(filepath.Dir(data), name), filepath.Join(data, name)}
}

// asideOf begins the names of such directories for one data directory, since
// several may be beside each other.
func asideOf(data string) string { return tree.AsidePrefix + filepath.Base(data) + "-" }

// moveDataAside renames everything in the data's place into one of asidePlaces.
func (s *KeepData) moveDataAside(t *run.Tools) error {
	data := s.Data.At(t.Dir)
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !s.Prepared {
		s.prepareAside(t)
	}
	moved := ""
	for _, e := range entries {
		if tree.IsAside(e) {
			continue
		}
		to, err := tree.MoveAside(filepath.Join(data, e.Name()), s.asidePlaces(t)...)
		if err != nil {
			return fmt.Errorf("keep what is in %s: %w", data, err)
		}
		moved = filepath.Dir(to)
		t.Point("undo-moving")
	}
	s.Moved = true
	if moved == "" {
		return nil
	}
	s.pruneAside(t)
	t.Note("the replaced data is kept in " + moved)
	t.Keep()
	return host.SyncDir(data)
}

// pruneAside removes what earlier undos kept of the same data, but not what this
// one did.
func (s *KeepData) pruneAside(t *run.Tools) {
	data := s.Data.At(t.Dir)
	for dir, prefix := range map[string]string{t.Work(asideName): "", filepath.Dir(data): asideOf(data), data: asideOf(data)} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			stamp, isOurs := strings.CutPrefix(e.Name(), prefix)
			if _, err := time.Parse(asideForm, stamp); !isOurs || err != nil || strings.HasPrefix(stamp, asideStamp(t)) {
				continue
			}
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// TidyAside removes, once the run is complete, the directories that no undo
// needed, and temporary files.
type TidyAside struct {
	onlyForward
	pathless
}

func (s *TidyAside) String() string { return "remove temporary files" }

// Do removes them.
func (s *TidyAside) Do(_ context.Context, t *run.Tools) error {
	_ = os.RemoveAll(t.Work("tmp"))
	for _, d := range run.All[*KeepData](t.Steps()) {
		d.removeEmptyAside(t)
	}
	return nil
}
