package install

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// releaseSeen is the image that runs, as far as a change of it needs to know.
type releaseSeen struct {
	Image   engine.Image
	Version string // OpenAlgo's own; "" where it is not known
	Sample  []byte // its base of .env; nil where it has none, or it is not known
}

// seeRelease looks at the image that runs where an intent may replace it by
// another one; what cannot be found out is left out.
func (in *Installer) seeRelease(ctx context.Context, o *observed, i Intent) {
	c := o.Container()
	if c == nil || !i.upgrades() && !i.restores() {
		return
	}
	image, err := in.Engine.Image(ctx, c.ImageID)
	if err != nil {
		return
	}
	o.Runs = &releaseSeen{Image: image}
	if i.restores() {
		if sample, err := in.readFromImage(ctx, image.ID, openalgo.Sample); err == nil {
			o.Runs.Sample = sample
		}
	}
	if !i.upgrades() || o.Image == nil || o.Image.ID == c.ImageID {
		return
	}
	o.Runs.Version = in.versionOf(ctx, image.ID)
	o.ImageVersion = in.versionOf(ctx, o.Image.ID)
	if sample, err := in.readFromImage(ctx, image.ID, openalgo.Sample); err == nil {
		o.Runs.Sample = sample
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
