package engine

import (
	"fmt"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/registry"
)

// hubKey is the name under which docker login keeps Docker Hub's credentials.
const hubKey = "https://index.docker.io/v1/"

// registryAuth finds the credentials for an image's registry in docker's
// config, its credsStore and credHelpers included, encoded as the API wants
// them; "" when there are none.
func (e images) registryAuth(named reference.Named) (string, error) {
	host := reference.Domain(named)
	key := host
	if host == "docker.io" {
		key = hubKey
	}
	found, err := e.config.GetAuthConfig(key)
	if err != nil {
		return "", fmt.Errorf("cannot read Docker's stored login for %s: %w", host, err)
	}
	auth := registry.AuthConfig{
		Username: found.Username, Password: found.Password, Auth: found.Auth, ServerAddress: found.ServerAddress,
		IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
	}
	if auth == (registry.AuthConfig{}) || auth == (registry.AuthConfig{ServerAddress: found.ServerAddress}) {
		return "", nil
	}
	return registry.EncodeAuthConfig(auth)
}
