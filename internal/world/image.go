package world

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// LookAtImage looks for the image of a reference and reads the base of .env out of it,
// through a container that is made for that and never started.
func (l *Looker) LookAtImage(ctx context.Context, o *Observation, ref string, moves bool) error {
	image, err := l.imageOf(ctx, o, ref, moves)
	if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound) {
		if o.Built != nil && o.Built.Src != nil {
			o.Sample, _ = o.Built.Src.Read(".sample.env") // the image will have the same
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the image %s: %w", ref, err)
	}
	o.Image = &image
	o.Sample, err = l.sampleOf(ctx, image.ID)
	return err
}

// ReadFromImage reads one file of an image; nothing in the image runs.
func (l *Looker) ReadFromImage(ctx context.Context, image, path string) ([]byte, error) {
	id, discard, err := helper.Create(ctx, l.Engine, string(l.Dir), engine.ContainerSpec{
		Image: image, Entrypoint: []string{"/none"}, NetworkMode: "none",
	})
	if err != nil {
		return nil, fmt.Errorf("looking into the image: %w", err)
	}
	defer discard()
	return l.Engine.ReadFile(ctx, id, path, 1<<20)
}

// imageOf is the image that a reference means for this instance: a container
// keeps the one that it runs while its tag moves on, or goes.
func (l *Looker) imageOf(ctx context.Context, o *Observation, ref string, moves bool) (engine.Image, error) {
	image, err := l.Engine.Image(ctx, ref)
	gone := errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrImageNotFound)
	if err != nil && !gone || moves || !o.StaysOn(ref) || err == nil && image.ID == o.Container().ImageID ||
		gone && strings.HasPrefix(ref, rehearsal.Repository) { // that is made again
		return image, err
	}
	runs, notThere := l.Engine.Image(ctx, o.Container().ImageID)
	if notThere != nil {
		return image, err
	}
	o.Moved = !gone
	runs.Ref = ref
	return runs, nil
}

// readSample reads the base of .env out of an image, through a container that
// is made for that and never started; nil where it has none.
func (l *Looker) readSample(ctx context.Context, image string) ([]byte, error) {
	sample, err := l.ReadFromImage(ctx, image, openalgo.Sample)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil // the built-in base serves
	}
	return sample, err
}

// sampleOf is the .sample.env of an image, nil where it has none.
func (l *Looker) sampleOf(ctx context.Context, id string) ([]byte, error) {
	if sample, known := l.samples[id]; known {
		return sample, nil
	}
	sample, err := l.readSample(ctx, id)
	if err != nil {
		return nil, err
	}
	if l.samples == nil {
		l.samples = map[string][]byte{}
	}
	l.samples[id] = sample
	return sample, nil
}

// Release is the image that runs, as far as a change of it needs to know.
type Release struct {
	Image   engine.Image
	Version string // OpenAlgo's own; "" where it is not known
	Sample  []byte // its base of .env; nil where it has none, or it is not known
}

// LookAtRelease looks at the image that runs where an intent may replace it by
// another one; what cannot be found out is left out.
func (l *Looker) LookAtRelease(ctx context.Context, o *Observation, upgrades, restores bool) {
	c := o.Container()
	if c == nil || !upgrades && !restores {
		return
	}
	image, err := l.Engine.Image(ctx, c.ImageID)
	if err != nil {
		return
	}
	o.Runs = &Release{Image: image}
	if restores {
		if sample, err := l.ReadFromImage(ctx, image.ID, openalgo.Sample); err == nil {
			o.Runs.Sample = sample
		}
	}
	if !upgrades || o.Image == nil || o.Image.ID == c.ImageID {
		return
	}
	o.Runs.Version = l.versionOf(ctx, image.ID)
	o.ImageVersion = l.versionOf(ctx, o.Image.ID)
	if sample, err := l.ReadFromImage(ctx, image.ID, openalgo.Sample); err == nil {
		o.Runs.Sample = sample
	}
}

// versionOf is OpenAlgo's own version in an image; "" where it is not known.
func (l *Looker) versionOf(ctx context.Context, image string) string {
	text, err := l.ReadFromImage(ctx, image, openalgo.Version)
	if err != nil {
		return ""
	}
	if m := openalgo.Release.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// Made is how another tool made a container.
type Made struct {
	Options  []string // beside image, mounts, ports and variables, as docker run has them
	ImageEnv []string // of its image
}

// LookAtMade looks at how the container was made that is taken over.
func (l *Looker) LookAtMade(ctx context.Context, o *Observation) error {
	c := o.Container()
	options, _, err := l.Engine.Beyond(ctx, c.ID)
	if err != nil {
		return err
	}
	o.Made.Options = options
	if image, err := l.Engine.Image(ctx, c.ImageID); err == nil {
		o.Made.ImageEnv = image.Env
	}
	return nil
}

// userOf is the number of an image's user, "" where it is not known. A name
// is looked up in the image's own list.
func (l *Looker) userOf(ctx context.Context, image, user string) string {
	user, _, _ = strings.Cut(user, ":")
	switch {
	case user == "" || user == "root":
		return "0"
	case strings.Trim(user, "0123456789") == "":
		return user
	}
	list, err := l.ReadFromImage(ctx, image, "/etc/passwd")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(list)) {
		if fields := strings.Split(line, ":"); len(fields) > 2 && fields[0] == user {
			return strings.TrimSpace(fields[2])
		}
	}
	return ""
}

// StaysOn reports whether the container was made from a reference: it keeps the
// image that this stood for then.
func (o *Observation) StaysOn(ref string) bool {
	c := o.Container()
	// A container that was made while the tag moved names its image by ID.
	return c != nil && (c.Image == ref || c.Image == c.ImageID && o.State.ImageRef == ref)
}
