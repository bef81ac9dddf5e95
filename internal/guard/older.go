package guard

import (
	backup "github.com/marketcalls/openalgo-install/internal/backup/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	image "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Older refuses an image, id by the name ref, that is older than the data of a backup:
// migrations only go forward (docs/openalgo-facts.md 9.3). published says that it is
// from a registry.
func Older(o *world.Observation, m backup.Manifest, id, ref string, published bool) error {
	if id == "" || id == m.Image.ID {
		return nil // looked at again once it is here
	}
	release, sample := o.Image, o.Sample
	if o.Runs != nil && o.Runs.Image.ID == id {
		release, sample = &o.Runs.Image, o.Runs.Sample
	}
	if release == nil || release.ID != id {
		return finding.Named(finding.HostNotReady, "image-missing", "Docker no longer has the image %s, so openalgo-install cannot tell whether it is older than the data", ref).
			With(finding.Shell("Pull the image, then run the same command again", "docker pull "+ref)).Ending(finding.Unchanged)
	}
	version := ""
	if base, err := envfile.Parse(sample); err == nil && sample != nil {
		version, _ = base.Get(openalgo.ConfigVersion)
	}
	older := envfile.OlderVersion(version, m.EnvConfig) && version != ""
	made := release.Created.Before(m.Image.Created) && published
	if !older && !made {
		return nil
	}
	newer := m.Image.Ref // what was built on a machine has no digest
	if m.Image.Digest != "" {
		newer = image.RepositoryOf(m.Image.Ref) + "@" + m.Image.Digest
	}
	return finding.Named(finding.HostNotReady, "image-older", "the image %s is older than the data in this backup (image of %s, data from one of %s). "+
		"An older OpenAlgo cannot read newer data. Use `--image %s` or a newer one", ref, market.Day(release.Created), market.Day(m.Image.Created), newer)
}
