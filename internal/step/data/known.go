// Package data holds the steps on OpenAlgo's data: its copies, what replaces it, and
// how it comes back.
package data

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

// isKnown reports whether a directory is data of this instance: it is below the
// instance's own, a volume of Docker's, or one that a container of it mounts.
func isKnown(ctx context.Context, t *run.Tools, data string) (bool, error) {
	if inside, ours := strings.CutPrefix(data, string(t.Dir)+"/"); ours && !strings.HasPrefix(inside, instance.WorkName) {
		return true, nil
	}
	volumes, err := t.Engine.Volumes(ctx)
	if err != nil {
		return false, fmt.Errorf("list the volumes: %w", err)
	}
	known := map[string]bool{}
	for _, v := range volumes {
		known[v.Mountpoint] = true
	}
	containers, err := t.Engine.Containers(ctx)
	if err != nil {
		return false, fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range containers {
		if !stacks.SameFile(stacks.DirOf(c), string(t.Dir)) {
			continue
		}
		for _, m := range c.Mounts {
			if path, err := filepath.EvalSymlinks(stacks.BindSource(m)); err == nil && stacks.BindSource(m) != "" {
				known[path] = true
			}
		}
	}
	return known[data], nil
}

// unknown says how to go on where a copy has no place to go back to.
func unknown(t *run.Tools, at, kept string) error {
	return finding.Named(finding.Failed, "data-unplaced", "%[1]s is not a volume or directory of this instance, so nothing was copied into it\n\nThe copy in %[2]s may be the only "+
		"copy of your data. First copy it to a safe place:\n\n    sudo cp -a %[2]s %[3]s-data", at, kept, t.Dir).
		With(finding.Hint{
			Do:    fmt.Sprintf("If OpenAlgo's data belongs in %s, copy it there, and remove the record of the interrupted run", at),
			Shell: []string{"sudo mkdir -p " + at, fmt.Sprintf("sudo cp -a %s/. %s/", kept, at), "sudo rm " + t.Work(instance.JournalName)},
			Args:  []string{"start"},
		})
}

// labelsOf are the labels that a volume of this instance has, by which Docker
// Compose and this program know it.
func labelsOf(t *run.Tools, name string) map[string]string {
	labels := map[string]string{stacks.LabelDir: string(t.Dir)}
	project := pair.Project(t)
	if project == "" {
		return labels
	}
	if key, ours := strings.CutPrefix(name, project+"_"); ours {
		labels[compose.LabelProject], labels[compose.LabelVolume] = project, key
	}
	return labels
}
