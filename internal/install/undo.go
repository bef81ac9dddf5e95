package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// undo rolls a failed or cancelled run back and returns the error to report:
// exit 4, or 130 when it was the user who ended it, or 5 when what ran before
// could not be brought back.
func (in *Installer) undo(ctx context.Context, j *journal, cause error) error {
	wasCancelled := ctx.Err() != nil
	ctx, cancel := in.undoTime(ctx)
	defer cancel()
	log := ready.LogOf(cause)
	if wasCancelled {
		in.note("rolling back. A second Ctrl+C leaves that to the next command")
	} else {
		in.note("rolling back")
	}
	err := in.acrossRestart(ctx, func(ctx context.Context) error { return in.rollBack(ctx, j) })
	if silent := (*silentError)(nil); errors.As(err, &silent) {
		return &finding.Error{Kind: finding.Broken, Log: log, Err: fmt.Errorf("%w\n%w\n\n"+
			"OpenAlgo's files and data are as they were before. To find out what is wrong:\n\n    sudo openalgo-install --dir %s doctor", cause, silent, string(in.dir))}
	}
	if err != nil {
		return &finding.Error{Kind: finding.Broken, Log: log, Err: fmt.Errorf("%w\n%w", cause, in.notRolledBack(ctx, j, err))}
	}
	helper.RemoveLeft(ctx, in.Engine, string(in.dir))
	removeIfUnusedAfterUndo(in.dir, j)
	if wasCancelled {
		return &finding.Error{Kind: finding.Cancelled, Err: errors.New("cancelled and undone. " + afterUndo(j))}
	}
	return &finding.Error{Kind: finding.RolledBack, Err: fmt.Errorf("%w\nRolled back. %s", cause, afterUndo(j)), Log: log}
}

// afterUndo says what there is once a run was undone.
func afterUndo(j *journal) string {
	switch {
	case j.OnlyStarted != "" || j.Old != nil && !j.Old.Running:
		return "The previous container is back. It is stopped, as before"
	case j.Old != nil && j.Old.Broken:
		return "The previous container runs again. It does not answer, as before"
	case j.Old != nil:
		return "What ran before runs again"
	case j.MadeVolumes || j.NewID != "":
		return "OpenAlgo is not installed. .env and the volumes stay, and the next run uses the same encryption keys"
	}
	return "Nothing was changed"
}

// silentError says that everything is back as it was before, and that the
// previous container, which is started, does not answer.
type silentError struct{ cause error }

func (e *silentError) Error() string {
	return "The previous container is back, but does not answer: " + e.cause.Error()
}
func (e *silentError) Unwrap() error { return e.cause }

// undoTime is how long a part of an undo may take, whatever ended the run.
func (in *Installer) undoTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), in.undoLimit())
}

// rollBack brings the previous files and container back. Each part can be
// repeated, and none needs room on the disk. A completed part is not repeated: a
// container may have run on its data since, and somebody may have edited its
// files. Once all of it is back the journal is closed. Only then the previous
// container is checked; a silentError says that it does not answer.
func (in *Installer) rollBack(ctx context.Context, j *journal) error {
	_ = os.RemoveAll(in.dir.Work("tmp"))
	if err := in.engineBack(ctx); err != nil {
		return err
	}
	if gone, err := in.forwardWithoutOld(ctx, j); gone || err != nil {
		return err
	}
	live, err := in.oldIsLive(ctx, j)
	if err != nil {
		return err
	}
	in.noteMovedSince(ctx, j)
	if err := in.removeNew(ctx, j); err != nil {
		return err
	}
	failpoint("undo-removed-new")
	if err := in.removeMovedInto(ctx, j); err != nil {
		return err
	}
	if err := in.stopStarted(ctx, j); err != nil {
		return err
	}
	if err := in.restoreData(ctx, j); err != nil {
		return err
	}
	failpoint("undo-data")
	// That may have taken long; what follows has its own time.
	ctx, cancel := in.undoTime(ctx)
	defer cancel()
	for i := len(j.Files) - 1; i >= 0; i-- {
		err = errors.Join(err, in.restore(ctx, j, &j.Files[i]))
	}
	err = errors.Join(err, in.bringAsideBack(j), in.ownersBack(j))
	failpoint("undo-files")
	if j.Old == nil {
		in.removeNetworks(ctx, j)
	} else {
		// A file that can't be restored must not keep the former container down.
		err = errors.Join(err, in.oldBack(ctx, j, live))
		failpoint("undo-started")
	}
	err = errors.Join(err, in.restoreEdge(ctx, j))
	if err != nil {
		return err
	}
	noteBegan(in.dir, j)
	removeEmptyAside(in.dir, j)
	if err := j.finish(); err != nil {
		return err
	}
	return in.oldAnswers(ctx, j, live)
}

// noteBegan marks the keys that an undone first install leaves as its own.
func noteBegan(w instance.Dir, j *journal) {
	_, noEnv := os.Stat(w.Env())
	s, err := w.LoadState()
	made := slices.ContainsFunc(j.Files, func(f fileChange) bool { return f.Name == instance.EnvName && f.SHA256 != "" && f.Backup == "" })
	if noEnv == nil && err == nil && made && s.Project == "" {
		s.Began = j.Project
		_ = w.SaveState(s) // without it the next run asks, which is safe
	}
}

// stopStarted stops a container again that was stopped before the run.
func (in *Installer) stopStarted(ctx context.Context, j *journal) error {
	if j.OnlyStarted == "" {
		return nil
	}
	c, err := in.Engine.Container(ctx, j.OnlyStarted)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err == nil && isUp(c) && j.resumed && in.answers(ctx, c) {
		in.note(c.Name + " runs and answers, so it stays as it is")
		return nil
	}
	if err == nil && isUp(c) {
		err = in.Engine.Stop(ctx, j.OnlyStarted, max(stopGrace, c.StopGrace))
	}
	if err != nil {
		return fmt.Errorf("stopping the container again: %w", err)
	}
	return nil
}

// forwardWithoutOld goes on with the new container where somebody removed the
// former one: there is nothing to go back to.
func (in *Installer) forwardWithoutOld(ctx context.Context, j *journal) (gone bool, err error) {
	if j.Old == nil {
		return false, nil
	}
	if _, err := in.Engine.Container(ctx, j.Old.ID); !errors.Is(err, engine.ErrNotFound) {
		return false, nil
	}
	uncopied := j.Command == commandUpgrade && !j.started() // the new release would change the data, and there is no way back
	if len(j.copies()) > 0 || uncopied {
		in.note("the previous container is gone. Its data and files are brought back, and `openalgo-install start` recreates it")
		j.Old = nil
		return false, nil
	}
	fresh, err := in.Engine.Container(ctx, j.NewID)
	if j.NewID == "" || err != nil {
		return true, j.finish() // neither is left: the next plan makes one
	}
	if used, err := in.dataTaken(ctx, j, fresh); used || err != nil {
		if err == nil {
			err = in.removeNew(ctx, j)
		}
		if err != nil {
			return true, err
		}
		return true, j.finish()
	}
	in.note("the previous container is gone, so the new one stays")
	if err := in.Engine.Start(ctx, j.NewID); err != nil {
		return true, fmt.Errorf("starting the new container: %w", err)
	}
	if err := in.giveName(ctx, j); err != nil {
		return true, err
	}
	return true, j.finish()
}

// removeNew removes the container that the run made, also one that was made
// and not journaled any more.
func (in *Installer) removeNew(ctx context.Context, j *journal) error {
	if j.NewID != "" {
		// In order: it may be writing its database.
		if c, err := in.Engine.Container(ctx, j.NewID); err == nil && c.State == "running" {
			_ = in.Engine.Stop(ctx, j.NewID, stopGrace)
		}
		if err := in.Engine.Remove(ctx, j.NewID); err != nil {
			return fmt.Errorf("removing the new container: %w", err)
		}
		return nil
	}
	if j.NewName == "" {
		return nil
	}
	c, err := in.Engine.Container(ctx, j.NewName)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the new container: %w", err)
	}
	// A copy of a container without a Compose project has no such label either.
	project := c.Labels[compose.LabelProject]
	ours := (project == j.Project || project == "" && j.State.Foreign) && (j.Old == nil || c.ID != j.Old.ID) && dirOf(c) == string(in.dir)
	if !ours {
		return nil
	}
	return in.Engine.Remove(ctx, c.ID)
}

// oldBack gives the previous container its name, and starts it if it ran. One
// that is live is not touched beyond that.
func (in *Installer) oldBack(ctx context.Context, j *journal, live bool) error {
	c, err := in.Engine.Container(ctx, j.Old.ID)
	if err != nil {
		return fmt.Errorf("the previous container is gone. To recreate it, run docker compose up -d in %s: %w", string(in.dir), err)
	}
	if c.Name != j.Old.Name {
		if err := in.Engine.Rename(ctx, c.ID, j.Old.Name); err != nil {
			return fmt.Errorf("giving the previous container its name back: %w", err)
		}
	}
	failpoint("undo-renamed")
	if !j.Old.Running || live {
		return nil
	}
	if whoseIs(c, string(in.dir), in.Engine.Info().Local) == orphan {
		in.note(fmt.Sprintf("%s was created for %s, where this directory was: Docker cannot start it again, and `openalgo-install start` recreates it", c.Name, dirOf(c)))
		j.Old.Running = false
		return nil
	}
	if j.neverStopped(c, time.Now()) {
		in.note(c.Name + " was not stopped, and is left as it is")
		return nil
	}
	if used, err := in.dataTaken(ctx, j, c); used || err != nil {
		j.Old.Running = j.Old.Running && !used
		return err
	}
	if j.Old.Stopping {
		// A stop may still be under way; started before its end, it would go down again.
		if err := in.Engine.Stop(ctx, c.ID, max(stopGrace, c.StopGrace)); err != nil {
			return fmt.Errorf("waiting for the previous container's stop: %w", err)
		}
	}
	if err := in.Engine.Start(ctx, c.ID); err != nil {
		return fmt.Errorf("starting the previous container: %w", err)
	}
	return nil
}

// oldAnswers waits until the previous container is ready again.
func (in *Installer) oldAnswers(ctx context.Context, j *journal, live bool) error {
	if j.Old == nil || !j.Old.Running || j.Old.Broken || live || j.old == mayBeBroken {
		return nil
	}
	ctx, cancel := in.undoTime(ctx)
	defer cancel()
	check, err := in.checkOfID(ctx, j.Old.ID)
	if err == nil {
		check.Before = true
		_, err = in.verify(ctx, check)
	}
	if err != nil {
		return &silentError{err}
	}
	return nil
}

func (in *Installer) removeNetworks(ctx context.Context, j *journal) {
	for _, name := range j.Networks {
		_ = in.Engine.RemoveNetwork(ctx, name) // in use by others: it stays
	}
}

// removeIfUnusedAfterUndo takes our directory away again when the undone run
// was the first one and left nothing that must stay.
func removeIfUnusedAfterUndo(w instance.Dir, j *journal) {
	_ = os.RemoveAll(w.Work("tmp"))
	if _, err := os.Stat(w.Env()); os.IsNotExist(err) && j.Old == nil && j.MadeDir {
		w.RemoveIfUnused(true)
	}
}
