package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
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
		return in.dir.Lock(ctx, c.Name, in.note)
	}
	j, err := run.Left(in.dir)
	if c.deletes && run.IsDamaged(err) { // what it says is deleted with all else
		err = nil
	}
	if err == nil && j != nil {
		held.Sign(c.Name)
		return held, nil
	}
	if err == nil {
		in.tidy(ctx)
	}
	held.Release()
	return nil, err
}

// settle waits for the end of a run that is under way, and finishes or undoes what a
// killed run left. purged says that it completed a purge.
func settle(ctx context.Context, in *Session, c Command) (purged bool, err error) {
	held, err := takeOver(ctx, in, c)
	if err != nil || held == nil {
		return false, err
	}
	defer held.Release()
	if c.deletes {
		return false, nil
	}
	_, err = in.logged("recover", func() (_ event.Result, err error) {
		purged, err = finishLeft(ctx, in, c)
		return event.Result{}, err
	})
	return purged, err
}

// finishLeft finishes or undoes what a killed run left. Of a purge nothing but the
// directory is left.
func finishLeft(ctx context.Context, in *Session, c Command) (purged bool, err error) {
	j, _ := run.Left(in.dir) // recover says what is wrong with it
	return j != nil && j.Command == plan.CommandPurge, recoverLeft(ctx, in, c.mayBeBroken)
}
