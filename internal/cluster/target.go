package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/backup/where"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// target is the file that a backup becomes, or a stream.
type target struct {
	name  string // "" for a stream
	dir   string // where it is one of several; "" where the file is named
	whose string // how the names of this instance's backups begin
	keep  int
	out   *backup.Fresh
	b     *Backup
	bytes int64
}

// openTarget creates the file, readable by its owner alone.
func openTarget(b *Backup) (*target, error) {
	t := &target{b: b, keep: b.o.Keep}
	if b.o.To == "-" {
		return t, nil
	}
	// Two clusters may have the same namespace: the object's own ID tells them apart.
	sum := sha256.Sum256([]byte("backup of " + b.world.set.Meta.UID))
	t.whose = fmt.Sprintf("%s-%x", b.in.Kubectl.Namespace, sum[:3])
	if err := t.choose(b.o.To); err != nil {
		return nil, err
	}
	var err error
	if t.out, err = backup.MakeFresh(t.name); err != nil {
		return nil, finding.Named(finding.HostNotReady, "backup-unwritable", "making the backup: %w", err)
	}
	return t, nil
}

func (t *target) choose(to string) error {
	ending := ".tar.zst"
	if !t.b.o.Seal.None() {
		ending += ".age"
	}
	info, err := os.Stat(to)
	switch {
	case to == "":
		t.dir = t.b.in.Kubectl.Namespace + "-backups"
	case err == nil && info.IsDir() || strings.HasSuffix(to, "/") || err != nil && !where.IsFile(to):
		t.dir = to
	default:
		if t.name = to; t.keep > 0 {
			return finding.Named(finding.Usage, "flags-conflict", "--keep needs a directory, and --to names a file")
		}
	}
	if t.dir != "" {
		t.name = backup.Unused(t.dir, t.whose+"-", t.b.o.Now(), ending)
	}
	if t.name, err = filepath.Abs(t.name); err != nil {
		return err
	}
	if _, err := os.Lstat(t.name); err == nil {
		return finding.Named(finding.Usage, "backup-exists", "%s exists already, and openalgo-install never overwrites a backup. Choose another file", t.name)
	}
	if err := where.Check(filepath.Dir(t.name), nil); err != nil || t.dir == "" {
		return err
	}
	_, err = where.Make(filepath.Dir(t.name))
	return err
}

func (t *target) Write(p []byte) (n int, err error) {
	if t.out == nil {
		n, err = t.b.o.Out.Write(p)
	} else {
		n, err = t.out.Write(p)
	}
	t.bytes += int64(n)
	return n, err
}

// room checks that as much is free as the data takes: how far it can be packed is not
// known before.
func (t *target) room(held map[string]int64, trees []string) error {
	if t.out == nil {
		return nil
	}
	var bytes int64
	for _, tree := range trees {
		bytes += held[tree]
	}
	disk, err := host.Disk(filepath.Dir(t.name))
	if err == nil && disk.FreeMiB < int(bytes>>20)+1 {
		return finding.Named(finding.HostNotReady, "disk-full", "the backup needs up to %s, and %s has %s free. Choose a directory on another disk with --to",
			printable.Size(bytes), filepath.Dir(t.name), printable.MiB(disk.FreeMiB))
	}
	return nil
}

// finish reads the archive back, gives it its name, and removes older ones.
func (b *Backup) finish(ctx context.Context) (string, error) {
	t := b.target
	if t.out == nil {
		return fmt.Sprintf("wrote the backup (%s)", backup.SizeText(t.bytes)), b.whole()
	}
	end := event.Begin(b.in.Report, "read-back", "read the backup back and compare its checksums")
	a, err := t.out.Open(ctx, b.key)
	if err == nil {
		err = a.Check()
	}
	end(err)
	if ctx.Err() != nil {
		return "", finding.Named(finding.Cancelled, "cancelled", "cancelled. No backup was made, and OpenAlgo runs as before")
	}
	if err != nil {
		return "", finding.Named(finding.Failed, "backup-unreadable", "the backup cannot be read back: %w. It was removed. OpenAlgo is running", err)
	}
	if err := t.out.Keep(); err != nil {
		return "", finding.Named(finding.Failed, "backup-unwritable", "writing %s: %w", t.name, err)
	}
	if err := b.whole(); err != nil {
		return "", err
	}
	if err := t.prune(); err != nil {
		return "", finding.Named(finding.Failed, "backup-not-tidied", "wrote and checked %s, but %w", t.name, err)
	}
	return fmt.Sprintf("wrote and checked %s (%s)", t.name, backup.SizeText(t.bytes)), nil
}

// whole refuses to call a backup good whose databases SQLite found damaged.
func (b *Backup) whole() error {
	if len(b.damaged) == 0 {
		return nil
	}
	name := b.target.name
	if name == "" {
		name = "the backup"
	}
	return finding.Named(finding.Failed, "data-damaged", "wrote %s, but OpenAlgo's own data is damaged:\n  - %s\n"+
		"Keep your older backups. None of them was removed", name, strings.Join(b.damaged, "\n  - "))
}

func (t *target) prune() error {
	if t.dir == "" || t.keep <= 0 {
		return nil
	}
	entries, err := os.ReadDir(filepath.Dir(t.name))
	if err != nil {
		return err
	}
	var own []string
	for _, e := range entries {
		if e.Type().IsRegular() && backup.Whose(e.Name()) == t.whose {
			own = append(own, e.Name())
		}
	}
	slices.Sort(own) // by their time
	for _, name := range own[:max(0, len(own)-t.keep)] {
		if name == filepath.Base(t.name) {
			continue // the clock was set back
		}
		if err := os.Remove(filepath.Join(filepath.Dir(t.name), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an old backup: %w", err)
		}
		event.Note(t.b.in.Report, "removed the older backup "+name+": --keep")
	}
	return nil
}

func (t *target) discard() {
	if t.out != nil {
		t.out.Discard()
	}
}
