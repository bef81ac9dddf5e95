package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
)

// newer is whether the registry has another image of the tag.
type newer struct{ there bool }

func (c *newer) look(ctx context.Context, l Look, p *patient) {
	c.there = p.container != nil && l.newerImage(ctx, p.container)
}

func (c *newer) judge(p patient) []Finding {
	if !c.there {
		return nil
	}
	return warning("upgrade", finding.Warn("image-newer", "a newer image of %s is available", p.instance.Image.Ref).With(ours("upgrade")))
}

// newerImage asks the registry; false where it cannot be asked, or the image is
// of no registry.
func (l Look) newerImage(ctx context.Context, c *engine.Container) bool {
	runs, err := l.Engine.Image(ctx, c.ImageID)
	ctx, cancel := context.WithTimeout(ctx, netTime)
	defer cancel()
	if err != nil || image.IsLocal(ctx, l.Engine, runs, c.Image) {
		return false
	}
	digest, err := l.Engine.RemoteDigest(ctx, c.Image)
	return err == nil && digest != runs.DigestIn(c.Image) && digest != runs.ID
}
