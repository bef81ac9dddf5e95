package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
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
	base := r.in.dir.Work(replacedName)
	if r.journal.Replaced == nil { // else the step is repeated
		if err := removeWhole(base); err != nil {
			return fmt.Errorf("removing what the last restore kept: %w", err)
		}
	}
	if err := roomFor(trees, base).fits(r.plan.intent.Backup.bytes); err != nil {
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
		prepareAside(r.in.dir, r.journal, &copied)
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
	env := r.journal.file(instance.EnvName) // replaced already
	if env == nil || env.Backup == "" {
		return nil
	}
	if err := host.CopyFile(env.Backup, filepath.Join(base, instance.EnvName)); err != nil {
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
