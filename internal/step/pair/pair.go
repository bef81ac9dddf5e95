// Package pair is what the steps of a run ask about its two containers: the previous
// one, which ran before, and the new one, which takes its place.
package pair

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// stopper is the step that stops the previous container.
type stopper interface {
	run.Step
	PreviousContainer() string
}

// creator is the step that creates the new container; id is "" until it has.
type creator interface {
	run.Step
	NewContainer() (id, project string)
}

// starter is the step that starts a container.
type starter interface {
	run.Step
	StartsNew() bool
}

// PreviousID is the ID of the container that ran before; "" where none did.
func PreviousID(t *run.Tools) string {
	if s := run.Find[stopper](t.Steps()); s != nil {
		return s.PreviousContainer()
	}
	return ""
}

// NewID is the ID of the container that the run created; "" while there is none.
func NewID(t *run.Tools) string {
	id, _ := created(t.Steps())
	return id
}

// HasNew reports whether steps that began created a container.
func HasNew(begun []run.Step) bool {
	id, _ := created(begun)
	return id != ""
}

// Project is the Compose project of the container that the run creates.
func Project(t *run.Tools) string {
	_, project := created(t.Steps())
	return project
}

func created(steps []run.Step) (id, project string) {
	if s := run.Find[creator](steps); s != nil {
		return s.NewContainer()
	}
	return "", ""
}

// New looks at the container that the run created.
func New(ctx context.Context, t *run.Tools) (engine.Container, error) {
	id := NewID(t)
	if id == "" {
		return engine.Container{}, engine.ErrNotFound
	}
	return t.Engine.Container(ctx, id)
}

// StartBegan reports whether the new container may have begun to run.
func StartBegan(t *run.Tools) bool {
	s := run.Find[starter](t.Begun())
	return s != nil && s.StartsNew()
}

// Answers waits until a container is ready, or certainly fails.
func Answers(ctx context.Context, t *run.Tools, c engine.Container) bool {
	ctx, cancel := context.WithTimeout(ctx, t.UndoLimit)
	defer cancel()
	return t.AcrossRestart(ctx, func(ctx context.Context) error {
		_, err := t.App.Ready(ctx, c.ID, instance.Glance(t.Dir).SetupDone, true)
		return err
	}) == nil
}

// EverStarted reports whether a container ran at any time: Docker's zero is
// the year 1.
func EverStarted(c engine.Container) bool { return c.StartedAt.Year() > 2000 }
