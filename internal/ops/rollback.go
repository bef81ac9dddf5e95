package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
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
	if err := plan.MayCopy(o, "a roll back"); err != nil {
		return none, err
	}
	if _, err := saved(o, plan.CommandRollback); err != nil {
		return none, err
	}
	c, err := plan.Present(o)
	if err != nil {
		return none, err
	}
	k := o.Kept
	was := k.Manifest.Image
	switch {
	case errors.Is(k.Err, fs.ErrNotExist) || k.Err == nil && was.ID == c.ImageID: // an upgrade that was undone left it
		return none, finding.Named(finding.HostNotReady, "copy-missing", "there is nothing to go back to: no upgrade was made, or its copy in %s is gone", o.Dir.Work(instance.Snapshot)).
			With(finding.Run("Change to another release", "upgrade", "--to", "TAG"), finding.Run("Restore a backup", "restore", "FILE"))
	case k.Err != nil:
		return none, k.Err
	}
	r := &plan.Restoring{Manifest: k.Manifest, Files: k.Files, Bytes: k.Bytes, Same: true, Exact: true, Fill: fillFrom(o.Dir.Work(instance.Snapshot))}
	if err := r.Read(); err != nil {
		return none, err
	}
	r.State.FernetSalt = k.Salt
	a, _, err := fitted(r, o)
	if err != nil {
		return none, err
	}
	if k.Image.Ref == "" {
		return none, finding.Named(finding.HostNotReady, "image-missing", "the previous image, %s, is neither on this machine nor in a registry", was.Ref).
			With(finding.Run("Change to another release", "upgrade", "--to", "TAG")).Ending(finding.Unchanged)
	}
	a.Image.Ref = k.Image.Ref
	keep := &plan.Kept{Ref: a.Image.Ref, OwnHealth: strings.Contains(string(r.Files[compose.FileName]), openalgo.Start)}
	if k.Image.Untagged {
		keep.TagOf = was.ID
	}
	return plan.Intent{Command: plan.CommandRollback, Answers: a, Files: plan.OfBackup, Data: plan.Replace, Backup: r, Image: plan.ImageRule{Keep: keep, Moves: true}}, nil
}

// fillFrom copies the data that was kept.
func fillFrom(base string) func(context.Context, map[string]string) error {
	return func(ctx context.Context, trees map[string]string) error {
		for name, dir := range trees {
			if err := tree.Copy(ctx, filepath.Join(base, name), dir); err != nil {
				return err
			}
		}
		return nil
	}
}

// describeCopy puts the instance's files, and at last what they are of, beside
// a copy of its data.
func (in *Session) describeCopy(ctx context.Context, base string, c engine.Container, trees map[string]string) error {
	for _, name := range world.InstanceFiles() {
		text, err := in.fileOf(ctx, name)
		if err == nil && text != nil {
			err = host.WriteFile(filepath.Join(base, filepath.Base(name)), text, 0o600, "")
		}
		if err != nil {
			return fmt.Errorf("keeping a copy of %s: %w", name, err)
		}
	}
	var list []backup.Tree
	for name, dir := range trees {
		bytes, err := tree.Bytes(filepath.Join(base, name))
		if err != nil {
			return err
		}
		list = append(list, backup.Tree{Name: name, Source: dir, Bytes: bytes})
	}
	m, err := in.manifest(ctx, c, list)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = host.WriteFile(filepath.Join(base, world.CopyManifest), text, 0o600, "")
	}
	if err != nil {
		return fmt.Errorf("describing the copy: %w", err)
	}
	return nil
}
