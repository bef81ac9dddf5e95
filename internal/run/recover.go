package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// Recover completes or undoes what an interrupted run left. An error that is not
// a *Failure changed nothing.
func Recover(ctx context.Context, t *Tools, j *Journal) error {
	t.journal = j
	t.Note(fmt.Sprintf("the %s of %s did not finish (done: %s)", j.Command, market.Text(j.Started), doneText(j)))
	if err := sameDocker(ctx, t, j); err != nil {
		return err
	}
	if j.Phase == Apply && resume(ctx, t, j) {
		j.Phase = Commit
		if err := j.save(); err != nil {
			return &Failure{End: NotCommitted, Cause: err}
		}
	}
	if ctx.Err() != nil { // the wait for an answer was cancelled: that is no reason for an undo
		return finding.Named(finding.Cancelled, "cancelled", "cancelled. The next command completes or undoes the interrupted run")
	}
	if j.Phase == Commit {
		if len(j.Steps) > 0 {
			t.Note("OpenAlgo runs and answers: completing that run")
		} else {
			t.Note("completing that run")
		}
		return j.commit(context.WithoutCancel(ctx), t)
	}
	t.Note("undoing that run")
	end, err := j.undone(context.WithoutCancel(ctx), t)
	if end == RolledBack {
		return nil
	}
	return &Failure{End: end, Undo: err}
}

func doneText(j *Journal) string {
	if done := j.DoneParts(); len(done) > 0 {
		return strings.Join(done, ", ")
	}
	return "nothing"
}

// resume reports whether a run came to its end after all: what it started may
// have been in use for days, and an undo would take what came into its data
// since.
func resume(ctx context.Context, t *Tools, j *Journal) bool {
	resumed := false
	for _, e := range j.Steps {
		r, ok := e.step.(Resumer)
		switch {
		case ok && !r.Resume(ctx, t):
			return false
		case ok:
			resumed = true
		case e.State == "":
			return false
		}
	}
	return resumed
}

// sameDocker refuses to complete or undo on another Docker than the run's own,
// where nothing of it would be found. The host's name tells that only for a
// journal that names no Docker: a host may be renamed.
func sameDocker(ctx context.Context, t *Tools, j *Journal) error {
	info := t.Engine.Info()
	if j.Docker.IsAnother(instance.EngineRef{ID: info.ID, Endpoint: info.Endpoint}) {
		return finding.Named(finding.HostNotReady, "other-docker", "the unfinished %s of this directory was on the Docker at %s", j.Command, j.Docker.Endpoint).
			With(finding.Shell("Choose that Docker, then run the same command again", "export DOCKER_HOST="+j.Docker.Endpoint)).Ending(finding.Unchanged)
	}
	if j.Docker.ID != "" || j.Engine == info.Name || hasContainer(ctx, t) {
		return nil
	}
	return finding.Named(finding.HostNotReady, "other-docker", "the unfinished %s of this directory was on the Docker of %q, and this is the one of %q: "+
		"run this again with that Docker (DOCKER_HOST or docker context)", j.Command, j.Engine, info.Name)
}

// Owner is a step that works on containers.
type Owner interface{ Containers() []string }

// hasContainer reports whether this Docker has a container of the run.
func hasContainer(ctx context.Context, t *Tools) bool {
	for _, s := range t.Steps() {
		o, ok := s.(Owner)
		if ok && slices.ContainsFunc(o.Containers(), func(id string) bool {
			if id == "" {
				return false
			}
			_, err := t.Engine.Container(ctx, id)
			return err == nil
		}) {
			return true
		}
	}
	return false
}
