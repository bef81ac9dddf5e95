package stacks

import (
	"context"
	"fmt"
	"path/filepath"

	engine "github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// LabelDir is the label of a volume with the directory that it was created for:
// the keys of its data are there.
const LabelDir = "io.openalgo.install.dir"

// Volumes is what DataPath needs of Docker.
type Volumes interface {
	Volume(ctx context.Context, name string) (engine.Volume, error)
}

// DataPath is where this machine finds what the container sees as target, and
// what that is called: the volume, or the directory. Both are "" where nothing is
// mounted there.
func DataPath(ctx context.Context, e Volumes, c engine.Container, target string) (path, source string, err error) {
	for _, m := range c.Mounts {
		if m.Target != target {
			continue
		}
		if directory := BindSource(m); directory != "" {
			// Docker follows a link, and nothing below does.
			path, err := filepath.EvalSymlinks(directory)
			if err != nil {
				return "", "", fmt.Errorf("looking at %s: %w", directory, err)
			}
			return path, directory, nil
		}
		v, err := e.Volume(ctx, m.Name)
		if err != nil {
			return "", "", fmt.Errorf("looking at the volume %s: %w", m.Name, err)
		}
		return v.Mountpoint, m.Name, nil
	}
	return "", "", nil
}
