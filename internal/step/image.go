package step

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() { run.Register[RemoveImage]("image.remove") }

// RemoveImage removes an image that nothing needs, by its names. It is only ever
// completed: an image comes from its registry or its source again when it is needed.
type RemoveImage struct {
	run.OnlyForward
	run.Pathless
	ID    string   `json:"id"`
	Names []string `json:"names,omitempty"` // none: it is removed by its ID
}

func (s *RemoveImage) String() string {
	return "remove the image " + cmp.Or(strings.Join(s.Names, ", "), s.ID)
}

// Do removes it. One that a container was created from since stays, and a name that
// stands for another image by now; whatever else Docker refuses is told, and is no
// reason to try again.
func (s *RemoveImage) Do(ctx context.Context, t *run.Tools) error {
	all, err := t.Engine.Containers(ctx)
	if err != nil {
		return fmt.Errorf("find containers that use %s: %w", s.ID, err)
	}
	for _, c := range all {
		if c.ImageID == s.ID {
			t.Note(fmt.Sprintf("the image of %s stays: it is in use", c.Name))
			return nil
		}
	}
	names := s.Names
	if len(names) == 0 {
		names = []string{s.ID}
	}
	for _, name := range names {
		now, err := t.Engine.Image(ctx, name)
		if err == nil && now.ID == s.ID {
			err = t.Engine.RemoveImage(ctx, name)
			t.Point("image-removed")
		}
		switch {
		case errors.Is(err, engine.ErrUnreachable):
			return err
		case err != nil && !errors.Is(err, engine.ErrImageNotFound):
			t.Note(fmt.Sprintf("the image %s stays: %v", name, err))
		}
	}
	return nil
}
