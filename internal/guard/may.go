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
		return finding.Named(finding.HostNotReady, "namespace-closed", "%s reads and writes Docker's volumes, which only its user namespace may\n\n"+
			"Docker runs without root here, and that namespace could not be entered: %s.", what, o.Engine.NotEntered).
			With(finding.Hint{Do: "Install util-linux, which has the program nsenter, and check that Docker runs"}).Ending(finding.Unchanged)
	case !o.Host.Root:
		return finding.Named(finding.HostNotReady, "needs-root", "%s reads and writes Docker's volumes, so it needs root\n\n%s", what, o.Host.BecomeRoot).Ending(finding.Unchanged)
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
	return finding.Named(finding.HostNotReady, "data-missing", "there is no database in %s yet, and so nothing to back up: look into it if you expected one", source)
}
