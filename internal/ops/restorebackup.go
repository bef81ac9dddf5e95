package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// RestoreOptions say what is restored.
type RestoreOptions struct {
	File  string
	Key   backup.Key
	Image string // another image than the backup names; "" is that
}

// Restore makes the instance what it was when a backup was written: .env and
// data of one and the same moment. The archive is read to its end before
// anything is touched; what is replaced is kept; when OpenAlgo does not get
// ready with it, all of that is back.
func (in *Session) Restore(ctx context.Context, o RestoreOptions) (event.Result, error) {
	archive, err := in.openBackup(ctx, o)
	if err != nil {
		return event.Result{}, err
	}
	return in.carryOut(ctx, plan.CommandRestore, in.restored(archive, o.Image))
}

// PlanRestore works out what Restore would do, and changes nothing.
func (in *Session) PlanRestore(ctx context.Context, o RestoreOptions) (*plan.Plan, error) {
	archive, err := in.openBackup(ctx, o)
	if err != nil {
		return nil, err
	}
	return in.dryRun(ctx, plan.CommandRestore, in.restored(archive, o.Image))
}

// openBackup reads an archive to its end, once.
func (in *Session) openBackup(ctx context.Context, o RestoreOptions) (*backup.Archive, error) {
	if err := plan.MayCopy(in.see().OnHost(), "a restore"); err != nil {
		return nil, err
	}
	began := in.stepStarted("check", "read the backup and compare its checksums")
	archive, err := backup.Open(ctx, o.File, o.Key)
	if err != nil {
		in.stepEnded("check", event.Failed, began)
		return nil, in.openError(ctx, err)
	}
	in.stepEnded("check", event.Done, began)
	return archive, nil
}

// restored is the wish for the answers of the instance in the backup, fitted to
// this place. image replaces the one that the backup names.
func (in *Session) restored(archive *backup.Archive, image string) wish {
	return func(ctx context.Context) (plan.Intent, error) { return in.fitBackup(ctx, archive, image) }
}

func (in *Session) fitBackup(ctx context.Context, archive *backup.Archive, image string) (plan.Intent, error) {
	none := plan.Intent{Command: plan.CommandRestore}
	r := &plan.Restoring{Manifest: archive.Manifest, Files: archive.Files, Bytes: archive.Bytes, Fill: archive.Extract}
	if err := checkHeld(archive); err != nil {
		return none, err
	}
	if err := r.Read(); err != nil {
		return none, err
	}
	before, err := in.observe(ctx)
	if err != nil {
		return none, err
	}
	in.knowEnv(before)
	before.FindByMount()
	if before.State.Foreign || before.Container() != nil && before.State.Project == "" {
		return none, finding.Errorf(finding.HostNotReady, "the OpenAlgo in %s is another tool's: `openalgo-install adopt` takes it over first, or --dir names another directory", string(in.dir))
	}
	if err := plan.GuardUnknown(before); err != nil {
		return none, err
	}
	r.Same = before.Project == r.Manifest.Project
	r.State.FernetSalt = in.saltOf(ctx, r, r.Env)
	a, err := in.fitted(r, before)
	if err != nil {
		return none, err
	}
	if image != "" {
		a.Image = answers.Image{Source: "registry", Ref: image}
	}
	i := plan.Intent{Command: plan.CommandRestore, Answers: a, Files: plan.OfBackup, Data: plan.Replace, Backup: r}
	i.Image.Keep, err = in.keepImage(ctx, a, r, image)
	return i, err
}

// checkHeld refuses an archive without a database, or with files that no instance
// has.
func checkHeld(a *backup.Archive) error {
	if a.Held[dataTree] == 0 {
		return finding.Errorf(finding.Usage, "this backup has no database in it, so it cannot be restored. Nothing was changed.")
	}
	for _, t := range a.Manifest.Trees {
		if !slices.Contains(savedTrees, t.Name) && t.Name != logTree {
			return finding.Errorf(finding.Usage, "this backup has data for /app/%s, where OpenAlgo keeps none. Nothing was changed.", t.Name)
		}
	}
	for name := range a.Files {
		if !slices.Contains(instanceFiles(), name) {
			return finding.Errorf(finding.Usage, "this backup has a file that no instance has (%.80q). Nothing was changed.", name)
		}
	}
	return nil
}

func (in *Session) openError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return finding.Cancel()
	case errors.Is(err, backup.ErrNoArchive):
		return finding.Errorf(finding.Usage, "%w. Nothing was changed", err)
	case errors.Is(err, backup.ErrSealed):
		return finding.Errorf(finding.Usage, "%w", err)
	case errors.Is(err, fs.ErrNotExist):
		return finding.Errorf(finding.Usage, "%w: `openalgo-install restore` takes the file of a backup, by default in %s", err, backup.Archives(in.dir))
	}
	return finding.Errorf(finding.HostNotReady, "reading the backup: %w", err)
}

// fitted are the answers of the backup, with what this place has of its own:
// its ports, its domain, where its data is.
func (in *Session) fitted(r *plan.Restoring, before *observed) (answers.Answers, error) {
	a, problems := answers.ParseSaved(r.Files[instance.AnswersName])
	if len(problems) > 0 {
		return a, &finding.Error{Kind: finding.Usage, Err: fmt.Errorf("the answers in the backup: %w", &answers.Invalid{Problems: problems})}
	}
	plan.ReadCredentials(&a, r.Env)
	here, wrong := answers.ParseSaved(before.AnswersText)
	switch {
	case before.State.Project != "" && before.AnswersText != nil && len(wrong) == 0:
		a.Domain, a.TLS, a.Ports, a.Volumes, a.Data, a.Sizing = here.Domain, here.TLS, here.Ports, here.Volumes, here.Data, here.Sizing
	case r.Same:
		a.Data = nil // a directory of another machine
	default:
		a.Data = nil
		a.Ports.AutoWeb, a.Ports.AutoWebSocket = true, true
		if other := servedBy(before, a.Domain); other != "" {
			in.sayOnce(fmt.Sprintf("%s is served by %s on this machine, so the restored OpenAlgo has no domain. To give it one: openalgo-install domain NAME", a.Domain, other))
			plain, _ := answers.ParseSaved([]byte("version: 1\n"))
			a.Domain, a.TLS = "", plain.TLS
		}
	}
	if problems := a.Check(); len(problems) > 0 {
		return a, &finding.Error{Kind: finding.HostNotReady, Err: fmt.Errorf("the answers in the backup do not fit here: %w", &answers.Invalid{Problems: problems})}
	}
	return a, nil
}

// servedBy names another OpenAlgo of this engine that has the domain.
func servedBy(o *observed, domain string) string {
	for _, c := range o.All {
		if o.Owns(c) || domain == "" {
			continue
		}
		host, _ := envOf(dirOf(c)).Get("HOST_SERVER")
		if u, err := url.Parse(host); err == nil && u.Hostname() == domain {
			return c.Name
		}
	}
	return ""
}

// keepImage goes on with the image of the backup where this engine has it, or
// a registry may.
func (in *Session) keepImage(ctx context.Context, a answers.Answers, r *plan.Restoring, other string) (*plan.Kept, error) {
	if other != "" {
		return nil, nil
	}
	_, err := in.Engine.Image(ctx, r.State.ImageRef)
	switch {
	case err == nil || a.Image.Source == "registry":
		return &plan.Kept{Ref: r.State.ImageRef, OwnHealth: bytes.Contains(r.Files[compose.FileName], []byte(openalgo.Start))}, nil
	case !errors.Is(err, engine.ErrNotFound) && !errors.Is(err, engine.ErrImageNotFound):
		return nil, fmt.Errorf("looking for the image %s: %w", r.State.ImageRef, err)
	}
	return nil, nil
}
