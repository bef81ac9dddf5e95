// Package mirror copies a directory while it may be written, in passes: each reads
// what changed since the one before, and in a large file only what differs is
// written again. The copy is of one moment only where nobody wrote during its last
// pass, which is what makes that one short.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// Mirror is the copy of one directory. Data belongs to the container's user: no link
// in it leads out of the directory, however late it appears.
type Mirror struct {
	from, to *os.Root
	known    map[string]*entry // what the copy has
	// Linked says that a file has several names; in the copy each is a file.
	Linked bool

	pending []*file      // of the last pass, with what is to be written
	held    atomic.Int64 // bytes of that
}

// entry is a file, directory or link of the copy, as the source had it when it was
// read.
type entry struct {
	info   fs.FileInfo
	link   string
	stamp  stamp
	fresh  bool     // it had been written just before: a later write may not show in its stamp
	blocks []uint64 // of what the copy of a file holds
}

// stamp tells whether a file changed.
type stamp struct {
	size              int64
	written, recorded syscall.Timespec
	ino               uint64
}

// freshTime is longer than the clock of any file system takes for a tick.
const freshTime = time.Second

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.written, s.recorded, s.ino = stat.Mtim, stat.Ctim, stat.Ino
	}
	return s
}

// Open begins a copy of source in target, which is emptied.
func Open(source, target string) (*Mirror, error) {
	if err := os.MkdirAll(target, 0o700); err != nil {
		return nil, err
	}
	if err := tree.Empty(target); err != nil {
		return nil, err
	}
	from, err := os.OpenRoot(source)
	if err != nil {
		return nil, err
	}
	to, err := os.OpenRoot(target)
	if err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return &Mirror{from: from, to: to, known: map[string]*entry{}}, nil
}

// Close ends the work on a copy.
func (m *Mirror) Close() error {
	for _, f := range m.pending {
		_ = f.to.Close()
	}
	return errors.Join(m.from.Close(), m.to.Close())
}

// How the passes before the last one go.
const (
	mostPasses = 8
	littleLeft = 32 << 20 // bytes that are read again in a moment
)

// Ahead copies what can be copied while the source is written: until little of it
// changes from one pass to the next.
func (m *Mirror) Ahead(ctx context.Context) error {
	for range mostPasses {
		if err := m.pass(ctx, 1, true); err != nil {
			return err
		}
		w, err := m.walk()
		if err != nil || w.bytes <= littleLeft {
			return err
		}
	}
	return nil
}

// Last copies what changed since, with all cores. Nobody may write the source
// meanwhile. It keeps in memory what it has to write, since a busy disk would hold it
// up; Settle writes that.
func (m *Mirror) Last(ctx context.Context) error {
	return m.pass(ctx, max(2, runtime.NumCPU()), false)
}

// pass brings the copy up to date; durable writes it through to the disk, so that the
// next pass need not wait for that.
func (m *Mirror) pass(ctx context.Context, workers int, durable bool) error {
	if err := m.flush(); err != nil {
		return err
	}
	w, err := m.walk()
	if err != nil {
		return err
	}
	if err := m.shape(w); err != nil {
		return err
	}
	meter.Expect(ctx, w.bytes)
	return m.copyFiles(ctx, w.due, workers, durable)
}

// walked is what a walk through the source found.
type walked struct {
	found map[string]*entry
	due   []string // files that changed since they were copied
	bytes int64    // of those
}

// walk looks at the source, and reads no file.
func (m *Mirror) walk() (*walked, error) {
	w := &walked{found: map[string]*entry{}}
	info, err := m.from.Lstat(".")
	if err != nil {
		return nil, err
	}
	w.found["."] = &entry{info: info}
	return w, m.walkDir(w, ".")
}

func (m *Mirror) walkDir(w *walked, dir string) error {
	open, err := m.from.Open(dir)
	if err != nil {
		return gone(err)
	}
	entries, err := open.ReadDir(-1)
	if err = errors.Join(err, open.Close()); err != nil {
		return gone(err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, e := range entries {
		// SQLite makes the index of its log again, and must not believe an old one.
		database, shared := strings.CutSuffix(e.Name(), "-shm")
		if tree.IsAside(e) || shared && names[database] {
			continue
		}
		if err := m.look(w, filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// look notes one entry of the source. What is gone by now is none.
func (m *Mirror) look(w *walked, name string) error {
	info, err := m.from.Lstat(name)
	if err != nil {
		return gone(err)
	}
	found := &entry{info: info, stamp: stampOf(info)}
	switch was := m.known[name]; {
	case info.IsDir():
		w.found[name] = found
		return m.walkDir(w, name)
	case info.Mode()&fs.ModeSymlink != 0:
		if found.link, err = m.from.Readlink(name); err != nil {
			return gone(err)
		}
		w.found[name] = found
	case info.Mode().IsRegular():
		w.found[name] = found
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
			m.Linked = true
		}
		if was == nil || was.fresh || was.stamp != found.stamp || !was.info.Mode().IsRegular() {
			w.due = append(w.due, name)
			w.bytes += info.Size()
		}
	}
	return nil // a socket or pipe holds no data
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// shape gives the copy the directories and links of the source, and removes what the
// source no longer has.
func (m *Mirror) shape(w *walked) error {
	was := slices.Sorted(maps.Keys(m.known))
	for _, name := range slices.Backward(was) { // children before their parents
		is := w.found[name]
		if is != nil && is.info.Mode().Type() == m.known[name].info.Mode().Type() && is.link == m.known[name].link {
			continue
		}
		if err := m.to.RemoveAll(name); err != nil {
			return err
		}
		delete(m.known, name)
	}
	for _, name := range slices.Sorted(maps.Keys(w.found)) {
		is := w.found[name]
		if is.info.Mode().IsRegular() {
			continue // its content comes first
		}
		var err error
		switch {
		case m.known[name] != nil || name == ".":
		case is.info.IsDir():
			err = m.to.Mkdir(name, 0o700)
		default:
			err = m.to.Symlink(is.link, name)
		}
		if err != nil {
			return err
		}
		m.known[name] = is
	}
	return nil
}

func (m *Mirror) copyFiles(ctx context.Context, names []string, workers int, durable bool) error {
	for some := range slices.Chunk(names, mostOpen) {
		if err := m.copySome(ctx, some, workers, durable); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mirror) copySome(ctx context.Context, names []string, workers int, durable bool) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	var open []*file
	var failed error
	for _, name := range names {
		f, err := m.openFile(name)
		if err != nil {
			failed = err
			break
		}
		if f == nil {
			continue
		}
		f.holds = !durable && len(m.pending) < mostOpen
		open = append(open, f)
		for at := int64(0); at < f.size; at += partBytes {
			g.Go(func() error { return f.part(ctx, at) })
		}
	}
	failed = errors.Join(failed, g.Wait())
	for _, f := range open {
		failed = errors.Join(failed, f.close(failed == nil, durable))
	}
	return failed
}

// flush writes what the last pass has kept in memory.
func (m *Mirror) flush() (failed error) {
	for _, f := range m.pending {
		failed = errors.Join(failed, f.flush())
	}
	m.pending = nil
	m.held.Store(0)
	return failed
}

// Settle gives the copy owners, modes, times and attributes, and writes it through to
// the disk. What the source has lost since keeps no attributes.
func (m *Mirror) Settle(ctx context.Context) error {
	if err := m.flush(); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(m.known))
	for _, name := range slices.Backward(names) { // what is put into a directory changes its time
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.settle(name, m.known[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	top, err := m.to.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(top.Fd())), top.Close())
}

func (m *Mirror) settle(name string, e *entry) error {
	if owner, ok := e.info.Sys().(*syscall.Stat_t); ok {
		if err := m.to.Lchown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	if e.info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	if err := m.attributes(name); err != nil {
		return err
	}
	if err := m.to.Chmod(name, e.info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return m.to.Chtimes(name, e.info.ModTime(), e.info.ModTime())
}

func (m *Mirror) attributes(name string) error {
	from, err := m.from.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return gone(err)
	}
	defer from.Close()
	to, err := m.to.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return errors.Join(tree.CopyAttributes(to, from), to.Close())
}
