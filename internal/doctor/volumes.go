package doctor

import (
	"context"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// stray are volumes whose directory is gone, and that no container has.
type stray struct{ volumes []string }

func (c *stray) look(ctx context.Context, l Look, p *patient) {
	if l.Engine == nil {
		return
	}
	used := map[string]bool{} // by an instance whose directory was moved, too
	containers, err := l.Engine.Containers(ctx)
	if err != nil {
		return // nobody knows which volumes are in use
	}
	for _, one := range containers {
		for _, m := range one.Mounts {
			used[m.Name] = true
		}
	}
	volumes, _ := l.Engine.Volumes(ctx, compose.LabelProject)
	for _, v := range volumes {
		if dir := v.Labels[stacks.LabelDir]; dir != "" && p.engine.Local && gone(dir) && !used[v.Name] && !strings.HasSuffix(v.Name, "_"+compose.BytecodeVolume) { // which needs no key
			c.volumes = append(c.volumes, v.Name)
		}
	}
}

func (c *stray) judge(patient) (out []Finding) {
	for _, name := range c.volumes {
		out = append(out, warning("volumes", finding.Warn("volume-stray", "the directory of the volume %s is gone. The volume's data cannot be opened without the .env from that directory", name))...)
	}
	return out
}
