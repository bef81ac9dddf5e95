package world

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// LookAtImage looks for the image of a reference and reads the base of .env out of it,
// through a container that is made for that and never started.
func (l *Looker) LookAtImage(ctx context.Context, o *Observation, ref string, moves bool) error {
	image, err := imageOf(ctx, l.Engine, o, ref, moves)
	if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound) {
		if o.Built != nil {
			o.Sample = o.Built.Sample
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the image %s: %w", ref, err)
	}
	o.Image = &image
	o.Sample, err = l.images().sample(ctx, image.ID)
	return err
}

// LookAtRunning looks at the image that runs.
func LookAtRunning(ctx context.Context, l *Looker, o *Observation) {
	if c := o.Container(); c != nil {
		if image, err := l.Engine.Image(ctx, c.ImageID); err == nil {
			o.Runs = &Release{Image: image}
		}
	}
}

// LookAtRelease looks at the image that runs where an intent may replace it by
// another one; what cannot be found out is left out.
func (l *Looker) LookAtRelease(ctx context.Context, o *Observation, upgrades, restores bool) {
	if !upgrades && !restores {
		return
	}
	if LookAtRunning(ctx, l, o); o.Runs == nil {
		return
	}
	c, image := o.Container(), o.Runs.Image
	if restores {
		if sample, err := l.images().read(ctx, image.ID, openalgo.Sample); err == nil {
			o.Runs.Sample = sample
		}
	}
	if !upgrades || o.Image == nil || o.Image.ID == c.ImageID {
		return
	}
	o.Runs.Version = l.images().version(ctx, image.ID)
	o.ImageVersion = l.images().version(ctx, o.Image.ID)
	if sample, err := l.images().read(ctx, image.ID, openalgo.Sample); err == nil {
		o.Runs.Sample = sample
	}
}

// LookAtMade looks at how the container was made that is taken over.
func (l *Looker) LookAtMade(ctx context.Context, o *Observation) error {
	c := o.Container()
	var err error
	if o.Made.Options, o.Made.Record, err = l.Engine.Beyond(ctx, c.ID); err != nil {
		return err
	}
	o.Made.Source, o.Made.How = image.Adopted(string(l.Dir), *c)
	if made, err := l.Engine.Image(ctx, c.ImageID); err == nil {
		o.Made.ImageEnv = made.Env
	}
	return nil
}

// imageOf is the image that a reference means for this instance: a container
// keeps the one that it runs while its tag moves on, or goes.
func imageOf(ctx context.Context, e Engine, o *Observation, ref string, moves bool) (engine.Image, error) {
	image, err := e.Image(ctx, ref)
	gone := errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound)
	if err != nil && !gone || moves || !o.StaysOn(ref) || err == nil && image.ID == o.Container().ImageID ||
		gone && spec.IsTest(ref) { // that is made again
		return image, err
	}
	runs, notThere := e.Image(ctx, o.Container().ImageID)
	if notThere != nil {
		return image, err
	}
	o.Moved = !gone
	runs.Ref = ref
	return runs, nil
}
