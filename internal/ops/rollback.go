package ops

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// copyManifest is the last file of a copy: without it there is none.
const copyManifest = "manifest.json"

// Rollback goes back to what ran before the last upgrade: its image, its .env
// and its databases, which alone fit each other. What runs now is kept in
// their stead, so that a second Rollback goes forward again.
func (in *Session) Rollback(ctx context.Context) (event.Result, error) {
	return in.carryOut(ctx, plan.CommandRollback, in.former)
}

// PlanRollback works out what Rollback would do, and changes nothing.
func (in *Session) PlanRollback(ctx context.Context) (*plan.Plan, error) {
	return in.dryRun(ctx, plan.CommandRollback, in.former)
}

// former is the wish for what was in force before the last upgrade.
func (in *Session) former(ctx context.Context) (plan.Intent, error) {
	none := plan.Intent{Command: plan.CommandRollback}
	if err := plan.MayCopy(in.see().OnHost(), "a roll back"); err != nil {
		return none, err
	}
	if _, err := in.saved(ctx, plan.CommandRollback); err != nil {
		return none, err
	}
	c, err := in.find(ctx)
	if err != nil {
		return none, err
	}
	r, err := in.readCopy(in.dir.Work(instance.Snapshot))
	if err == nil && r.Manifest.Image.ID == c.ImageID {
		err = os.ErrNotExist // an upgrade that was undone left it
	}
	if errors.Is(err, os.ErrNotExist) {
		return none, finding.Errorf(finding.HostNotReady, "there is nothing to go back to: no upgrade was made, or its copy in %s is gone. `openalgo-install upgrade --to TAG` takes another release, "+
			"`openalgo-install restore FILE` a backup", in.dir.Work(instance.Snapshot))
	}
	if err != nil {
		return none, err
	}
	before, err := in.observe(ctx)
	if err != nil {
		return none, err
	}
	a, err := in.fitted(r, before)
	if err != nil {
		return none, err
	}
	if a.Image.Ref, err = in.refOf(ctx, r.Manifest.Image); err != nil {
		return none, err
	}
	r.Same, r.Exact = true, true
	r.State.FernetSalt = in.saltOf(ctx, r, r.Env)
	keep := &plan.Kept{Ref: a.Image.Ref, OwnHealth: strings.Contains(string(r.Files[compose.FileName]), openalgo.Start)}
	return plan.Intent{Command: plan.CommandRollback, Answers: a, Files: plan.OfBackup, Data: plan.Replace, Backup: r, Image: plan.ImageRule{Keep: keep, Moves: true}}, nil
}

// refOf names an image so that Docker Compose, too, gets this one: by its tag
// while that stands for it, else by its digest.
func (in *Session) refOf(ctx context.Context, was backup.Image) (string, error) {
	if now, err := in.Engine.Image(ctx, was.Ref); err == nil && now.ID == was.ID {
		return was.Ref, nil
	}
	repository := plan.RepositoryOf(was.Ref)
	here, err := in.Engine.Image(ctx, was.ID)
	if err != nil && was.Digest == "" {
		return "", finding.Errorf(finding.HostNotReady, "the previous image, %s, is neither on this machine nor in a registry\n\nTo change to another release:\n\n    sudo openalgo-install upgrade --to TAG\n\nNothing was changed.", was.Ref)
	}
	digest := cmp.Or(was.Digest, here.DigestIn(was.Ref))
	if byDigest, err2 := in.Engine.Image(ctx, repository+"@"+digest); digest != "" && (err != nil || err2 == nil && byDigest.ID == was.ID) {
		return repository + "@" + digest, nil
	}
	// It is here, but no registry's digest names it.
	project := in.projectOf()
	in.keepImageTag(ctx, project, was.Ref, was.ID)
	own := repository + ":" + image.OwnTag(project, was.ID)
	if now, err := in.Engine.Image(ctx, own); err == nil && now.ID == was.ID {
		return own, nil
	}
	return "", finding.Errorf(finding.HostNotReady, "the previous image, %s, has no name by which Docker Compose can find it\n\nGive it one, then roll back:\n\n"+
		"    docker tag %s %s\n\nNothing was changed.", was.Ref, was.ID, own)
}

// describeCopy puts the instance's files, and at last what they are of, beside
// a copy of its data.
func (in *Session) describeCopy(ctx context.Context, base string, c engine.Container, trees map[string]string) error {
	for _, name := range instanceFiles() {
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
		err = host.WriteFile(filepath.Join(base, copyManifest), text, 0o600, "")
	}
	if err != nil {
		return fmt.Errorf("describing the copy: %w", err)
	}
	return nil
}

// readCopy reads what describeCopy wrote.
func (in *Session) readCopy(base string) (*plan.Restoring, error) {
	text, err := instance.ReadOwn(filepath.Join(base, copyManifest))
	if err != nil {
		return nil, err
	}
	r := &plan.Restoring{Files: map[string][]byte{}}
	if err := json.Unmarshal(text, &r.Manifest); err != nil {
		return nil, finding.Errorf(finding.HostNotReady, "%s is damaged: %w", filepath.Join(base, copyManifest), err)
	}
	for _, name := range instanceFiles() {
		if r.Files[name], err = readfile.Optional(filepath.Join(base, filepath.Base(name))); err != nil {
			return nil, fmt.Errorf("reading %s: %w", base, err)
		}
	}
	for _, t := range r.Manifest.Trees {
		bytes, err := tree.Bytes(filepath.Join(base, t.Name))
		if err != nil || bytes != t.Bytes {
			return nil, finding.Errorf(finding.HostNotReady, "the copy in %s is not whole any more (%s has %d bytes, and had %d): it can't be gone back to. `openalgo-install restore FILE` takes a backup", base, t.Name, bytes, t.Bytes)
		}
		r.Bytes += t.Bytes
	}
	r.Fill = func(ctx context.Context, trees map[string]string) error {
		for name, dir := range trees {
			if err := tree.Copy(ctx, filepath.Join(base, name), dir); err != nil {
				return err
			}
		}
		return nil
	}
	return r, r.Read()
}
