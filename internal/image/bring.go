// Package image brings images to Docker: it pulls them, builds them from source,
// or makes the one of the test app. It keeps the tags that a rollback needs.
package image

import (
	"context"
	"errors"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

// Bringer brings images, and reports how far it is.
type Bringer struct {
	Engine Docker
	Report event.Reporter
	Clean  func(line string) string // makes a line of a log fit to be shown
}

// Want is an image that a plan needs.
type Want = spec.Want

// Bring pulls the image, builds it from a source, or makes that of the test app.
func (b Bringer) Bring(ctx context.Context, w Want, from *Source) error {
	title := "bring the image "
	switch {
	case w.IsBuilt():
		title = "build the image "
	case w.IsLoaded():
		title = "load the image "
	}
	end := event.Begin(b.Report, step, title+w.Ref)
	err := b.bring(ctx, w, from)
	end(err)
	return err
}

func (b Bringer) bring(ctx context.Context, w Want, from *Source) error {
	var err error
	switch {
	case w.Test:
		err = importTest(ctx, b.Engine, w.Ref)
	case w.IsBuilt():
		if err = b.build(ctx, w.Built, from.opened, w.Project); err != nil {
			return buildError(w.Ref, err, b.Clean)
		}
	case w.IsLoaded():
		return load(ctx, b.Engine, w.Ref, from.file)
	default:
		_, err = b.Engine.Pull(ctx, w.Ref, b.Progress(step))
	}
	if err != nil {
		return pullError(w.Ref, err)
	}
	return nil
}

// step is the name of what is done, in events.
const step = "image"

// Pull pulls the newest image of a reference.
func (b Bringer) Pull(ctx context.Context, ref string) (engine.Image, error) {
	end := event.Begin(b.Report, step, "bring the image "+ref)
	image, err := b.Engine.Pull(ctx, ref, b.Progress(step))
	end(err)
	if err != nil {
		return image, pullError(ref, err)
	}
	return image, nil
}

// Progress reports a pull, as a part of a step.
func (b Bringer) Progress(step string) func(event.PullProgress) {
	report := b.pulled(step)
	return func(p event.PullProgress) { report("", p) }
}

// pulled reports the pulls of a step, one after the other. message names the image
// where the step does not.
func (b Bringer) pulled(step string) func(message string, p event.PullProgress) {
	gauge, of := &meter.Gauge{}, ""
	return func(message string, p event.PullProgress) {
		if message != of {
			gauge, of = &meter.Gauge{}, message
		}
		gauge.ID, gauge.Unit = step, event.Bytes
		now := time.Now()
		m := gauge.Read(now, p.Current, p.Total)
		b.Report.Report(event.Event{Type: event.TypeProgress, Time: now, Step: step, Message: message, Progress: &p, Meter: &m})
	}
}

func pullError(ref string, err error) error {
	switch {
	case errors.Is(err, engine.ErrLoginNeeded):
		return finding.Named(finding.Failed, "login-needed", "the registry needs a login for %s (nothing was changed): docker login, then run the same command again: %w", ref, err)
	case errors.Is(err, engine.ErrImageNotFound), errors.Is(err, engine.ErrNotFound):
		return finding.Named(finding.Failed, "image-missing", "there is no image %s (nothing was changed): check image.ref in the answers, name and tag: %w", ref, err)
	default:
		return finding.Named(finding.Failed, "pull-failed", "get the image %s (nothing was changed): %w", ref, err)
	}
}
