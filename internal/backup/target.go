package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup/where"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// spareMiB stays free on a disk that a backup fills.
const spareMiB = 1

// Endings of files: a backup, one that is encrypted, and one that is not
// finished.
const (
	archiveEnding = ".tar.zst"
	sealedEnding  = ".tar.zst.age"
	partialEnding = ".partial"
)

// TargetOptions say where a backup goes.
type TargetOptions struct {
	Instance instance.Dir
	To       string // a directory, a file (where.IsFile), or "-" for Stream; "" is Archives
	Stream   io.Writer
	Keep     int  // how many stay in a directory; 0 is all
	Sealed   bool // it is encrypted
	Trees    []Tree
	Warn     func(*finding.Error) // of a risk
	Note     func(string)
}

// Target is the file that a backup becomes, or a stream.
type Target struct {
	Name  string // the file, once it is whole; "" for a stream
	Bytes int64  // what was written so far

	o    TargetOptions
	dir  string     // where it is one of several; "" where the file is named
	made bool       // it was created
	out  io.Writer  // what is written to
	file *freshFile // nil for a stream
	// shared is the directory, or one above it, where other users may write.
	shared string
}

// OpenTarget creates the file, readable by its owner alone, where there is room.
func OpenTarget(o TargetOptions) (*Target, error) {
	t := &Target{o: o}
	if o.To == "-" {
		t.out = o.Stream
		return t, nil
	}
	err := t.choose(o.To)
	if err == nil {
		err = t.room()
	}
	if err != nil {
		if t.made { // nothing is in it yet
			_ = os.Remove(t.dir)
		}
		return nil, err
	}
	err = noteUnfinished(o.Instance, t.Name)
	if err == nil {
		t.file, err = makeFresh(t.Name)
	}
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "backup-unwritable", "making the backup: %w", err)
	}
	t.warn()
	t.out = t.file
	return t, nil
}

// Write writes a part of the archive.
func (t *Target) Write(p []byte) (int, error) {
	n, err := t.out.Write(p)
	t.Bytes += int64(n)
	return n, err
}

// IsStream reports whether it goes to a stream, which cannot be read back.
func (t *Target) IsStream() bool { return t.file == nil }

// Open reads back what was written, through to the disk.
func (t *Target) Open(ctx context.Context, key Key) (*Archive, error) {
	return Open(ctx, t.file.content(), key)
}

// Sync writes the file through to the disk.
func (t *Target) Sync() error { return t.file.Sync() }

// warn names the risks of the backup's directory.
func (t *Target) warn() {
	if t.shared != "" {
		t.o.Warn(finding.Warn("backup-shared", "other users can write in %s. They can remove this backup or put another file in its place. "+
			"They cannot read it. Choose a directory where only root can write", t.shared))
	}
	if !t.file.private() && !t.o.Sealed {
		t.o.Warn(finding.Warn("backup-not-private", "the file system of %s does not keep the backup private. Whoever can read it has every secret of this instance. "+
			"Encrypt backups there with --recipient or --passphrase-file", filepath.Dir(t.Name)))
	}
}

// Archives returns the directory that backups go to by default, beside the
// instance's: it must outlive that.
func Archives(d instance.Dir) string { return string(d) + "-backups" }

// Newest returns the newest whole backup there; "" when there is none.
func Newest(d instance.Dir) string {
	entries, _ := os.ReadDir(Archives(d))
	newest, at := "", time.Time{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), archiveEnding) && !strings.HasSuffix(e.Name(), sealedEnding) {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(at) {
			newest, at = filepath.Join(Archives(d), e.Name()), info.ModTime()
		}
	}
	return newest
}

func (t *Target) choose(to string) error {
	info, err := os.Stat(to)
	ending := archiveEnding
	if t.o.Sealed {
		ending = sealedEnding
	}
	switch {
	case to == "":
		t.dir = Archives(t.o.Instance)
	case err == nil && info.IsDir() || strings.HasSuffix(to, "/") || err != nil && !where.IsFile(to):
		t.dir = to
	default:
		if t.o.Keep > 0 {
			return finding.Named(finding.Usage, "flags-conflict", "--keep needs a directory, and --to names a file")
		}
		t.Name = to
	}
	if t.Name == "" {
		t.Name = Unused(t.dir, names(t.o.Instance), time.Now(), ending)
	}
	if t.Name, err = filepath.Abs(t.Name); err != nil {
		return err
	}
	if _, err := os.Lstat(t.Name); err == nil {
		return finding.Named(finding.Usage, "backup-exists", "%s exists already, and openalgo-install never overwrites a backup. Choose another file", t.Name)
	}
	if t.inside() {
		return finding.Named(finding.Usage, "backup-inside", "%s is inside the data of this instance. Choose another place with --to, best on another disk", t.Name)
	}
	if err := t.directory(filepath.Dir(t.Name)); err != nil {
		return err
	}
	t.shared = othersMayWrite(filepath.Dir(t.Name))
	if t.dir != "" { // what a killed run left; only one at a time writes them
		entries, _ := os.ReadDir(t.dir)
		for _, e := range entries {
			if isPartial(t.o.Instance, e.Name()) {
				_ = os.RemoveAll(filepath.Join(t.dir, e.Name()))
			}
		}
	}
	return nil
}

// directory sees that the backup's directory is there, and on the disk that is meant.
func (t *Target) directory(dir string) error {
	var before *where.Place
	if last := LoadLast(t.o.Instance); last != nil {
		before = last.Place
	}
	if err := where.Check(dir, before); err != nil || t.dir == "" {
		return err
	}
	made, err := where.Make(dir)
	if t.made = made; made && dir != Archives(t.o.Instance) {
		t.o.Note("created the directory " + dir)
	}
	return err
}

func (t *Target) inside() bool {
	return slices.ContainsFunc(t.o.Trees, func(tree Tree) bool { return strings.HasPrefix(t.Name, tree.Path+"/") })
}

func project(d instance.Dir) string {
	if s, err := d.LoadState(); err == nil && s.Project != "" {
		return s.Project
	}
	return compose.ProjectName(string(d))
}

// Total is what the data of some trees takes.
func Total(trees []Tree) (bytes int64) {
	for _, tree := range trees {
		bytes += tree.Bytes
	}
	return bytes
}

// room checks that as much is free as the data takes: how far it can be packed is not
// known before.
func (t *Target) room() error {
	bytes := Total(t.o.Trees)
	// Once more, to check them.
	databases := databaseBytes(t.o.Trees)
	if t.checkDir() == filepath.Dir(t.Name) {
		bytes += databases
	} else if disk, err := host.Disk(string(t.o.Instance)); err == nil && disk.FreeMiB < int(databases>>20)+spareMiB {
		return finding.Named(finding.HostNotReady, "disk-full", "to check the databases, %s needs %s and has %s free. Free some space, or choose another directory with --to. Nothing was stopped.",
			string(t.o.Instance), printable.Size(databases), printable.MiB(disk.FreeMiB))
	}
	disk, err := host.Disk(filepath.Dir(t.Name))
	if err != nil {
		return finding.Named(finding.HostNotReady, "disk-unreadable", "looking at the disk of %s: %w", t.Name, err)
	}
	if need := int(bytes>>20) + spareMiB; disk.FreeMiB < need {
		return finding.Named(finding.HostNotReady, "disk-full", "the backup needs up to %s, and %s has %s free. Free some space, or choose a directory on another disk with --to. Nothing was stopped",
			printable.Size(bytes), filepath.Dir(t.Name), printable.MiB(disk.FreeMiB))
	}
	return nil
}

// Scratch makes a directory for a copy of the data, where there is room for that
// beside the backup. It is on the instance's own disk, if possible.
func (t *Target) Scratch() (dir string, err error) {
	places := []string{t.o.Instance.Work("")}
	if !t.IsStream() && t.shared == "" {
		places = append(places, filepath.Dir(t.Name))
	}
	var bytes int64
	for _, one := range t.o.Trees {
		bytes += one.Bytes
	}
	bytes += bytes / 8 // it may grow meanwhile
	for _, place := range places {
		need := int(bytes>>20) + spareMiB
		if !t.IsStream() && tree.SameDisk(place, filepath.Dir(t.Name)) {
			need *= 2
		}
		disk, failed := host.Disk(place)
		if failed == nil && disk.FreeMiB < need {
			failed = fmt.Errorf("%s has %s free, and a copy of the data beside the backup needs %s", place, printable.MiB(disk.FreeMiB), printable.MiB(need))
		}
		if failed == nil {
			return os.MkdirTemp(place, checkPrefix(t.o.Instance))
		}
		err = errors.Join(err, failed)
	}
	return "", err
}

// checkDir is where copies of the databases are checked: beside the backup, as
// there is room, but never where others could put a link in their way.
func (t *Target) checkDir() string {
	if t.shared != "" {
		return t.o.Instance.Work("")
	}
	return filepath.Dir(t.Name)
}

// Finish makes the whole archive the backup.
func (t *Target) Finish() error {
	if t.file == nil {
		return nil
	}
	err := t.file.keep()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another program created %s in the meantime, and openalgo-install never overwrites a backup. Run the same command again", t.Name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", t.Name, err)
	}
	return nil
}

// Discard ends the work with the file, and removes it unless it is finished.
func (t *Target) Discard() {
	t.file.discard()
	_ = instance.Own(t.o.Instance).Remove(unfinishedName)
}

// databaseBytes is what files have that may be SQLite's.
func databaseBytes(trees []Tree) (sum int64) {
	for _, t := range trees {
		_ = filepath.WalkDir(t.Path, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && strings.Contains(entry.Name(), ".db") {
				if info, err := entry.Info(); err == nil {
					sum += info.Size()
				}
			}
			return nil
		})
	}
	return sum
}

// Prune removes all but the newest backups of this instance in a directory,
// and never the one that was just written.
func (t *Target) Prune() error {
	keep := t.o.Keep
	if t.dir == "" || keep <= 0 {
		return nil
	}
	entries, err := t.file.beside()
	if err != nil {
		return err
	}
	var own []string
	for _, e := range entries {
		if e.Type().IsRegular() && IsOwn(t.o.Instance, e.Name()) {
			own = append(own, e.Name())
		}
	}
	slices.Sort(own) // by their time
	for _, name := range own[:max(0, len(own)-keep)] {
		if name == filepath.Base(t.Name) {
			continue // the clock was set back
		}
		if err := t.file.removeBeside(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an old backup: %w", err)
		}
		t.o.Note("removed the older backup " + filepath.Join(t.dir, name) + ": --keep")
	}
	return nil
}
