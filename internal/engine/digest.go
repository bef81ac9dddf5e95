package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/registry"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// RemoteDigest asks an image's registry, through the engine, which digest its
// reference has now. Nothing is pulled.
func (e images) RemoteDigest(ctx context.Context, ref string) (string, error) {
	found, err := e.askRegistry(ctx, ref)
	return found.Descriptor.Digest.String(), err
}

// RemotePlatforms asks an image's registry for which platforms it has one, such as
// linux/arm64. Nothing is pulled.
func (e images) RemotePlatforms(ctx context.Context, ref string) (platforms []string, err error) {
	found, err := e.askRegistry(ctx, ref)
	for _, p := range found.Platforms {
		platforms = append(platforms, p.OS+"/"+p.Architecture)
	}
	return platforms, err
}

func (e images) askRegistry(ctx context.Context, ref string) (none registry.DistributionInspect, err error) {
	if e.info.Podman { // it answers "Not Found" to the question
		return none, refusal([]error{ErrNotAsked}, []finding.Hint{finding.Run("Run upgrade, which pulls the image. If OpenAlgo runs that image already, nothing changes", "upgrade")},
			"Podman cannot check a registry for a newer image without a pull")
	}
	ctx, cancel := e.change(ctx) // the registry may be slow
	defer cancel()
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return none, fmt.Errorf("%s is not an image reference: %w", ref, err)
	}
	auth, err := e.registryAuth(named)
	if err != nil {
		return none, err
	}
	found, err := e.api.DistributionInspect(ctx, reference.TagNameOnly(named).String(), auth)
	// Docker Hub does not tell a private image from none.
	if err != nil && noImage.MatchString(daemonText(err)) && !strings.Contains(err.Error(), "may require") {
		return none, fail([]error{ErrImageNotFound, err}, "the registry %s has no image %s", reference.Domain(named), ref)
	}
	if err != nil {
		return none, e.explain(ctx, "ask the registry about "+ref, err)
	}
	return found, nil
}
