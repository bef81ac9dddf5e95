package guard

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Recreates reports whether a start recreates the container: it is gone, or was
// created for the place where the directory was.
func Recreates(o *world.Observation) bool {
	return o.State.IsOurs() && Engine(o) == nil && Project(o) == nil && (o.Container() == nil || o.MovedFrom() != "")
}

// Start refuses to recreate a container whose data is gone.
func Start(o *world.Observation) error {
	if len(o.Data) > 0 {
		return nil
	}
	return finding.Named(finding.HostNotReady, "data-missing", "the data of this instance is gone\n\nStarting it now would create an empty one.").
		With(finding.Run("Restore a backup, with its accounts and keys", "restore", "FILE"),
			finding.Run("Begin with an empty OpenAlgo. The accounts and settings of this one do not come back", "--answers", o.Dir.Path(instance.AnswersName))).
		Ending(finding.Unchanged)
}
