package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// previous says what a recovery asks of the container that ran before.
type previous int

const (
	mustAnswer  previous = iota
	mayBeBroken          // the command that follows is what repairs it
)

// recover finishes or undoes what a killed run left.
func (in *Installer) recover(ctx context.Context, old previous) error {
	j, err := readJournal(in.dir)
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	in.tidy(ctx)
	if j == nil {
		return nil
	}
	j.old = old
	in.note(fmt.Sprintf("the %s of %s did not finish (done: %s)", j.Command, j.Started.Local().Format("2006-01-02 15:04:05"), doneText(j)))
	if err := in.sameEngine(ctx, j); err != nil {
		return err
	}
	o, err := in.observe(ctx)
	if err != nil {
		return err
	}
	in.knowEnv(o)
	if !j.Verified {
		j.Verified = in.newAnswers(ctx, j)
	}
	if j.Verified {
		in.note("its stack is up and answers: finishing it")
		if err := in.commit(context.WithoutCancel(ctx), j); err != nil {
			return finding.Errorf(finding.Failed, "finishing the former run: %w", err)
		}
		return nil
	}
	if ctx.Err() != nil { // the wait for its answer was cancelled: that is no reason for an undo
		return &finding.Error{Kind: finding.Cancelled, Err: errors.New("cancelled. The next command completes or undoes the interrupted run")}
	}
	in.note("undoing it")
	undoing, cancel := in.undoTime(ctx)
	defer cancel()
	err = in.acrossRestart(undoing, func(ctx context.Context) error { return in.rollBack(ctx, j) })
	if silent := (*silentError)(nil); errors.As(err, &silent) {
		in.note(silent.Error()) // nothing is left to undo, and this command may be what helps
		return nil
	}
	if err != nil {
		return finding.Errorf(finding.Broken, "%w", in.notRolledBack(ctx, j, err))
	}
	return nil
}

// sameEngine refuses to finish or undo on another Docker than the run's own,
// where nothing of it would be found. The host's name tells that only for a
// journal of an earlier version: a host may be renamed.
func (in *Installer) sameEngine(ctx context.Context, j *journal) error {
	if was := j.State.Engine; was.IsAnother(engineOf(in.Engine)) {
		return finding.Errorf(finding.HostNotReady, "the unfinished %s of this directory was on the Docker at %s\n\nName that Docker, then run the same command again:\n\n    export DOCKER_HOST=%[2]s\n\nNothing was changed.", j.Command, was.Endpoint)
	}
	name := in.Engine.Info().Name
	if j.State.Engine.ID != "" || j.Engine == name || in.hasContainerOf(ctx, j) {
		return nil
	}
	return finding.Errorf(finding.HostNotReady, "the unfinished %s of this directory was on the Docker of %q, and this is the one of %q: "+
		"run this again with that Docker (DOCKER_HOST or docker context)", j.Command, j.Engine, name)
}

// hasContainerOf reports whether this Docker has a container of the run.
func (in *Installer) hasContainerOf(ctx context.Context, j *journal) bool {
	ids := []string{j.NewID, j.OnlyStarted}
	if j.Old != nil {
		ids = append(ids, j.Old.ID)
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		if id == "" {
			return false
		}
		_, err := in.Engine.Container(ctx, id)
		return err == nil
	})
}

func doneText(j *journal) string {
	if len(j.Done) == 0 {
		return "nothing"
	}
	return strings.Join(j.Done, ", ")
}

// oldIsUp reports whether the previous container runs: no second one may run on
// its data.
func (in *Installer) oldIsUp(ctx context.Context, j *journal) bool {
	if j.Old == nil {
		return false
	}
	c, err := in.Engine.Container(ctx, j.Old.ID)
	return err == nil && isUp(c)
}

// startAlone starts a container, unless another one runs on its data.
func (in *Installer) startAlone(ctx context.Context, j *journal, c engine.Container) bool {
	other, err := in.beside(ctx, j, c)
	return other == nil && err == nil && in.Engine.Start(ctx, c.ID) == nil
}

// newAnswers reports whether the container of a killed run came up after all.
// One that ever ran is started for that: it may have been in use for days, and
// an undo would take what came into its data since.
func (in *Installer) newAnswers(ctx context.Context, j *journal) bool {
	id := j.NewID
	ready := j.did("resources") && (j.Edge == nil || len(j.Edge.Files) == 0 || j.did("edge"))
	if id == "" && j.OnlyStarted != "" && ready {
		id = j.OnlyStarted
	}
	if id == "" {
		return false
	}
	c, err := in.Engine.Container(ctx, id)
	if id == j.OnlyStarted && !isUp(c) {
		return false
	}
	if err != nil || c.StartedAt.Year() < 2000 { // the engine's zero
		return false
	}
	if !isUp(c) && (in.oldIsUp(ctx, j) || !in.startAlone(ctx, j, c)) {
		return false
	}
	check, err := in.checkOfID(ctx, id)
	if err != nil {
		return false
	}
	check.SetupDone, check.Before = j.State.SetupDone, true
	needsSetup, err := in.verify(ctx, check)
	if err == nil {
		err = in.verifySecrets(ctx, j)
	}
	if err != nil {
		return false
	}
	if j.Edge != nil {
		in.warnEdge(ctx, j.Edge.State)
	}
	j.State.SetupDone = !needsSetup
	return true
}

// warnEdge says that OpenAlgo answers and its HTTPS proxy does not. That is no
// reason for an undo: OpenAlgo is in use, and its data has new rows.
func (in *Installer) warnEdge(ctx context.Context, s instance.Edge) {
	if err := in.verifyEdge(ctx, s); err != nil && ctx.Err() == nil {
		in.warn(fmt.Sprintf("https://%s is not served: %v. To set it up again: sudo openalgo-install domain %[1]s", s.Domain, err))
	}
}
