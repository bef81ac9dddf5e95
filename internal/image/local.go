package image

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Registry is what asks a registry which digest a reference has there.
type Registry interface {
	RemoteDigest(ctx context.Context, ref string) (string, error)
}

// IsLocal reports whether the registry of a reference does not have the image: it
// was built or loaded here. Docker's own store gives a digest only to what came from
// a registry or went there. containerd's store, the default since Docker 29, gives
// every image one, which is its ID; there the registry is asked, and an answer that
// does not come counts as a yes of the registry: whoever pulls then is told.
func IsLocal(ctx context.Context, r Registry, i engine.Image, ref string) bool {
	digest := i.DigestIn(ref)
	if digest == "" || digest != i.ID {
		return digest == ""
	}
	_, err := r.RemoteDigest(ctx, RepositoryOf(ref)+"@"+digest)
	return errors.Is(err, engine.ErrImageNotFound)
}
