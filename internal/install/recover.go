package install

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// recover finishes or undoes what a killed run left.
func (in *Installer) recover(ctx context.Context) error {
	j, err := in.work.readJournal()
	if err != nil {
		return fail(ExitHost, "%w", err)
	}
	_ = os.RemoveAll(in.work.path("tmp"))
	in.removeProbes(ctx)
	if j == nil {
		return nil
	}
	in.note(fmt.Sprintf("the %s of %s did not finish (done: %s)", j.Command, j.Started.Local().Format("2006-01-02 15:04:05"), doneText(j)))
	if name := in.Engine.Info().Name; j.Engine != name {
		return fail(ExitHost, "the unfinished %s of this directory was on the engine of %q, and this is the one of %q: "+
			"run this again with that engine (DOCKER_HOST or docker context)", j.Command, j.Engine, name)
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
			return fail(ExitFailed, "finishing the former run: %w", err)
		}
		return nil
	}
	in.note("undoing it")
	undoing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime+in.waitTime(false))
	defer cancel()
	if err := in.rollBack(undoing, j); err != nil {
		return fail(ExitBroken, "%w", in.notRolledBack(ctx, j, err))
	}
	return nil
}

func doneText(j *journal) string {
	if len(j.Done) == 0 {
		return "nothing"
	}
	return strings.Join(j.Done, ", ")
}

// newAnswers reports whether the container of a killed run came up after all.
// One that ever ran is started for that: it may have been in use for days, and
// an undo would take what came into its data since.
func (in *Installer) newAnswers(ctx context.Context, j *journal) bool {
	id := j.NewID
	if id == "" {
		return false
	}
	c, err := in.Engine.Container(ctx, id)
	if err != nil || c.StartedAt.Year() < 2000 { // the engine's zero
		return false
	}
	if !isUp(c) && in.Engine.Start(ctx, id) != nil {
		return false
	}
	check, err := in.checkOfID(ctx, id)
	if err != nil {
		return false
	}
	check.setupDone = j.State.SetupDone
	needsSetup, err := in.verifyReport(ctx, check)
	if err == nil {
		err = in.verifySecrets(ctx, j)
	}
	if err == nil && j.Edge != nil {
		err = in.verifyEdge(ctx, j.Edge.State)
	}
	if err == nil {
		j.State.SetupDone = !needsSetup
	}
	return err == nil
}
