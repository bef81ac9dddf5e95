package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

func init() { run.Register[StopContainer]("container.stop") }

// StopContainer stops the container that ran before, for as long as the run
// needs. Once it began, the stop may have been asked for, and Docker carries that
// out even when this process is gone.
type StopContainer struct {
	run.Pathless
	ID   string `json:"id"`
	Name string `json:"name"`
	// Running says that it ran, and that Docker can start it again.
	Running bool `json:"running"`
	// Began is when it was started last. A later time means that it was started
	// again, and that its data is in use.
	Began time.Time `json:"began,omitzero"`
	// Broken says that it did not answer, and that Docker kept restarting it.
	Broken bool `json:"broken,omitempty"`
	// Live says that it was started again since the run, and answers.
	Live bool `json:"live,omitempty"`

	Up bool `json:"-"` // it is up
	// gone says that somebody removed it.
	gone bool
}

func (s *StopContainer) String() string {
	return "stop " + s.Name + " (up to " + openalgo.StopGrace.String() + ")"
}

// Do stops it.
func (s *StopContainer) Do(ctx context.Context, t *run.Tools) error {
	if !s.Up {
		return nil
	}
	t.Point("stopping")
	// Not cancelled in the middle: Docker would go on with it, and stop a container
	// that was brought back in the meantime.
	ctx = context.WithoutCancel(ctx)
	c, err := t.Engine.Container(ctx, s.ID)
	if err == nil {
		if err = s.noteBroken(ctx, t, c); err == nil {
			err = stop(ctx, t, c)
		}
	}
	if err != nil {
		return fmt.Errorf("stop the previous container: %w", err)
	}
	return nil
}

// noteBroken records that the container did not work: an undo has not failed
// because it still does not.
func (s *StopContainer) noteBroken(ctx context.Context, t *run.Tools, c engine.Container) error {
	if !stacks.IsUp(c) || c.State != "restarting" && c.RestartCount == 0 {
		return nil
	}
	if _, err := t.App.Asks(ctx, c.ID); err == nil || errors.Is(err, engine.ErrUnreachable) {
		return nil
	}
	s.Broken = true
	return t.Save()
}

// Forward goes on with the new container where somebody removed this one: there
// is nothing to go back to.
func (s *StopContainer) Forward(ctx context.Context, t *run.Tools) (bool, error) {
	if _, err := t.Engine.Container(ctx, s.ID); !errors.Is(err, engine.ErrNotFound) {
		return false, nil
	}
	s.gone = true
	if len(data.GoingBack(t)) > 0 || data.MustNotMigrate(t) {
		t.Note("the previous container is gone. Its data and files are restored. To recreate the container: " + finding.Command(t.Dir, "start"))
		return false, nil
	}
	fresh, err := pair.New(ctx, t)
	if err != nil {
		return true, nil //nolint:nilerr // neither is left: the next plan makes one
	}
	if used, err := pair.DataTaken(ctx, t, fresh); err != nil {
		return true, err
	} else if used {
		return true, run.Find[*CreateContainer](t.Steps()).remove(ctx, t)
	}
	t.Note("the previous container is gone, so the new one stays")
	if err := t.Engine.Start(ctx, pair.NewID(t)); err != nil {
		return true, fmt.Errorf("start the new container: %w", err)
	}
	return true, giveName(ctx, t)
}

// Look finds out whether the container was started again since the run ended, and
// answers: its data is in use, and an undo neither stops it nor replaces anything
// under it. One that was started again and does not answer is stopped before
// anything goes on.
func (s *StopContainer) Look(ctx context.Context, t *run.Tools) error {
	c, err := t.Engine.Container(ctx, s.ID)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("inspect the previous container: %w", err)
	}
	if s.Live = false; !s.startedAgain(c, t) {
		return nil
	}
	if stacks.IsUp(c) && !data.HalfReplaced(t) && pair.Answers(ctx, t, c) {
		t.Note("the previous container runs and answers, so it was not touched")
		s.Live = true
		for _, d := range data.GoingBack(t) {
			if d.Left = !d.Back; d.Left {
				t.Note(fmt.Sprintf("%s is in use and was not touched. The previous copy is %s", d.Data.At(t.Dir), d.Copy(t)))
			}
		}
		t.Keep()
		return nil
	}
	// What it wrote into data that was half brought back is kept, too.
	for _, d := range data.GoingBack(t) {
		d.Moved = d.Moved && d.Back
	}
	s.Began = c.StartedAt
	t.Keep()
	if !stacks.IsUp(c) {
		return nil
	}
	if err := stop(ctx, t, c); err != nil {
		return fmt.Errorf("stop the previous container, which does not answer: %w", err)
	}
	return nil
}

// startedAgain reports whether the container was started since the run, or an
// undo of it, saw it last.
func (s *StopContainer) startedAgain(c engine.Container, t *run.Tools) bool {
	if s.Began.IsZero() { // never started, or an earlier version's journal
		return stacks.IsUp(c) && (data.Changed(t) || !s.Running)
	}
	return !c.StartedAt.Equal(s.Began)
}

// Undo gives the container its name, and starts it if it ran.
func (s *StopContainer) Undo(ctx context.Context, t *run.Tools) error {
	if s.gone {
		return nil
	}
	c, err := t.Engine.Container(ctx, s.ID)
	if err != nil {
		return fmt.Errorf("the previous container is gone. To recreate it, run docker compose up -d in %s: %w", t.Dir, err)
	}
	if c.Name != s.Name {
		if err := t.Engine.Rename(ctx, c.ID, s.Name); err != nil {
			return fmt.Errorf("give the previous container its name again: %w", err)
		}
	}
	t.Point("undo-renamed")
	if !s.Running || s.Live {
		return nil
	}
	if stacks.WhoseIs(c, string(t.Dir), t.Engine.Info().Local) == stacks.Orphan {
		t.Note(fmt.Sprintf("Docker cannot start %s again, because this directory was %s when the container was created. To recreate it: %s", c.Name, stacks.DirOf(c), finding.Command(t.Dir, "start")))
		s.Running = false
		return nil
	}
	if s.neverStopped(c, t.LastSaved(), t.Time()) {
		t.Note(c.Name + " was not stopped and is still running")
		return nil
	}
	if used, err := pair.DataTaken(ctx, t, c); used || err != nil {
		s.Running = s.Running && !used
		return err
	}
	if fresh, err := pair.New(ctx, t); err == nil && stacks.IsUp(fresh) { // somebody started it: it has the data and the ports
		if err := run.Find[*CreateContainer](t.Steps()).remove(ctx, t); err != nil {
			return err
		}
	}
	// A stop may still be under way; started before its end, it would go down again.
	if err := stop(ctx, t, c); err != nil {
		return fmt.Errorf("wait until the previous container has stopped: %w", err)
	}
	if err := t.Engine.Start(ctx, c.ID); err != nil {
		return fmt.Errorf("start the previous container: %w", err)
	}
	t.Point("undo-started")
	return nil
}

// longestStop is longer than Docker takes for a stop that it was asked for.
const longestStop = 5 * time.Minute

// neverStopped reports whether the container runs as it did before a run that was
// killed longer ago than its stop would take: the stop was never asked for, and
// this is no time to stop it for nothing.
func (s *StopContainer) neverStopped(c engine.Container, saved, now time.Time) bool {
	return stacks.IsUp(c) && c.StartedAt.Equal(s.Began) && !saved.IsZero() && now.Sub(saved) > longestStop
}

// Closed waits until the container is ready again.
func (s *StopContainer) Closed(ctx context.Context, t *run.Tools) error {
	if s.gone || !s.Running || s.Broken || s.Live || t.EvenBroken {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.UndoLimit)
	defer cancel()
	return t.AcrossRestart(ctx, func(ctx context.Context) error {
		_, err := t.App.Ready(ctx, s.ID, false, true)
		return err
	})
}

// Containers are those that the step knows.
func (s *StopContainer) Containers() []string { return []string{s.ID} }

// PreviousContainer is the container that ran before.
func (s *StopContainer) PreviousContainer() string { return s.ID }
