package settings

import (
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/templates"
)

// containerKeys have one right value in our container, whatever .env said
// before: what listens where, and what is no development server
// (docs/openalgo-facts.md 1.7, 5.1).
var containerKeys = []string{"FLASK_HOST_IP", "FLASK_PORT", "FLASK_DEBUG", "FLASK_ENV", "WEBSOCKET_HOST", "WEBSOCKET_PORT"}

// FromEnvironment are the settings that a container has as variables and .env has
// not: by env_file, or by a panel such as Coolify or Portainer. OpenAlgo goes by them.
// image are the variables that its image brings.
func FromEnvironment(env *envfile.File, container, image []string) (out []Var) {
	base, err := envfile.Parse(templates.Env())
	if env == nil || err != nil {
		return nil
	}
	given := map[string]string{}
	for _, pair := range container {
		if key, value, ok := strings.Cut(pair, "="); ok && value != "" && !slices.Contains(image, pair) {
			given[key] = value
		}
	}
	ours := slices.Concat(containerKeys, sizing.EnvKeys(), []string{openalgo.ConfigVersion})
	for _, key := range base.Keys() { // the pepper before the salt
		_, have := env.Get(key)
		if value, ok := given[key]; ok && !have && !slices.Contains(ours, key) {
			out = append(out, Var{key, secret.New(value)})
		}
	}
	return out
}

// With returns a .env with further settings, nil where there is none; the one that is
// given stays as it is.
func With(env *envfile.File, further []Var) (*envfile.File, error) {
	if env == nil {
		return nil, nil
	}
	out := env.Clone()
	for _, v := range further {
		if err := keys.Set(out, v.Key, v.Value.Reveal()); err != nil {
			return nil, finding.Named(finding.HostNotReady, "setting-invalid", "cannot write a variable of the container to .env: %w", err).Ending(finding.Unchanged)
		}
	}
	return out, nil
}
