package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

func init() {
	run.Register[CreateContainer]("container.create")
	run.Register[StartContainer]("container.start")
	run.Register[RenameContainer]("container.rename")
	run.Register[RemoveContainer]("container.remove")
}

// stop stops a container in order.
func stop(ctx context.Context, t *run.Tools, c engine.Container) error {
	return t.Engine.Stop(ctx, c.ID, max(openalgo.StopGrace, c.StopGrace))
}

// CreateContainer creates the new container, beside the one that runs.
type CreateContainer struct {
	run.Pathless
	Name    string `json:"name"`  // what it is created as
	Final   string `json:"final"` // what it is called in the end
	Project string `json:"project"`
	// Foreign says that another tool made the stack.
	Foreign bool   `json:"foreign,omitempty"`
	ID      string `json:"id,omitempty"` // once it is created

	Spec  engine.ContainerSpec `json:"-"` // what it is
	Image string               `json:"-"` // the ID of its image, if that is known
	Copy  *Copied              `json:"-"` // else: of which container it is a copy
}

// Copied is a container that is created from Docker's own record of another.
type Copied struct {
	ID      string // of that other
	Changes engine.Changes
}

func (s *CreateContainer) String() string { return "create the container " + s.Name }

// Do creates it. It takes the place of one that a lost connection may have left.
func (s *CreateContainer) Do(ctx context.Context, t *run.Tools) error {
	if err := s.remove(ctx, t); err != nil {
		return err
	}
	// Not cancelled in the middle: Docker would make one that nobody knows of.
	id, err := s.create(context.WithoutCancel(ctx), t)
	if err != nil {
		return fmt.Errorf("create the container: %w", err)
	}
	t.Point("created")
	s.ID = id
	return t.Save()
}

func (s *CreateContainer) create(ctx context.Context, t *run.Tools) (id string, err error) {
	if s.Copy != nil {
		return t.Engine.CreateCopy(ctx, s.Copy.ID, s.Name, s.Copy.Changes)
	}
	spec := s.Spec
	spec.Name, spec.Env = s.Name, t.Engine.Info().Proxied(s.Spec.Env)
	if image, err := t.Engine.Image(ctx, spec.Image); s.Image != "" && (err != nil || image.ID != s.Image) {
		spec.Image = s.Image // the tag moved on; this stack did not
	}
	return t.Engine.Create(ctx, spec)
}

// Undo removes it.
func (s *CreateContainer) Undo(ctx context.Context, t *run.Tools) error {
	err := s.remove(ctx, t)
	t.Point("undo-removed-new")
	return err
}

// remove removes the container, also one that was created and not journaled any
// more.
func (s *CreateContainer) remove(ctx context.Context, t *run.Tools) error {
	if s.ID != "" {
		// In order: it may be writing its database.
		if c, err := t.Engine.Container(ctx, s.ID); err == nil && stacks.IsUp(c) {
			_ = stop(ctx, t, c)
		}
		if err := t.Engine.Remove(ctx, s.ID); err != nil {
			return fmt.Errorf("remove the new container: %w", err)
		}
		return nil
	}
	c, err := t.Engine.Container(ctx, s.Name)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the new container: %w", err)
	}
	if !s.made(c, t) {
		return nil
	}
	return t.Engine.Remove(ctx, c.ID)
}

// made reports whether a container of that name is the run's own. A copy of a
// container without a Compose project has no such label either.
func (s *CreateContainer) made(c engine.Container, t *run.Tools) bool {
	project := c.Labels[compose.LabelProject]
	return (project == s.Project || project == "" && s.Foreign) && c.ID != pair.PreviousID(t) && stacks.SameFile(stacks.DirOf(c), string(t.Dir))
}

// Containers are those that the step knows.
func (s *CreateContainer) Containers() []string { return []string{s.ID} }

// NewContainer is the container that it created; "" while it has not.
func (s *CreateContainer) NewContainer() (id, project string) { return s.ID, s.Project }

// StartContainer starts the container that the run created, or one that is there.
type StartContainer struct {
	run.Pathless
	// ID is the container that was there; "" is the new one.
	ID string `json:"id,omitempty"`
	// WasDown says that it did not run: an undo stops it again.
	WasDown bool `json:"was_down,omitempty"`
}

func (s *StartContainer) String() string { return "start OpenAlgo" }

// StartsNew reports whether it starts the container that the run created.
func (s *StartContainer) StartsNew() bool { return s.ID == "" }

func (s *StartContainer) id(t *run.Tools) string {
	if s.ID != "" {
		return s.ID
	}
	return pair.NewID(t)
}

// Do starts it.
func (s *StartContainer) Do(ctx context.Context, t *run.Tools) error {
	err := t.Engine.Start(ctx, s.id(t))
	if errors.Is(err, engine.ErrPortTaken) {
		return portTaken(err, s.ID != "" || pair.PreviousID(t) != "")
	}
	if err != nil {
		return fmt.Errorf("start OpenAlgo: %w", err)
	}
	return nil
}

// portTaken says which port it was; before says that OpenAlgo had run with it.
func portTaken(err error, before bool) error {
	port, when := "a port", "while OpenAlgo was being installed"
	if n := engine.TakenPort(err); n != 0 {
		port = fmt.Sprintf("port %d", n)
	}
	if before {
		when = "while OpenAlgo was stopped"
	}
	return fmt.Errorf("another program took %s %s (%w)", port, when, err)
}

// Undo removes the new container, or stops one that did not run before. Until
// then nothing else is undone: it has the data and the ports, and an undo that is
// interrupted must not find a container to go forward with.
func (s *StartContainer) Undo(ctx context.Context, t *run.Tools) error {
	if s.ID == "" {
		if made := run.Find[*CreateContainer](t.Steps()); made != nil {
			return run.Halt(made.Undo(ctx, t))
		}
		return nil
	}
	if !s.WasDown {
		return nil
	}
	c, err := t.Engine.Container(ctx, s.ID)
	switch {
	case errors.Is(err, engine.ErrNotFound) || err == nil && !stacks.IsUp(c):
		return nil
	case err == nil && t.Resumed() && pair.Answers(ctx, t, c):
		t.Note(c.Name + " runs and answers, so it was not touched")
		return nil
	case err == nil:
		err = stop(ctx, t, c)
	}
	if err != nil {
		return run.Halt(fmt.Errorf("stop the container again: %w", err))
	}
	return nil
}

// Resume reports whether the container of an interrupted run runs. One that ever
// ran is started for that: it may have been in use for days.
func (s *StartContainer) Resume(ctx context.Context, t *run.Tools) bool {
	id := s.id(t)
	if id == "" || s.ID != "" && !s.WasDown {
		return false
	}
	c, err := t.Engine.Container(ctx, id)
	if err != nil || !pair.EverStarted(c) {
		return false
	}
	if stacks.IsUp(c) || s.ID != "" {
		return stacks.IsUp(c)
	}
	return !oldIsUp(ctx, t) && pair.StartAlone(ctx, t, c)
}

// oldIsUp reports whether the previous container runs: no second one may run on
// its data.
func oldIsUp(ctx context.Context, t *run.Tools) bool {
	id := pair.PreviousID(t)
	if id == "" {
		return false
	}
	c, err := t.Engine.Container(ctx, id)
	return err == nil && stacks.IsUp(c)
}

// Containers are those that the step knows.
func (s *StartContainer) Containers() []string { return []string{s.ID} }

// RenameContainer gives the new container its final name. It comes after the
// start: no name is worth a moment of downtime.
type RenameContainer struct {
	run.OnlyForward
	run.Pathless
}

func (s *RenameContainer) String() string { return "give the new container its name" }

// Do renames it.
func (s *RenameContainer) Do(ctx context.Context, t *run.Tools) error {
	err := giveName(ctx, t)
	if errors.Is(err, engine.ErrNotFound) {
		t.Note("something removed the new container. Its files and data are complete. To recreate it: " + finding.Command(t.Dir, "start"))
		err = nil
	}
	if err != nil {
		return err
	}
	t.Point("renamed")
	return nil
}

func giveName(ctx context.Context, t *run.Tools) error {
	c, err := pair.New(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the new container: %w", err)
	}
	final := run.Find[*CreateContainer](t.Steps()).Final
	if c.Name == final {
		return nil
	}
	if err := t.Engine.Rename(ctx, c.ID, final); err != nil {
		return fmt.Errorf("give the new container its name: %w", err)
	}
	return nil
}

// RemoveContainer removes a container of this instance for good.
type RemoveContainer struct {
	run.OnlyForward
	run.Pathless
	ID   string `json:"id"`
	Name string `json:"name"`
	// InOrder says that it may run, and is stopped first: OpenAlgo is uninstalled.
	InOrder bool `json:"in_order,omitempty"`
	// Began is when it was started last. A later time means that somebody uses it
	// again after an uninstall was interrupted.
	Began time.Time `json:"began,omitzero"`
}

func (s *RemoveContainer) String() string { return "remove the container " + s.Name }

// Do removes it.
func (s *RemoveContainer) Do(ctx context.Context, t *run.Tools) error {
	if s.InOrder {
		return run.Final(s.uninstall(ctx, t))
	}
	if err := t.Engine.Remove(ctx, s.ID); err != nil {
		return fmt.Errorf("remove %s: %w", s.Name, err)
	}
	t.Point("removed-old")
	return nil
}

// uninstall stops the container before it is removed.
func (s *RemoveContainer) uninstall(ctx context.Context, t *run.Tools) error {
	ended := t.Begin("stop", "stop "+s.Name)
	c, err := t.Engine.Container(ctx, s.ID)
	switch up := err == nil && stacks.IsUp(c); {
	case errors.Is(err, engine.ErrNotFound):
		err = nil
	case up && t.Resumed() && !c.StartedAt.Equal(s.Began):
		err = fmt.Errorf("%s was started again after the interrupted uninstall, so it stays. To remove it: sudo openalgo-install --dir %s uninstall", s.Name, t.Dir)
	case up:
		if err = stop(ctx, t, c); err != nil {
			err = fmt.Errorf("stopping %s: %w", s.Name, err)
		}
	}
	ended(err)
	if err != nil {
		return err
	}
	if err := t.Engine.Remove(ctx, s.ID); err != nil {
		return fmt.Errorf("removing the container: %w", err)
	}
	t.Point("uninstall-container")
	return nil
}

// Containers are those that the step knows.
func (s *RemoveContainer) Containers() []string { return []string{s.ID} }
