package ops

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Rollback goes back to what ran before the last upgrade: its image, its .env
// and its databases, which alone fit each other. What runs now is kept in
// their stead, so that a second Rollback goes forward again.
func Rollback() Command {
	return Command{Name: plan.CommandRollback, look: lookBack, settle: true, Wish: rolledBack}
}

// lookBack looks at what the last upgrade kept, too.
func lookBack(ctx context.Context, l *world.Looker) (*world.Observation, error) {
	o, err := l.Look(ctx, false)
	if err == nil {
		world.LookAtKept(ctx, l, o)
	}
	return o, err
}

// rolledBack is the wish for what was in force before the last upgrade.
func rolledBack(o *world.Observation) (plan.Intent, error) {
	none := plan.Intent{Command: plan.CommandRollback}
	if err := guard.MayCopy(o, "a roll back"); err != nil {
		return none, err
	}
	if _, err := installed.Intent(o, plan.CommandRollback); err != nil {
		return none, err
	}
	c, err := guard.Present(o)
	if err != nil {
		return none, err
	}
	k := o.Kept
	was := k.Manifest.Image
	switch {
	case errors.Is(k.Err, fs.ErrNotExist) || k.Err == nil && was.ID == c.ImageID: // an upgrade that was undone left it
		return none, finding.Named(finding.HostNotReady, "copy-missing", "no rollback is possible: there was no upgrade, or its copy in %s is gone", o.Dir.Work(instance.Snapshot)).
			With(finding.Run("Change to another release", "upgrade", "--to", "TAG"), finding.Run("Restore a backup", "restore", "FILE"))
	case k.Err != nil:
		return none, k.Err
	}
	r := &plan.Restoring{Manifest: k.Manifest, Files: k.Files, Bytes: k.Bytes, Same: true, Exact: true, Data: kept(o.Dir.Work(instance.Snapshot))}
	if err := r.Read(); err != nil {
		return none, err
	}
	r.State.FernetSalt = k.Salt
	a, _, err := fitted(r, o)
	if err != nil {
		return none, err
	}
	if k.Image.Ref == "" {
		return none, finding.Named(finding.HostNotReady, "image-missing", "the previous image, %s, is not on this machine, and no registry has it", was.Ref).
			With(finding.Run("Change to another release", "upgrade", "--to", "TAG")).Ending(finding.Unchanged)
	}
	if a.Image.Source == "registry" { // elsewhere it is no image's name
		a.Image.Ref = k.Image.Ref
	}
	keep := &plan.Kept{Ref: k.Image.Ref, OwnHealth: compose.HasOwnHealth(r.Files[compose.FileName])}
	if k.Image.Untagged {
		keep.TagOf = was.ID
	}
	return plan.Intent{Command: plan.CommandRollback, Answers: a, Files: plan.OfBackup, Data: plan.Replace, Backup: r, Image: plan.ImageRule{Keep: keep, Moves: true}}, nil
}

// kept is data that was copied into a directory.
type kept string

// Extract copies it back.
func (k kept) Extract(ctx context.Context, trees map[string]string) error {
	for name, dir := range trees {
		if err := tree.Copy(ctx, filepath.Join(string(k), name), dir); err != nil {
			return err
		}
	}
	return nil
}
