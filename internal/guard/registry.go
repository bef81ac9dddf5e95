package guard

import (
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Registry refuses to ask a registry for an image that never was in one: it may
// have another image of the same name.
func Registry(o *world.Observation, ref string) error {
	named, err := reference.ParseNormalizedNamed(ref)
	// Docker Hub's own images, which have names without a slash, are not OpenAlgo.
	local := err == nil && reference.Domain(named) == "docker.io" && strings.HasPrefix(reference.Path(named), "library/")
	if !local && (o.Runs == nil || !o.Runs.Local) {
		return nil // it was in one, or nobody can tell
	}
	refusal := finding.Named(finding.HostNotReady, "image-local", "the image %s was built or loaded on this machine\n\nNo registry has it, so there is no newer image to pull.", ref)
	if !local && o.Engine.Containerd { // the registry was asked
		refusal = refusal.With(finding.Run("If it came from that registry, the registry has removed it", "upgrade", "--to", ref))
	}
	return refusal.
		With(finding.Run("Switch to published releases", "upgrade", "--to", answers.DefaultImage),
			finding.Shell("To build it from a checkout, write this into openalgo-install.yaml, then upgrade", "image: {source: path, path: /path/to/openalgo}")).
		Ending(finding.Unchanged)
}
