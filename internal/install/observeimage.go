package install

import (
	"context"
	"errors"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// imageOf is the image that a reference means for this instance: a container
// keeps the one that it runs while its tag moves on, or goes.
func (in *Installer) imageOf(ctx context.Context, o *observed, i Intent, ref string) (engine.Image, error) {
	image, err := in.Engine.Image(ctx, ref)
	gone := errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound)
	if err != nil && !gone || !staysOn(o, i, ref) || err == nil && image.ID == o.Container().ImageID ||
		gone && strings.HasPrefix(ref, rehearsal.Repository) { // that is made again
		return image, err
	}
	runs, notThere := in.Engine.Image(ctx, o.Container().ImageID)
	if notThere != nil {
		return image, err
	}
	o.Moved = !gone
	runs.Ref = ref
	return runs, nil
}

// staysOn reports whether the container was made from a reference, and keeps
// the image that this stood for then.
func staysOn(o *observed, i Intent, ref string) bool {
	c := o.Container()
	if c == nil || i.Image.Moves {
		return false
	}
	// A container that was made while the tag moved names its image by ID.
	return c.Image == ref || c.Image == c.ImageID && o.State.ImageRef == ref
}

// readSample reads the base of .env out of an image, through a container that
// is made for that and never started; nil where it has none.
func (in *Installer) readSample(ctx context.Context, image string) ([]byte, error) {
	sample, err := in.readFromImage(ctx, image, openalgo.Sample)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil // the built-in base serves
	}
	return sample, err
}
