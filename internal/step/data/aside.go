package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// asideName is the directory that keeps the data which an undo replaced. No data
// is ever copied over other data: the present data is renamed, which needs no
// space. That of the last undo is kept.
const asideName = "aside"

const asideForm = "20060102T150405.000000000Z"

// asideStamp names what the undo of one run keeps.
func asideStamp(t *run.Tools) string { return t.Started().UTC().Format(asideForm) }

// keptBy is where the undo of a run keeps what it replaces under a name.
func keptBy(t *run.Tools, name string) string {
	return t.Work(filepath.Join(asideName, asideStamp(t), name))
}

// aside is where an undo keeps what is in a data directory now.
type aside struct {
	dir   instance.Dir
	stamp string
	tree  string // "db"
	data  string // the directory whose place is needed
}

// name is where it goes, in the work directory, if the file system allows that.
func (a aside) name() string { return filepath.Join(asideName, a.stamp, a.tree) }

// prepare makes the directory while there is space for it: the disk may be full
// when it is needed.
func (a aside) prepare() error { return instance.Own(a.dir).Make(a.name()) }

// removeEmpty removes what prepare made and nothing was moved into.
func (a aside) removeEmpty() {
	own := instance.Own(a.dir)
	_ = own.Remove(a.name()) // not empty: it stays
	_ = own.Remove(filepath.Dir(a.name()))
	_ = own.Remove(asideName)
}

// places are the directories that can take what is aside, best first. Where the
// data is on another file system that is beside the data's directory (a volume has
// a directory around its own), or inside, where the data has a file system to itself.
func (a aside) places() []string {
	name := filepath.Join(a.prefix()+a.stamp, a.tree)
	return []string{a.dir.Work(a.name()), filepath.Join(filepath.Dir(a.data), name), filepath.Join(a.data, name)}
}

// prefix begins the names of such directories for one data directory, since
// several may be beside each other.
func (a aside) prefix() string { return tree.AsidePrefix + filepath.Base(a.data) + "-" }

// move renames everything in the data's place into one of places, which it names;
// "" where there was nothing. after is called after each entry.
func (a aside) move(after func()) (moved string, err error) {
	entries, err := os.ReadDir(a.data)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if tree.IsAside(e) {
			continue
		}
		to, err := tree.MoveAside(filepath.Join(a.data, e.Name()), a.places()...)
		if err != nil {
			return "", fmt.Errorf("keep what is in %s: %w", a.data, err)
		}
		moved = filepath.Dir(to)
		after()
	}
	return moved, nil
}

// prune removes what earlier undos kept of the same data, but not what this one did.
func (a aside) prune() {
	for dir, prefix := range map[string]string{a.dir.Work(asideName): "", filepath.Dir(a.data): a.prefix(), a.data: a.prefix()} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			stamp, isOurs := strings.CutPrefix(e.Name(), prefix)
			if _, err := time.Parse(asideForm, stamp); !isOurs || err != nil || strings.HasPrefix(stamp, a.stamp) {
				continue
			}
			if dir == a.dir.Work(asideName) {
				_ = instance.Own(a.dir).RemoveTree(filepath.Join(asideName, e.Name()))
			} else {
				_ = os.RemoveAll(filepath.Join(dir, e.Name()))
			}
		}
	}
}

// sync makes what was moved last.
func (a aside) sync() error { return host.SyncDir(a.data) }
