package install

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// Endings of files: a backup, one that is encrypted, and one that is not
// finished.
const (
	archiveEnding = ".tar.zst"
	sealedEnding  = ".tar.zst.age"
	partialEnding = ".partial"
)

// target is the file that a backup becomes.
type target struct {
	dir   string     // where it is one of several; "" where the file is named
	name  string     // the file, once it is whole; "" for a stream
	out   io.Writer  // what is written
	file  *freshFile // nil for a stream
	bytes int64
	// shared is the directory, or one above it, where other users may write.
	shared string
}

// countingWriter counts what was written.
type countingWriter struct {
	io.Writer
	n *int64
}

func (c countingWriter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	*c.n += int64(n)
	return n, err
}

// open makes the file, readable by its owner alone, where there is room.
func (t *target) open(b *backing) error {
	to := b.options.To
	if to == "-" {
		t.out = countingWriter{b.options.Out, &t.bytes}
		return nil
	}
	if err := t.choose(b, to); err != nil {
		return err
	}
	if err := t.room(b); err != nil {
		return err
	}
	err := noteBackup(b.in.dir, t.name)
	if err == nil {
		t.file, err = makeFresh(t.name)
	}
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "making the backup: %w", err)
	}
	t.warn(b)
	t.out = countingWriter{t.file, &t.bytes}
	return nil
}

// warn names the risks of the backup's directory.
func (t *target) warn(b *backing) {
	if t.shared != "" {
		b.in.warn(fmt.Sprintf("other users can write in %s. They can remove this backup or put another file in its place. "+
			"They cannot read it. Choose a directory where only root can write", t.shared))
	}
	if !t.file.private() && b.options.Seal.None() {
		b.in.warn(fmt.Sprintf("the file system of %s does not keep the backup private. Whoever can read it has every secret of this instance. "+
			"Encrypt backups there with --recipient or --passphrase-file", filepath.Dir(t.name)))
	}
}

// archivesSuffix ends the name of the directory that backups go to, beside the
// instance's: it must outlive that.
const archivesSuffix = "-backups"

func (t *target) choose(b *backing, to string) error {
	info, err := os.Stat(to)
	ending := archiveEnding
	if !b.options.Seal.None() {
		ending = sealedEnding
	}
	switch {
	case to == "":
		t.dir = string(b.in.dir) + archivesSuffix
	case err == nil && info.IsDir() || strings.HasSuffix(to, "/"):
		t.dir = to
	default:
		if b.options.Keep > 0 {
			return finding.Errorf(finding.Usage, "--keep counts the backups in a directory, and --to names a file: name a directory")
		}
		t.name = to
	}
	if t.name == "" {
		if err := os.MkdirAll(t.dir, 0o700); err != nil {
			return finding.Errorf(finding.HostNotReady, "making the directory for backups: %w", err)
		}
		t.name = filepath.Join(t.dir, b.names()+time.Now().UTC().Format(stampForm)+ending)
	}
	if t.name, err = filepath.Abs(t.name); err != nil {
		return err
	}
	if _, err := os.Lstat(t.name); err == nil {
		return finding.Errorf(finding.Usage, "%s exists, and no backup is ever overwritten: name another file", t.name)
	}
	if t.inside(b) {
		return finding.Errorf(finding.Usage, "%s is inside what is backed up: name another place with --to, best on another disk", t.name)
	}
	t.shared = othersMayWrite(filepath.Dir(t.name))
	if t.dir != "" { // what a killed run left; only one at a time writes them
		entries, _ := os.ReadDir(t.dir)
		for _, e := range entries {
			if b.isPartial(e.Name()) {
				_ = os.RemoveAll(filepath.Join(t.dir, e.Name()))
			}
		}
	}
	return nil
}

func (t *target) inside(b *backing) bool {
	return slices.ContainsFunc(b.trees, func(tree backup.Tree) bool { return strings.HasPrefix(t.name, tree.Path+"/") })
}

func (b *backing) project() string {
	if s, err := b.in.dir.LoadState(); err == nil && s.Project != "" {
		return s.Project
	}
	return compose.ProjectName(string(b.in.dir))
}

// room wants as much free as the data takes: how far it can be packed is not
// known before.
func (t *target) room(b *backing) error {
	var bytes int64
	for _, tree := range b.trees {
		bytes += tree.Bytes
	}
	// Once more, to check them.
	databases := databaseBytes(b.trees)
	if t.checkDir(b) == filepath.Dir(t.name) {
		bytes += databases
	} else if disk, err := host.Disk(string(b.in.dir)); err == nil && disk.FreeMiB < int(databases>>20)+minDirMiB {
		return finding.Errorf(finding.HostNotReady, "the databases take %d MiB, and %s has %d MiB free to check them: make room, or name another directory with --to. Nothing was stopped.",
			databases>>20, string(b.in.dir), disk.FreeMiB)
	}
	disk, err := host.Disk(filepath.Dir(t.name))
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "looking at the disk of %s: %w", t.name, err)
	}
	if need := int(bytes>>20) + minDirMiB; disk.FreeMiB < need {
		return finding.Errorf(finding.HostNotReady, "the data takes %d MiB, and %s has %d MiB free for its backup: make room, or name another disk with --to. Nothing was stopped",
			bytes>>20, filepath.Dir(t.name), disk.FreeMiB)
	}
	return nil
}

// checkDir is where copies of the databases are checked: beside the backup, as
// there is room, but never where others could put a link in their way.
func (t *target) checkDir(b *backing) string {
	if t.shared != "" {
		return b.in.dir.Work("")
	}
	return filepath.Dir(t.name)
}

// leftChecks are directories that a killed check left.
func (in *Installer) leftChecks() []string {
	left, _ := filepath.Glob(in.dir.Work(".*check-*")) // the pattern is right
	return left
}

// keep makes the whole archive the backup.
func (t *target) keep() error {
	if t.file == nil {
		return nil
	}
	err := t.file.keep()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists by now, and no backup is ever overwritten. Run the same command again", t.name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", t.name, err)
	}
	return nil
}

// discard removes an unfinished archive.
func (t *target) discard() { t.file.discard() }

// databaseBytes is what files have that may be SQLite's.
func databaseBytes(trees []backup.Tree) (sum int64) {
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

// prune removes all but the newest backups of this instance in a directory,
// and never the one that was just written.
func (t *target) prune(b *backing, keep int) error {
	if t.dir == "" || keep <= 0 {
		return nil
	}
	entries, err := t.file.beside()
	if err != nil {
		return err
	}
	var own []string
	for _, e := range entries {
		if e.Type().IsRegular() && b.isOwn(e.Name()) {
			own = append(own, e.Name())
		}
	}
	slices.Sort(own) // by their time
	for _, name := range own[:max(0, len(own)-keep)] {
		if name == filepath.Base(t.name) {
			continue // the clock was set back
		}
		if err := t.file.removeBeside(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an old backup: %w", err)
		}
		b.in.note("removed the older backup " + filepath.Join(t.dir, name) + ": --keep")
	}
	return nil
}

// stampForm is the time in a name, in UTC.
const stampForm = "20060102T150405Z"

// names begins the names of this instance's backups. The same project on
// another host, or installed anew, has another: several may share a directory.
func (b *backing) names() string {
	s, _ := b.in.dir.LoadState() // without one: no backup is made
	return b.project() + "-" + sha256Hex([]byte("backup of " + s.Salt))[:6] + "-"
}

// isOwn recognises the names that Backup gives for this instance, and no other.
func (b *backing) isOwn(name string) bool {
	rest, ok := strings.CutPrefix(name, b.names())
	if !ok || len(rest) < len(stampForm) {
		return false
	}
	stamp, ending := rest[:len(stampForm)], rest[len(stampForm):]
	_, err := time.Parse(stampForm, stamp)
	return err == nil && (ending == archiveEnding || ending == sealedEnding)
}

// isPartial recognises what a killed backup of this instance left.
func (b *backing) isPartial(name string) bool {
	whole, ok := strings.CutSuffix(name, partialEnding)
	if end := strings.LastIndexByte(whole, '.'); ok && end > 0 && len(whole)-end == len(".0123456789abcdef") {
		whole = whole[:end] // the mark that makes the name one that nobody can guess
	}
	return ok && b.isOwn(whole) || strings.HasPrefix(name, b.checkPrefix())
}
