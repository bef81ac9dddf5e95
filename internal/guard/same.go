package guard

import (
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// SameKeys refuses a .env that was changed since the guard has looked at it.
func SameKeys(s instance.State, text []byte) error {
	env, err := envfile.Parse(text)
	if err != nil {
		return fmt.Errorf("reading .env: %w", err)
	}
	if what := KeyFault(&world.Observation{Env: env, State: s}); what != "" {
		return errors.New(what)
	}
	return nil
}
