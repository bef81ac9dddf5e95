package install

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// releaseSeen is the image that runs, as far as a change of it needs to know.
type releaseSeen struct {
	image   engine.Image
	version string // OpenAlgo's own; "" where it is not known
	sample  []byte // its base of .env; nil where it has none, or it is not known
}

// seeRelease looks at the image that runs where an intent may replace it by
// another one; what cannot be found out is left out.
func (in *Installer) seeRelease(ctx context.Context, o *observed, i Intent) {
	c := o.container()
	if c == nil || !i.upgrades() && !i.restores() {
		return
	}
	image, err := in.Engine.Image(ctx, c.ImageID)
	if err != nil {
		return
	}
	o.runs = &releaseSeen{image: image}
	if i.restores() {
		if sample, err := in.readFromImage(ctx, image.ID, openalgo.Sample); err == nil {
			o.runs.sample = sample
		}
	}
	if !i.upgrades() || o.image == nil || o.image.ID == c.ImageID {
		return
	}
	o.runs.version = in.versionOf(ctx, image.ID)
	o.imageVersion = in.versionOf(ctx, o.image.ID)
	if sample, err := in.readFromImage(ctx, image.ID, openalgo.Sample); err == nil {
		o.runs.sample = sample
	}
}

// versionOf is OpenAlgo's own version in an image; "" where it is not known.
func (in *Installer) versionOf(ctx context.Context, image string) string {
	text, err := in.readFromImage(ctx, image, openalgo.Version)
	if err != nil {
		return ""
	}
	if m := openalgo.Release.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}
