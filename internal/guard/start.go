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
			finding.Run("Start with an empty OpenAlgo. Its accounts and settings are gone for good", "--answers", o.Dir.Path(instance.AnswersName))).
		Ending(finding.Unchanged)
}
