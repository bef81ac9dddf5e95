package install

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// dataTree is the tree with the databases.
const dataTree = "db"

// dataDirectory is where this host finds what the container sees as openalgo.DB.
func (in *Installer) dataDirectory(ctx context.Context, c engine.Container) (string, error) {
	path, _, err := step.DataPath(ctx, in.Engine, c, openalgo.DB)
	if err == nil && path == "" {
		err = finding.Errorf(finding.HostNotReady, "%s keeps its databases in no volume, so they would be gone with the container: put the volumes back into %s first", c.Name, compose.FileName)
	}
	return path, err
}
