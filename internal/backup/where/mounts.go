package where

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// mounts are the places where disks are mounted, and those where /etc/fstab says that
// one belongs.
type mounts struct{ mounted, meant []string }

// readMounts leaves out what cannot be read: then nothing is known against a place.
func readMounts() mounts {
	now, _ := readfile.Regular("/proc/self/mountinfo", readfile.Own)
	table, _ := readfile.Regular("/etc/fstab", readfile.Config)
	return mounts{column(string(now), 4), column(string(table), 1)}
}

// column takes one field of each line: a path, in which a space is \040.
func column(text string, n int) (out []string) {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) <= n || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if path := unescape.Replace(fields[n]); strings.HasPrefix(path, "/") { // swap is mounted at "none"
			out = append(out, filepath.Clean(path))
		}
	}
	return out
}

// longest is the innermost of some places that a path is at or below; "" is none.
func longest(places []string, path string) (found string) {
	for _, place := range places {
		if len(place) > len(found) && (path == place || strings.HasPrefix(path, strings.TrimSuffix(place, "/")+"/")) {
			found = place
		}
	}
	return found
}

// holder is where the disk is mounted that has a path.
func (m mounts) holder(path string) string { return longest(m.mounted, path) }

// check refuses a directory, whose path without links is real.
func (m mounts) check(real, dir string, last *Place) error {
	holder := m.holder(real)
	if holder == "" {
		return nil // what is mounted is not known
	}
	if meant := longest(m.meant, real); len(meant) > len(holder) {
		return notMounted(dir, meant, "/etc/fstab names a disk for it").
			With(finding.Shell("Mount the disk, then run the same command again", "sudo mount "+finding.Quoted(meant)), otherDir()).Ending(finding.Unchanged)
	}
	if last != nil && last.Dir == dir && last.Mount != "" && last.Mount != holder && !slices.Contains(m.mounted, last.Mount) {
		return notMounted(dir, last.Mount, "the last backup to this directory was on the disk that was mounted there").
			With(finding.Hint{Do: "Mount the disk, then run the same command again"}, otherDir()).Ending(finding.Unchanged)
	}
	return nil
}

func notMounted(dir, mount, why string) *finding.Error {
	return finding.Named(finding.HostNotReady, "backup-not-mounted", "%s is not mounted, so %s is on this machine's own disk\n\n%s. A backup there would be lost together with this machine", mount, dir, strings.ToUpper(why[:1])+why[1:])
}

func otherDir() finding.Hint {
	return finding.Hint{Do: "If that disk is no longer used, choose another directory with --to"}
}
