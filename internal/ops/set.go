package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// Set makes the edit the user's: .env is checked by the app's own rules, the
// container swapped, verified, and put back when that fails.
func (in *Session) Set(ctx context.Context, e plan.EnvEdit) (event.Result, error) {
	if err := e.Allowed(); err != nil {
		return event.Result{}, err
	}
	return in.carryOut(ctx, "set", in.edited(e))
}

// PlanSet works out what Set would do, and changes nothing.
func (in *Session) PlanSet(ctx context.Context, e plan.EnvEdit) (*plan.Plan, error) {
	if err := e.Allowed(); err != nil {
		return nil, err
	}
	return in.dryRun(ctx, "set", in.edited(e))
}

// edited is the wish for an edit.
func (in *Session) edited(e plan.EnvEdit) wish {
	answered := in.changed("set", e.Apply)
	return func(ctx context.Context) (plan.Intent, error) {
		i, err := answered(ctx)
		i.Env = e
		return i, err
	}
}

// EnvText is .env as it stands, for an editor.
func (in *Session) EnvText(ctx context.Context) ([]byte, error) {
	text, err := in.readEnv(ctx)
	if err == nil && text == nil {
		err = finding.Errorf(finding.HostNotReady, "there is no %s: --dir names another directory", in.dir.Env())
	}
	return text, err
}
