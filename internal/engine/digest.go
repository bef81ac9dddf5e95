package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// RemoteDigest asks an image's registry, through the engine, which digest its
// reference has now. Nothing is pulled.
func (e images) RemoteDigest(ctx context.Context, ref string) (string, error) {
	if e.info.Podman { // it answers "Not Found" to the question
		return "", refusal([]error{ErrNotAsked}, []finding.Hint{finding.Run("Upgrade, which pulls the image. Where that image runs already, nothing changes", "upgrade")},
			"Podman cannot ask a registry which image it has now, without a pull")
	}
	ctx, cancel := e.change(ctx) // the registry may be slow
	defer cancel()
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("%s is not an image reference: %w", ref, err)
	}
	auth, err := e.registryAuth(named)
	if err != nil {
		return "", err
	}
	found, err := e.api.DistributionInspect(ctx, reference.TagNameOnly(named).String(), auth)
	// Docker Hub does not tell a private image from none.
	if err != nil && noImage.MatchString(daemonText(err)) && !strings.Contains(err.Error(), "may require") {
		return "", fail([]error{ErrImageNotFound, err}, "the registry %s has no image %s", reference.Domain(named), ref)
	}
	if err != nil {
		return "", e.explain(ctx, "ask the registry about "+ref, err)
	}
	return found.Descriptor.Digest.String(), nil
}
