package doctor

import (
	"context"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// composeFile is whether there is one.
type composeFile struct{ there bool }

func (c *composeFile) look(_ context.Context, l Look, _ *patient) {
	for _, name := range []string{"docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml"} {
		c.there = c.there || !gone(filepath.Join(l.Dir, name))
	}
}

func (c *composeFile) judge(p patient) []Finding {
	byCompose := p.container == nil || p.container.Labels[compose.LabelProject] != ""
	if p.instance != nil && !c.there && byCompose {
		return warning("compose", finding.Warn("compose-missing", "%s/docker-compose.yaml is missing. docker compose needs it", p.dir).With(ours("--answers", p.dir+"/openalgo-install.yaml")))
	}
	return nil
}
