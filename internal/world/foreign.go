package world

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// LookAtForeign finds a stack that this program did not make, and reads its files.
func LookAtForeign(l *Looker, o *Observation) error {
	o.ComposeName = compose.FileName
	o.FindByMount()
	c := o.Container()
	if c == nil || o.State.IsOurs() {
		return nil
	}
	o.Foreign, o.ComposeText, o.ComposeName = true, nil, ""
	if project := c.Labels[compose.LabelProject]; project != "" {
		o.Project = project
	}
	for path := range strings.SplitSeq(c.Labels[compose.LabelFiles], ",") {
		if path == "" || !stacks.SameFile(filepath.Dir(path), string(l.Dir)) {
			continue
		}
		text, err := readfile.Optional(path)
		if err != nil {
			return finding.Named(finding.HostNotReady, "file-unreadable", "reading %s: %w", path, err)
		}
		if text != nil && o.ComposeText == nil {
			o.ComposeText, o.ComposeName = text, filepath.Base(path)
		}
	}
	return nil
}

// Adoptable lists the directories of the stacks on a Docker that another tool
// made.
func Adoptable(ctx context.Context, e Engine) ([]string, error) {
	all, err := e.Containers(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the containers: %w", err)
	}
	var out []string
	for _, c := range all {
		dir := stacks.DirOf(c)
		s, err := instance.Dir(dir).LoadState()
		if stacks.IsOpenAlgo(c) && dir != "" && (err != nil || !s.IsOurs()) && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out, nil
}
