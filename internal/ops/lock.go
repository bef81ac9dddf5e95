package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// takeOver returns the lock when an unfinished run left a journal, or when
// another run was under way and has ended; nil when all is quiet.
func takeOver(ctx context.Context, in *Session, c Command) (*instance.Lock, error) {
	if !in.dir.WasLocked() && !in.dir.HasJournal() {
		return nil, nil // nobody was ever here
	}
	held, _, err := in.dir.TryLock()
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	if held == nil {
		return in.dir.Lock(ctx, in.note)
	}
	j, err := run.Left(in.dir)
	if c.deletes && run.IsDamaged(err) { // what it says is deleted with all else
		err = nil
	}
	if err == nil && j != nil {
		held.Sign()
		return held, nil
	}
	if err == nil {
		in.tidy(ctx)
	}
	held.Release()
	return nil, err
}

// settle finishes or undoes what a killed run left.
func settle(ctx context.Context, in *Session, c Command) error {
	held, err := takeOver(ctx, in, c)
	if err != nil || held == nil {
		return err
	}
	defer held.Release()
	_, err = in.logged("recover", func() (event.Result, error) { return event.Result{}, recoverLeft(ctx, in, c.mayBeBroken) })
	return err
}
