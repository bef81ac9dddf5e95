package ops

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// OpenBackup reads an archive to its end, once, before anything is touched.
func (in *Session) OpenBackup(ctx context.Context, file string, key backup.Key) (*plan.Restoring, error) {
	if err := guard.MayCopy(in.see().OnHost(), "a restore"); err != nil {
		return nil, err
	}
	var archive *backup.Archive
	err := timed(ctx, in, "check", "read the backup and check its checksums", func(ctx context.Context) (err error) {
		archive, err = backup.Open(ctx, file, key)
		return err
	})
	if err != nil {
		return nil, backup.OpenError(ctx, in.dir, err)
	}
	if err := archive.Check(); err != nil {
		return nil, err
	}
	r := &plan.Restoring{Manifest: archive.Manifest, Files: archive.Files, Bytes: archive.Bytes, Data: archive}
	return r, r.Read()
}

// Restore makes the instance what it was when a backup was written: .env and
// data of one and the same moment. What is replaced is kept; when OpenAlgo does
// not get ready with it, all of that is back. other is another image than the
// backup names; "" is that.
func Restore(r *plan.Restoring, other string) Command {
	look := func(ctx context.Context, l *world.Looker) (*world.Observation, error) {
		o, err := l.Look(ctx, false)
		if err == nil {
			world.LookAtArchive(ctx, l, o, r.Env, r.State, r.Manifest)
		}
		return o, err
	}
	return Command{Name: plan.CommandRestore, look: look, settle: true, mayBeBroken: true, Wish: func(o *world.Observation) (plan.Intent, error) {
		return restored(o, *r, other)
	}}
}

// restored is the wish for the answers of the instance in the backup, fitted to
// this place.
func restored(o *world.Observation, r plan.Restoring, other string) (plan.Intent, error) {
	none := plan.Intent{Command: plan.CommandRestore}
	o.FindByMount()
	if o.State.Foreign || o.Container() != nil && o.State.Project == "" {
		return none, finding.Named(finding.HostNotReady, "foreign-stack", "another tool installed the OpenAlgo in %s", string(o.Dir)).
			With(finding.Run("Take it over first", "adopt"), finding.Hint{Do: "Choose another directory: add --dir to the command"}).Ending(finding.Unchanged)
	}
	if err := guard.Unknown(o); err != nil {
		return none, err
	}
	r.Same = o.Project == r.Manifest.Project
	r.State.FernetSalt = o.Backup.Salt
	a, notes, err := fitted(&r, o)
	if err != nil {
		return none, err
	}
	if other != "" {
		a.Image = answers.Image{Source: "registry", Ref: other}
	}
	i := plan.Intent{Command: plan.CommandRestore, Answers: a, Files: plan.OfBackup, Data: plan.Replace, Backup: &r, Notes: notes}
	i.Image.Keep, err = keepImage(o, a, &r, other)
	return i, err
}

// fitted are the answers of the backup, with what this place has of its own:
// its ports, its domain, where its data is. notes tell a person what was left out.
func fitted(r *plan.Restoring, here *world.Observation) (a answers.Answers, notes []string, err error) {
	a, problems := answers.ParseSaved(r.Files[instance.AnswersName])
	if len(problems) > 0 {
		return a, nil, finding.Named(finding.Usage, "answers-invalid", "cannot read the answers in the backup: %w", &answers.Invalid{Problems: problems})
	}
	settings.ReadCredentials(&a, r.Env)
	own, wrong := answers.ParseSaved(here.AnswersText)
	switch {
	case here.State.Project != "" && here.AnswersText != nil && len(wrong) == 0:
		a.Domain, a.TLS, a.Ports, a.Volumes, a.Data, a.Sizing = own.Domain, own.TLS, own.Ports, own.Volumes, own.Data, own.Sizing
	case r.Same:
		a.Data = nil // a directory of another machine
	default:
		a.Data = nil
		a.Ports.AutoWeb, a.Ports.AutoWebSocket = true, true
		if other := here.Backup.Served[a.Domain]; other != "" {
			notes = append(notes, fmt.Sprintf("%[2]s already serves %[1]s on this machine, so the restored OpenAlgo has no domain. To set one: %[3]s", a.Domain, other, finding.Command(here.Dir, "domain", "NAME")))
			plain, _ := answers.ParseSaved([]byte("version: 1\n"))
			a.Domain, a.TLS = "", plain.TLS
		}
	}
	if problems := a.Check(); len(problems) > 0 {
		return a, notes, finding.Named(finding.HostNotReady, "answers-invalid", "the answers in the backup do not fit this machine: %w", &answers.Invalid{Problems: problems})
	}
	return a, notes, nil
}

// keepImage goes on with the image of the backup where this engine has it, or
// a registry may.
func keepImage(o *world.Observation, a answers.Answers, r *plan.Restoring, other string) (*plan.Kept, error) {
	err := o.Backup.Image
	switch {
	case other != "":
		return nil, nil
	case err == nil || a.Image.Source == "registry":
		return &plan.Kept{Ref: r.State.ImageRef, OwnHealth: compose.HasOwnHealth(r.Files[compose.FileName])}, nil
	case !errors.Is(err, engine.ErrNotFound) && !errors.Is(err, engine.ErrImageNotFound):
		return nil, fmt.Errorf("looking for the image %s: %w", r.State.ImageRef, err)
	}
	return nil, nil
}
