package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// wish works out what a command wants, from the present state. It is called
// under the lock: answers that were read before it would undo what another run
// did in between. It may be called several times.
type wish func(context.Context) (plan.Intent, error)

// planWish plans what a wish says, as the world is now.
func (in *Session) planWish(ctx context.Context, w wish) (*plan.Plan, error) {
	i, err := w(ctx)
	if err != nil {
		return nil, err
	}
	_, p, err := in.plan(ctx, i)
	return p, err
}

// dryRun is planWish for a person. What a killed run left is finished or undone
// first, since its answers may be half of them.
func (in *Session) dryRun(ctx context.Context, command string, w wish) (*plan.Plan, error) {
	defer in.source.Close()
	if err := in.settle(ctx, command); err != nil {
		return nil, err
	}
	return in.planWish(ctx, w)
}

// settle finishes or undoes what a killed run left.
func (in *Session) settle(ctx context.Context, command string) error {
	held, err := in.takeOver(ctx)
	if err != nil || held == nil {
		return err
	}
	defer held.Release()
	_, err = in.logged("recover", func() (event.Result, error) { return event.Result{}, in.recoverFor(ctx, command) })
	return err
}

// recoverFor is recover on behalf of a command; a restore repairs what need not
// answer before.
func (in *Session) recoverFor(ctx context.Context, command string) error {
	if command == plan.CommandRestore {
		return in.recover(ctx, mayBeBroken)
	}
	return in.recover(ctx, mustAnswer)
}
