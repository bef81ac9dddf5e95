package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// Recover completes or undoes an interrupted run, and does nothing else. After a
// reboot during a backup OpenAlgo is stopped, and Docker does not start a
// container that was stopped on purpose.
func (in *Session) Recover(ctx context.Context) (event.Result, error) {
	if !run.Owed(string(in.dir)) {
		return event.Result{Message: "nothing to do: no run was interrupted"}, nil
	}
	if err := in.tools().EngineBack(ctx); err != nil {
		return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	if err := in.acrossRestart(ctx, func(ctx context.Context) error {
		_, err := settle(ctx, in, Command{Name: "recover"})
		return err
	}); err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, Message: "the interrupted run is now complete or undone"}, nil
}

// dropTags removes those tags of a project that neither a rollback nor the running
// container needs.
func dropTags(ctx context.Context, in *Session, project string) {
	if j, err := run.Left(in.dir); err != nil || j != nil {
		return // whatever it needs stays
	}
	if needed := image.Needed(ctx, in.Engine, in.dir); needed != nil {
		image.DropTags(ctx, in.Engine, project, needed)
	}
}
