package guard

import (
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Purge refuses to delete volumes for a directory that does not hold their
// instance, and keys whose data would stay.
func Purge(o *world.Observation, volumes []string) error {
	if len(volumes) > 0 && o.Env == nil && o.State.Project != o.Project {
		return finding.Named(finding.HostNotReady, "owner", "%s has no OpenAlgo, and the volumes of the project %s belong to another directory. Choose that directory with --dir. "+
			"Nothing was removed", string(o.Dir), o.Project)
	}
	for _, place := range o.Data {
		own := func(name string) bool { return o.Dir.Path(name) == place }
		if !slices.Contains(volumes, place) && !slices.ContainsFunc(o.Removable.Directories, own) {
			return finding.Named(finding.HostNotReady, "data-elsewhere", "the database is in %s, which is not deleted, because it does not belong to this instance alone. "+
				"Its encryption keys must stay too. Uninstall without --purge, or move that data away first. Nothing was removed", place)
		}
	}
	return MayReplace(o)
}

// Removal is All for what is removed: a directory that was moved is no
// reason to keep its container, which `start` recreates there. Data that is deleted
// needs no keys.
func Removal(o *world.Observation, purge bool) (warning *finding.Error, err error) {
	if err := Engine(o); err != nil {
		return nil, err
	}
	if err := Project(o); err != nil {
		return nil, err
	}
	// A container may be the last that has the right keys. What an interrupted run
	// left is looked at again once it is undone.
	keys := Keys(o)
	if keys != nil && !purge && len(o.Containers) > 0 && !o.Removable.Interrupted {
		return nil, keys
	}
	if keys != nil && purge {
		warning = finding.Warn("keys", "%s. The data in %s may belong to another instance, or its encryption keys may be in a backup or in the container that runs. --purge deletes it for good",
			KeyFault(o), strings.Join(o.Data, ", "))
	}
	if c := foreignHere(o); c != nil {
		refused := finding.Named(finding.HostNotReady, "foreign-stack", "another tool created %s, and the encryption keys in this directory open its data", c.Name)
		if !o.State.IsOurs() {
			refused = refused.With(finding.Run("Take it over first", "adopt"))
		}
		return nil, refused.With(finding.Shell("Remove this container. Its data stays", "docker rm -f "+c.Name)).Ending("Nothing was removed.")
	}
	return warning, nil
}
