package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
)

// undo rolls a failed or cancelled run back and returns the error to report:
// exit 4, or 130 when it was the user who ended it, or 5 when what ran before
// could not be brought back.
func (in *Installer) undo(ctx context.Context, j *journal, cause error) error {
	wasCancelled := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime+in.waitTime(false))
	defer cancel()
	log := logOf(cause)
	in.note("undoing what was done")
	if err := in.rollBack(ctx, j); err != nil {
		return &Error{Exit: ExitBroken, Log: log, Err: fmt.Errorf("%w\nRolling back failed too: %w.\n"+
			"The former files are in %s; the volumes are untouched. Once the cause is mended, run the same command again: it goes on from here",
			cause, err, in.work.path("backups"))}
	}
	in.removeProbes(ctx)
	in.work.removeIfUnusedAfterUndo(j)
	if wasCancelled {
		return cancelled()
	}
	after := "Nothing is left running; .env and the volumes stay, and the next run goes on with the same keys"
	if j.Old != nil {
		after = "What ran before runs again"
		if !j.Old.Running {
			after = "The former container is back as it was, stopped"
		}
	}
	return &Error{Exit: ExitRolledBack, Err: fmt.Errorf("%w\nRolled back. %s", cause, after), Log: log}
}

// rollBack brings back files and container of before. Each part can be
// repeated, and none needs room on the disk.
func (in *Installer) rollBack(ctx context.Context, j *journal) error {
	_ = os.RemoveAll(in.work.path("tmp"))
	if err := in.engineBack(ctx); err != nil {
		return err
	}
	if gone, err := in.forwardWithoutOld(ctx, j); gone || err != nil {
		return err
	}
	if err := in.removeNew(ctx, j); err != nil {
		return err
	}
	failpoint("undo-removed-new")
	// A file that can't be restored must not keep the former container down.
	var files error
	for i := len(j.Files) - 1; i >= 0; i-- {
		files = errors.Join(files, in.restore(ctx, j, j.Files[i]))
	}
	failpoint("undo-files")
	if files != nil && j.Old != nil {
		return errors.Join(files, in.oldBack(ctx, j))
	}
	if files != nil {
		return files
	}
	if j.Old == nil {
		in.removeNetworks(ctx, j)
		return j.finish()
	}
	if err := in.oldBack(ctx, j); err != nil {
		return err
	}
	return j.finish()
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
	if _, err := in.Engine.Container(ctx, j.NewID); j.NewID == "" || err != nil {
		return true, j.finish() // neither is left: the next plan makes one
	}
	in.note("the former container is gone; the new one stays")
	if err := in.Engine.Start(ctx, j.NewID); err != nil {
		return true, fmt.Errorf("starting the new container: %w", err)
	}
	return true, j.finish()
}

// engineBack waits for an engine that was restarted in the middle.
func (in *Installer) engineBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	return in.Engine.WaitReady(ctx)
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
	ours := c.Labels[compose.LabelProject] == j.Project && (j.Old == nil || c.ID != j.Old.ID) &&
		c.Labels[compose.LabelWorkingDir] == in.work.dir
	if !ours {
		return nil
	}
	return in.Engine.Remove(ctx, c.ID)
}

// oldBack gives the former container its name, starts it if it ran, and
// verifies it.
func (in *Installer) oldBack(ctx context.Context, j *journal) error {
	c, err := in.Engine.Container(ctx, j.Old.ID)
	if err != nil {
		return fmt.Errorf("the former container is gone; `docker compose up -d` in %s makes it anew: %w", in.work.dir, err)
	}
	if c.Name != j.Old.Name {
		if err := in.Engine.Rename(ctx, c.ID, j.Old.Name); err != nil {
			return fmt.Errorf("giving the former container its name back: %w", err)
		}
	}
	failpoint("undo-renamed")
	if !j.Old.Running {
		return nil
	}
	if j.Old.Stopping {
		// A stop may still be under way; started before its end, it would go down again.
		if err := in.Engine.Stop(ctx, c.ID, max(stopGrace, c.StopGrace)); err != nil {
			return fmt.Errorf("waiting for the former container's stop: %w", err)
		}
	}
	if err := in.Engine.Start(ctx, c.ID); err != nil {
		return fmt.Errorf("starting the former container: %w", err)
	}
	check, err := in.checkOfContainer(ctx, c.ID)
	if err != nil {
		return err
	}
	if _, err := in.verifyReport(ctx, check); err != nil {
		return fmt.Errorf("the former container was started and does not answer: %w", err)
	}
	return nil
}

func (in *Installer) removeNetworks(ctx context.Context, j *journal) {
	for _, name := range j.Networks {
		_ = in.Engine.RemoveNetwork(ctx, name) // in use by others: it stays
	}
}

// restore puts the former version of a file back, unless the run never wrote it.
func (in *Installer) restore(ctx context.Context, j *journal, change fileChange) error {
	if change.SHA256 == "" {
		return nil // not written
	}
	if change.Name == envName {
		return in.restoreEnv(ctx, j, change)
	}
	path := filepath.Join(in.work.dir, change.Name)
	now, err := readOptional(path)
	if err != nil || now == nil && change.Backup == "" || now != nil && sha256Hex(now) == change.Former {
		return err
	}
	if now != nil && sha256Hex(now) != change.SHA256 {
		in.keepForeign(change.Name, now)
	}
	if change.Backup == "" {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
		return nil
	}
	return in.moveBack(change, 0o644)
}

// keepForeign copies what somebody else wrote since into the backups, before
// it is replaced.
func (in *Installer) keepForeign(name string, text []byte) {
	if path, err := in.work.backup(name, text); err == nil {
		in.note(fmt.Sprintf("%s was changed by somebody else meanwhile; that version is kept as %s", name, path))
	}
}

// moveBack puts the kept copy itself in the file's place: that needs no room,
// and a full disk may be why there is something to undo.
func (in *Installer) moveBack(change fileChange, mode os.FileMode) error {
	if err := os.Chmod(change.Backup, mode); err != nil {
		return fmt.Errorf("bringing the former %s back: %w", change.Name, err)
	}
	if err := os.Rename(change.Backup, filepath.Join(in.work.dir, change.Name)); err != nil {
		return fmt.Errorf("bringing the former %s back: %w", change.Name, err)
	}
	return nil
}

// restoreEnv brings the former .env back. A key that the app itself made or
// moved since then stays: data may have been encrypted with it already
// (facts/upstream.md 1.6). A first .env stays once volumes were made.
func (in *Installer) restoreEnv(ctx context.Context, j *journal, change fileChange) error {
	if change.Backup == "" {
		now, err := in.readEnv(ctx)
		if err != nil || j.MadeVolumes || j.NewID != "" || now != nil && sha256Hex(now) != change.SHA256 {
			return err
		}
		if err := os.Remove(in.work.env()); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("removing .env: %w", err)
		}
		return nil
	}
	now, err := in.readEnv(ctx)
	if err != nil || now != nil && sha256Hex(now) == change.Former {
		return err
	}
	if now != nil && sha256Hex(now) != change.SHA256 {
		in.keepForeign(envName, now)
	}
	before, err := os.ReadFile(change.Backup)
	if err != nil {
		return fmt.Errorf("reading the former .env: %w", err)
	}
	restored, err := carryKeys(before, now, change, j.State)
	if err != nil {
		return err
	}
	image := ""
	if j.State != nil {
		image = j.State.ImageID
	}
	if string(restored) == string(before) {
		return in.moveEnvBack(ctx, change, image)
	}
	if err := in.placeEnv(ctx, restored, image); err != nil {
		// The .env that is there has every key that the data needs.
		in.note(fmt.Sprintf("the former .env could not be brought back (%v); the new one stays, with the keys that OpenAlgo made. The former one is %s", err, change.Backup))
	}
	return nil
}

func (in *Installer) moveEnvBack(ctx context.Context, change fileChange, image string) error {
	file, err := os.Open(change.Backup)
	if err != nil {
		return fmt.Errorf("reading the former .env: %w", err)
	}
	defer file.Close()
	if err := in.giveToApp(ctx, file, image); err != nil {
		return err
	}
	return in.moveBack(change, 0o600)
}

// carryKeys returns before with every key of now that differs from what this
// run wrote: those the app changed.
func carryKeys(before, now []byte, change fileChange, s *state) ([]byte, error) {
	if now == nil || sha256Hex(now) == change.SHA256 || s == nil {
		return before, nil
	}
	file, err := envfile.Parse(before)
	if err != nil {
		return nil, fmt.Errorf("reading the former .env: %w", err)
	}
	current, err := envfile.Parse(now)
	if err != nil {
		return before, nil //nolint:nilerr // unreadable: the former one is the better one
	}
	for _, key := range keyMaterial {
		value, ok := current.Get(key)
		if !ok || change.Keys[key] == "" || change.Keys[key] == s.hash(key, value) {
			continue
		}
		if key == keySalt {
			err = file.SetAfter(keyPepper, key, value)
		} else {
			err = file.Set(key, value)
		}
		if err != nil {
			return nil, fmt.Errorf("carrying %s over: %w", key, err)
		}
	}
	return file.Bytes(), nil
}

// removeIfUnusedAfterUndo takes our directory away again when the undone run
// was the first one and left nothing that must stay.
func (w workdir) removeIfUnusedAfterUndo(j *journal) {
	_ = os.RemoveAll(w.path("tmp"))
	if _, err := os.Stat(w.env()); os.IsNotExist(err) && j.Old == nil && j.MadeDir {
		w.removeIfUnused(true)
	}
}

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
	if j.did("start") && !j.Verified {
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
		return fail(ExitBroken, "undoing the former run failed: %w. The former files are in %s", err, in.work.path("backups"))
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
func (in *Installer) newAnswers(ctx context.Context, j *journal) bool {
	id := j.NewID
	if id == "" {
		return false
	}
	check, err := in.checkOfContainer(ctx, id)
	if err != nil {
		return false
	}
	if j.State != nil {
		check.setupDone = j.State.SetupDone
	}
	needsSetup, err := in.verifyReport(ctx, check)
	if err == nil && j.State != nil {
		j.State.SetupDone = !needsSetup
	}
	return err == nil
}
