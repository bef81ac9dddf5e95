package guard

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// MayReplace refuses to begin where the instance's files cannot be replaced, for
// a command that has no plan.
func MayReplace(o *world.Observation) error {
	var found []*finding.Error
	for _, err := range append([]error{o.Host.Unwritable}, o.Host.Unreplaceable...) {
		if err != nil {
			found = append(found, finding.Named(finding.HostNotReady, "file-unwritable", "%w", err))
		}
	}
	return finding.NotReady(found)
}

// MayCopy refuses what reads and writes the volumes where this user cannot.
func MayCopy(o *world.Observation, what string) error {
	switch {
	case !o.Engine.Local:
		return elsewhere(o, what)
	case o.Engine.Rootless && !o.Engine.Inside:
		return finding.Named(finding.HostNotReady, "namespace-closed", "%s needs Docker's volumes, which only Docker's user namespace can use\n\nDocker runs without root, and openalgo-install "+
			"could not enter that namespace: %s.", what, o.Engine.NotEntered).
			With(finding.Hint{Do: "Install util-linux, which contains nsenter, and check that Docker runs"}).Ending(finding.Unchanged)
	case !o.Host.Root:
		return finding.Named(finding.HostNotReady, "needs-root", "%s needs Docker's volumes, and only root can use them\n\n%s", what, o.Host.BecomeRoot).Ending(finding.Unchanged)
	}
	return nil
}

// Databases refuses a backup of an instance that keeps no database, as far as that
// was looked at.
func Databases(o *world.Observation) error {
	at := o.Answered.Databases
	if o.Answered.DatabasesAt != nil || at.Err != nil || at.Path == "" || at.Bytes > 0 {
		return o.Answered.DatabasesAt
	}
	return NoDatabase(at.Path)
}

// NoDatabase refuses a backup of data that has no database.
func NoDatabase(source string) error {
	return finding.Named(finding.HostNotReady, "data-missing", "there is no database in %s yet, so there is nothing to back up. If you expected one, check that directory", source)
}
