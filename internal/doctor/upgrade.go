package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
)

// newer is whether the registry has another image of the tag; nil: it could not be
// asked.
type newer struct{ there *bool }

func (c *newer) look(ctx context.Context, l Look, p *patient) {
	if p.container != nil {
		c.there = l.newerImage(ctx, p.container)
	}
}

func (c *newer) judge(p patient) []Finding {
	switch {
	case p.container == nil:
		return nil
	case c.there == nil:
		return unseen(ok("upgrade", "the registry was not asked for a newer image of %s", p.instance.Image.Ref), "image-newer")
	case !*c.there:
		return nil
	}
	return warning("upgrade", finding.Warn("image-newer", "a newer image of %s is available", p.instance.Image.Ref).With(ours("upgrade")))
}

// newerImage asks the registry; nil where it does not answer. An image of no registry
// has none that is newer.
func (l Look) newerImage(ctx context.Context, c *engine.Container) *bool {
	runs, err := l.Engine.Image(ctx, c.ImageID)
	ctx, cancel := context.WithTimeout(ctx, netTime)
	defer cancel()
	there := false
	if err != nil || image.IsLocal(ctx, l.Engine, runs, c.Image) {
		return &there
	}
	digest, err := l.Engine.RemoteDigest(ctx, c.Image)
	if there = digest != runs.DigestIn(c.Image) && digest != runs.ID; err != nil {
		return nil
	}
	return &there
}
