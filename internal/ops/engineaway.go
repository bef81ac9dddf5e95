package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Owed reports whether a run in dir was interrupted and has to be completed or
// undone.
func Owed(dir string) bool {
	j, err := readJournal(instance.Dir(dir))
	return j != nil || err != nil
}

// Recover completes or undoes an interrupted run, and does nothing else. After a
// reboot during a backup OpenAlgo is stopped, and Docker does not start a
// container that was stopped on purpose.
func (in *Session) Recover(ctx context.Context) (event.Result, error) {
	if !Owed(string(in.dir)) {
		return event.Result{Message: "nothing to do: no run was interrupted"}, nil
	}
	if err := in.tools().EngineBack(ctx); err != nil {
		return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	if err := in.acrossRestart(ctx, func(ctx context.Context) error { return in.settle(ctx, Command{Name: "recover"}) }); err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, Message: "the interrupted run is now complete or undone"}, nil
}
