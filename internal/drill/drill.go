// Package drill proves that a backup can be restored: it starts OpenAlgo on a copy of it
// beside the instance, waits until that is ready, and removes all of it again.
//
// The copy is OpenAlgo with everything that it needs to trade: broker keys, sessions,
// flows and bots, which OpenAlgo starts automatically. So its container has no network
// but its own loopback, and none of the strategies: it reaches no broker, no bot's
// service and not the instance, and only this process reaches it.
package drill

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// Docker is what a drill needs of Docker.
type Docker interface {
	appfile.Docker
	image.Docker
	Exec(ctx context.Context, id string, cmd []string, user string) (engine.ExecResult, error)
}

// Drill is one test restore of an instance's backups.
type Drill struct {
	Docker Docker
	Dir    instance.Dir
	Report event.Reporter
	Redact *secret.Redactor
	Wait   time.Duration // how long a start may take; 0: as long as OpenAlgo needs
	Now    func() time.Time
	// Available is the memory of this machine, in MiB; 0 is not known.
	Available int
	// Door opens a port of a container that has no network; nil is its own loopback.
	Door func(c engine.Container, port int) (address string, shut func(), err error)
}

// Run restores a backup beside the instance, checks it and removes it again. bring returns
// the path of the file. It may put the file into a directory, which is removed with the rest.
func (d *Drill) Run(ctx context.Context, bring func(ctx context.Context, dir string) (file string, err error), key backup.Key) (result event.Result, err error) {
	p, err := enter(ctx, d.Docker, d.Dir)
	if err != nil {
		return event.Result{}, err
	}
	defer func() {
		if left := p.leave(ctx, d.Docker); left != nil {
			err = errors.Join(err, finding.Named(finding.Failed, "drill-not-removed", "the test restore could not be removed: %w. The next backup drill removes it", left))
		}
	}()
	mine := *d
	t := &trial{Drill: &mine, place: p, key: key}
	began := time.Now()
	if t.file, err = bring(ctx, p.dir); err == nil {
		t.took = time.Since(began)
		err = t.all(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = finding.Cancel()
		}
		return event.Result{}, err
	}
	return t.result(), nil
}

// trial is what a drill has found so far.
type trial struct {
	*Drill
	place *place
	file  string
	key   backup.Key

	archive   *backup.Archive
	image     engine.Image
	took      time.Duration // what a restore would have to do, too
	ready     time.Duration // of that, the start
	unchecked string
	accounts  int // -1: not counted
}

func (t *trial) all(ctx context.Context) error {
	began := time.Now()
	err := t.timed(ctx, "check", "read the backup and check its checksums", func(ctx context.Context) (err error) {
		t.archive, err = backup.Open(ctx, t.file, t.key)
		return err
	})
	if err != nil {
		return backup.OpenError(ctx, t.Dir, err)
	}
	if err := t.archive.Check(); err != nil {
		return err
	}
	t.took += time.Since(began)
	if err := t.room(); err != nil {
		return err
	}
	if err := t.bringImage(ctx); err != nil {
		return err
	}
	began = time.Now()
	if err := t.timed(ctx, "unpack", "unpack the backup beside the instance", t.unpack); err != nil {
		return finding.Named(finding.Failed, "drill-failed", "unpacking the backup: %w", err).Ending(finding.Unchanged)
	}
	t.took += time.Since(began)
	if err := t.timed(ctx, "databases", "check the databases", t.checkDatabases); err != nil {
		return err
	}
	return t.timed(ctx, "start", "start OpenAlgo on the copy, without a network", t.start)
}

func (t *trial) timed(ctx context.Context, step, title string, do func(context.Context) error) error {
	end := event.Begin(t.Report, step, title)
	err := meter.Do(ctx, t.Report, step, "", do)
	end(err)
	return err
}

// unpack fills the place with the data and .env of the backup.
func (t *trial) unpack(ctx context.Context) error {
	trees := map[string]string{}
	for _, tree := range t.archive.Manifest.Trees {
		at, err := t.place.make(filepath.Join(data, tree.Name))
		if err != nil {
			return err
		}
		trees[tree.Name] = at
	}
	if err := t.archive.Extract(ctx, trees); err != nil {
		return err
	}
	text := t.archive.Files[instance.EnvName]
	if len(text) == 0 {
		return errors.New("it has no .env")
	}
	if err := t.hide(text); err != nil {
		return err
	}
	return t.place.writeEnv(ctx, t.Docker, text, t.image.ID)
}

// hide keeps the secrets of the backup out of what the copy says: they may be others
// than those of the instance.
func (t *trial) hide(env []byte) error {
	file, err := envfile.Parse(env)
	if err != nil {
		return errors.New("its .env cannot be read")
	}
	saved, _ := answers.ParseSaved(t.archive.Files[instance.AnswersName])
	t.Redact = t.Redact.With(settings.Redactor(saved, file))
	return nil
}

// checkDatabases has SQLite check what was unpacked.
func (t *trial) checkDatabases(ctx context.Context) error {
	if len(t.archive.SQLite) == 0 {
		return nil
	}
	damaged, err := backup.CheckDatabases(ctx, t.Docker, string(t.Dir), t.image.ID, t.place.at(data), t.archive.SQLite)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.unchecked = err.Error()
	case len(damaged) > 0:
		return finding.Named(finding.Failed, "data-damaged", "databases in the backup are damaged:\n  - %s\nKeep your older backups", strings.Join(damaged, "\n  - ")).Ending(finding.Unchanged)
	}
	return nil
}

// start starts OpenAlgo on the copy, and waits until it is ready.
func (t *trial) start(ctx context.Context) error {
	began := time.Now()
	id, err := t.create(ctx)
	if err != nil {
		return finding.Named(finding.Failed, "drill-failed", "creating the container of the test restore: %w", err).Ending(finding.Unchanged)
	}
	if err := t.Docker.Start(ctx, id); err != nil {
		return finding.Named(finding.Failed, "drill-failed", "starting the test restore: %w", err).Ending(finding.Unchanged)
	}
	run.Failpoint("drill-started")
	target, shut, err := t.openDoors(ctx, id)
	defer shut()
	if err != nil {
		return finding.Named(finding.Failed, "drill-failed", "looking into the test restore: %w", err).Ending(finding.Unchanged)
	}
	needsSetup, err := (&ready.Prober{Engine: t.Docker, Report: t.Report, Redact: t.Redact, Wait: t.Wait}).Await(ctx, target)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &finding.Error{Kind: finding.Failed, ID: "drill-failed", Log: ready.LogOf(err), End: finding.Unchanged,
			Err: fmt.Errorf("this backup cannot be restored: OpenAlgo does not start with it: %w. Make a new backup, and test that", err)}
	case needsSetup && t.archive.Manifest.Setup:
		return finding.Named(finding.Failed, "drill-failed", "this backup cannot be restored: its instance had an admin account, and the restored one has none").Ending(finding.Unchanged)
	}
	t.ready = time.Since(began)
	t.took += t.ready
	t.accounts = t.count(ctx, id)
	if t.accounts == 0 && !needsSetup {
		return finding.Named(finding.Failed, "drill-failed", "this backup cannot be restored: OpenAlgo reports an admin account, and its database has none").Ending(finding.Unchanged)
	}
	return nil
}
