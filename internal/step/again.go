package step

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[StartAgain]("container.again")
	run.Register[StopForGood]("container.down")
}

// StartAgain starts a container and waits until it answers. A run ends with it,
// whatever came before.
type StartAgain struct {
	run.OnlyForward
	run.Pathless
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *StartAgain) String() string { return "start " + s.Name + " and wait until OpenAlgo answers" }

// Do starts it. What does not get ready stays as it is: nothing is left to
// complete.
func (s *StartAgain) Do(ctx context.Context, t *run.Tools) error {
	ended := t.Begin("start", s.String())
	err := t.AcrossRestart(ctx, func(ctx context.Context) error {
		err := s.start(ctx, t)
		// With restart: unless-stopped only a Docker that was ended stops it for good,
		// and may be back before anyone noticed.
		if now, gone := t.Engine.Container(ctx, s.ID); err != nil && gone == nil && now.State == "exited" {
			t.Note(s.Name + " stopped during its start. Starting it again")
			err = s.start(ctx, t)
		}
		return err
	})
	ended(err)
	return run.Final(err)
}

func (s *StartAgain) start(ctx context.Context, t *run.Tools) error {
	if err := t.Engine.Start(ctx, s.ID); err != nil {
		return err
	}
	_, err := t.App.Ready(ctx, s.ID, false, false)
	return err
}

// Containers are those that the step knows.
func (s *StartAgain) Containers() []string { return []string{s.ID} }

// StopForGood stops a container that nobody starts again.
type StopForGood struct {
	run.OnlyForward
	run.Pathless
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *StopForGood) String() string { return "stop " + s.Name }

// Do stops it. Days after the user asked for it, this is no time to stop it: Docker
// has carried out the stop, or was never asked for it.
func (s *StopForGood) Do(ctx context.Context, t *run.Tools) error {
	if t.Resumed() {
		return nil
	}
	ended := t.Begin("stop", s.String())
	err := t.AcrossRestart(ctx, func(ctx context.Context) error {
		c, err := t.Engine.Container(ctx, s.ID)
		if errors.Is(err, engine.ErrNotFound) {
			return nil
		}
		if err == nil {
			err = stop(ctx, t, c)
		}
		return err
	})
	ended(err)
	if err != nil {
		return run.Final(fmt.Errorf("stopping %s: %w", s.Name, err))
	}
	return nil
}

// Containers are those that the step knows.
func (s *StopForGood) Containers() []string { return []string{s.ID} }
