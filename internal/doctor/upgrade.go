package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/autoupgrade"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	imagespec "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
)

// newer is whether the registry has another image of the tag; nil: it could not be
// asked.
type newer struct {
	there    *bool
	security bool // that image closes a security hole
}

func (c *newer) look(ctx context.Context, l Look, p *patient) {
	if p.container != nil {
		c.there, c.security = l.newerImage(ctx, p.container)
	}
}

func (c *newer) judge(p patient) []Finding {
	switch {
	case p.container == nil:
		return nil
	case c.there == nil:
		return unseen(ok("upgrade", "the registry was not asked for a newer image of %s", p.instance.Image.Ref), "image-newer", "security-release")
	case !*c.there:
		return nil
	case c.security:
		return warning("upgrade", finding.Warn("security-release", "a newer image of %s is available, and it closes a security hole", p.instance.Image.Ref).With(ours("upgrade")))
	}
	return warning("upgrade", finding.Warn("image-newer", "a newer image of %s is available", p.instance.Image.Ref).With(ours("upgrade")))
}

// newerImage asks the registry; nil where it does not answer. An image of no registry
// has none that is newer. Whether a release closes a security hole is in the image
// itself: that is known once it was pulled, which automatic upgrades do every night.
func (l Look) newerImage(ctx context.Context, c *engine.Container) (newer *bool, security bool) {
	runs, err := l.Engine.Image(ctx, c.ImageID)
	ctx, cancel := context.WithTimeout(ctx, netTime)
	defer cancel()
	there := false
	if err != nil || image.IsLocal(ctx, l.Engine, runs, c.Image) {
		return &there, false
	}
	ref := autoupgrade.Follows(instance.Dir(l.Dir), c.Image)
	digest, err := l.Engine.RemoteDigest(ctx, ref)
	if err != nil {
		return nil, false
	}
	if there = digest != runs.DigestIn(ref) && digest != runs.ID; !there {
		return &there, false
	}
	if s := autoupgrade.Load(instance.Dir(l.Dir)); s != nil && s.Seen.Digest == digest {
		return &there, s.Seen.Security
	}
	found, err := l.Engine.Image(ctx, imagespec.RepositoryOf(ref)+"@"+digest)
	return &there, err == nil && found.Labels[autoupgrade.LabelSecurity] != ""
}

// upgrades are whether automatic upgrades are made, where their owner wants them.
type upgrades struct {
	unread  error
	problem string
}

func (c *upgrades) look(ctx context.Context, l Look, _ *patient) {
	s, err := autoupgrade.Read(instance.Dir(l.Dir))
	if c.unread = err; err == nil && s != nil && s.On {
		c.problem = later.UpgradesProblem(ctx, l.Dir)
	}
}

func (c *upgrades) judge(patient) []Finding {
	switch {
	case c.unread != nil:
		return of("upgrades", Warning, finding.Warn(finding.IDOf(c.unread), "%s", c.unread.Error()).With(finding.HintsOf(c.unread)...))
	case c.problem != "":
		return warning("upgrades", finding.Warn("auto-upgrade-timer", "automatic upgrades are on, and none is made: %s", c.problem).With(ours("upgrade", "--auto")))
	}
	return nil
}
