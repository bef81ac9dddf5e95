package image

import (
	"context"
	"errors"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
)

// Registry is what asks a registry which digest a reference has there.
type Registry interface {
	Info() engine.Info
	RemoteDigest(ctx context.Context, ref string) (string, error)
}

// IsLocal reports whether the registry of a reference does not have the image: it
// was built or loaded here. Docker's own store keeps the digest of what came from a
// registry or went there, and of that alone. containerd's store forgets it with the
// name, and gives one to every image that has a name: there the registry is asked.
// An answer that does not come counts as its yes: whoever pulls then is told.
// Podman gives a digest to every image, too, and asks no registry: there those
// alone are known that it named "localhost" itself.
func IsLocal(ctx context.Context, r Registry, i engine.Image, ref string) bool {
	info := r.Info()
	if !info.Containerd || info.Podman {
		return i.DigestIn(ref) == "" || info.Podman && strings.HasPrefix(ref, "localhost/")
	}
	_, err := r.RemoteDigest(ctx, spec.RepositoryOf(ref)+"@"+i.ID)
	return errors.Is(err, engine.ErrImageNotFound)
}

// InRegistry reports whether a registry certainly has an image under a repository:
// it can be pulled again.
func InRegistry(ctx context.Context, r Registry, i engine.Image, repository string) bool {
	digest := i.DigestIn(repository)
	if digest == "" || !r.Info().Containerd && !r.Info().Podman {
		return digest != ""
	}
	_, err := r.RemoteDigest(ctx, repository+"@"+digest)
	return err == nil
}
