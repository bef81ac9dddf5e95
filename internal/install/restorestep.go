package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// replaceData keeps a copy of the data that is here, and puts that of the
// backup in its place. The journal says so before, so that an undo brings the
// copies back.
func (r *run) replaceData(ctx context.Context) error {
	trees, err := r.dataTrees(ctx)
	if err != nil {
		return err
	}
	for _, dir := range trees {
		if err := emptyDirectory(dir); err != nil {
			return fmt.Errorf("clearing %s: %w", dir, err)
		}
	}
	failpoint("restore-cleared")
	if err := r.plan.intent.Backup.fill(ctx, trees); err != nil {
		return fmt.Errorf("unpacking the backup: %w", err)
	}
	failpoint("restore-unpacked")
	return nil
}

// keepReplaced copies the data that is here, and says in the journal that from
// now on it is to be brought back.
func (r *run) keepReplaced(ctx context.Context) error {
	trees, err := r.dataTrees(ctx)
	if err != nil {
		return err
	}
	base := r.in.work.path(replacedName)
	if r.journal.Replaced == nil { // else the step is repeated
		if err := removeWhole(base); err != nil {
			return fmt.Errorf("removing what the last restore kept: %w", err)
		}
	}
	if err := r.in.roomFor(r.plan.intent.Backup, trees, base); err != nil {
		return err
	}
	r.journal.Replaced = nil
	if err := os.MkdirAll(base, 0o700); err != nil {
		return fmt.Errorf("making %s: %w", base, err)
	}
	for name, dir := range trees {
		copied := snapshot{Data: dir, Copy: filepath.Join(base, name)}
		if err := copyTree(ctx, dir, copied.Copy); err != nil {
			return fmt.Errorf("keeping a copy of %s: %w", dir, err)
		}
		copied.Whole = true
		r.in.work.prepareAside(r.journal, &copied)
		r.journal.Replaced = append(r.journal.Replaced, copied)
		failpoint("replaced-" + name)
	}
	if err := r.keepReplacedFiles(ctx, base, trees); err != nil {
		return err
	}
	r.journal.Starting = true
	return r.journal.save()
}

// keepReplacedFiles puts the former .env beside its data, which is worth
// nothing without.
func (r *run) keepReplacedFiles(ctx context.Context, base string, trees map[string]string) error {
	if r.old != nil {
		return r.in.describeCopy(ctx, base, *r.old, trees)
	}
	env := r.journal.file(envName) // replaced already
	if env == nil || env.Backup == "" {
		return nil
	}
	if err := copyFile(env.Backup, filepath.Join(base, envName)); err != nil {
		return fmt.Errorf("keeping a copy of .env: %w", err)
	}
	return nil
}

// dataTrees is where the new container has each tree of the backup.
func (r *run) dataTrees(ctx context.Context) (map[string]string, error) {
	c, err := r.in.Engine.Container(ctx, r.journal.NewID)
	if err != nil {
		return nil, fmt.Errorf("looking at the new container: %w", err)
	}
	out := map[string]string{}
	for _, t := range r.plan.intent.Backup.manifest.Trees {
		path, _, err := r.in.dataPath(ctx, c, openalgo.Tree(t.Name))
		if err != nil {
			return nil, err
		}
		if path == "" {
			return nil, notMounted(t.Name)
		}
		out[t.Name] = path
	}
	return out, nil
}

func notMounted(tree string) error {
	return finding.Errorf(finding.HostNotReady, "the container mounts nothing at /app/%s, and the backup has data for it. Add the volume to docker-compose.yaml again first", tree)
}

// roomToRestore is roomFor before anything is stopped; a check that is not
// possible then comes later.
func (in *Installer) roomToRestore(ctx context.Context, o *observed, r *restoring) error {
	c := o.container()
	if c == nil {
		disk, err := host.Disk(in.Engine.Info().RootDir)
		if need := int(r.bytes>>20) + minDirMiB; err == nil && disk.FreeMiB < need {
			return finding.Errorf(finding.HostNotReady, "the backup holds %d MiB, and %s has %d MiB free: make room first", r.bytes>>20, disk.Path, disk.FreeMiB)
		}
		return nil
	}
	trees := map[string]string{}
	for _, t := range r.manifest.Trees {
		if path, _, err := in.dataPath(ctx, *c, openalgo.Tree(t.Name)); err == nil && path != "" {
			trees[t.Name] = path
		}
	}
	if len(trees) == 0 {
		return nil
	}
	return in.roomFor(r, trees, in.work.path(replacedName))
}

// roomFor wants what is kept and what is unpacked to fit, before anything is
// taken away. What the last restore kept in base makes room.
func (in *Installer) roomFor(r *restoring, trees map[string]string, base string) error {
	var present int64
	var at string
	for _, dir := range trees {
		bytes, err := treeBytes(dir)
		if err != nil {
			return fmt.Errorf("looking at %s: %w", dir, err)
		}
		present += bytes
		at = dir
	}
	last, _ := treeBytes(base)
	archived := r.bytes
	own, err1 := host.Disk(filepath.Dir(base))
	data, err2 := host.Disk(at)
	if err := errors.Join(err1, err2); err != nil {
		return nil //nolint:nilerr // where it can't be told, the copy itself will
	}
	if need := int(present>>20) + minDirMiB; own.FreeMiB+int(last>>20) < need {
		return finding.Errorf(finding.HostNotReady, "%d MiB of data are kept before they are replaced, and %s has %d MiB free: make room first", present>>20, filepath.Dir(base), own.FreeMiB)
	}
	if need := int(archived>>20) + minDirMiB; data.FreeMiB+int(present>>20) < need {
		return finding.Errorf(finding.HostNotReady, "the backup holds %d MiB, and %s has %d MiB free: make room first", archived>>20, at, data.FreeMiB)
	}
	return nil
}

// emptyDirectory removes what is in a directory, but not what an undo kept there.
func emptyDirectory(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isAside(e) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
