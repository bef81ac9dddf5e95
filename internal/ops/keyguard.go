package ops

import (
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// sameKeys refuses a .env that was changed since the guard has looked at it.
func sameKeys(in *Session, text []byte) error {
	s, err := in.dir.LoadState()
	if err != nil {
		return err
	}
	env, err := envfile.Parse(text)
	if err != nil {
		return fmt.Errorf("reading .env: %w", err)
	}
	if what := guard.KeyFault(&world.Observation{Env: env, State: s}); what != "" {
		return errors.New(what)
	}
	return nil
}
