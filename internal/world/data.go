package world

import (
	"context"
	"os"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// dataPlaces names every place where this instance's databases may be and
// something is: volumes, or a directory that is mounted in their place. It follows
// what the container mounts, what docker-compose.yaml says, and the name
// that we would give, since each may have been changed by hand.
func dataPlaces(o *Observation) []string {
	var out []string
	add := func(volume, directory string) {
		if _, exists := o.Volumes[volume]; exists && !slices.Contains(out, volume) {
			out = append(out, volume)
		}
		if directory != "" && hasEntries(directory) && !slices.Contains(out, directory) {
			out = append(out, directory)
		}
	}
	add(o.Project+"_openalgo_db", "")
	for _, c := range o.Containers {
		for _, m := range c.Mounts {
			if m.Target == openalgo.DB {
				add(m.Name, stacks.BindSource(m))
			}
		}
	}
	if o.ComposeText == nil {
		return out
	}
	src := compose.Source{Dir: string(o.Dir), Env: o.EnvText,
		Files: []compose.File{{Path: o.Dir.Path(compose.FileName), Content: o.ComposeText}}}
	if o.Override != nil {
		src.Files = append(src.Files, *o.Override)
	}
	stack, err := compose.Load(src)
	if err != nil {
		o.Unread = err
		return out
	}
	o.Read = &Read{Source: src, Stack: stack}
	for _, m := range stack.Spec("").Mounts {
		if m.Target == openalgo.DB {
			add(m.Source, stacks.BindSource(m))
		}
	}
	return out
}

func hasEntries(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

// DirectoryOf is the directory on this machine that a mount keeps data in; "" for
// any other mount.
func DirectoryOf(m engine.Mount) string {
	if _, ok := openalgo.TreeOf(m.Target); ok && m.Type == "bind" {
		return m.Source
	}
	return ""
}

// DataDirectories are the directories that a container mounts as data, by
// their place in it.
func DataDirectories(c engine.Container) map[string]string {
	out := map[string]string{}
	for _, m := range c.Mounts {
		if _, ok := openalgo.TreeOf(m.Target); ok && stacks.BindSource(m) != "" {
			out[m.Target] = stacks.BindSource(m)
		}
	}
	return out
}

// DataDirectory is where this machine finds what the container sees as openalgo.DB.
func DataDirectory(ctx context.Context, e stacks.Volumes, c engine.Container) (string, error) {
	path, _, err := stacks.DataPath(ctx, e, c, openalgo.DB)
	if err == nil && path == "" {
		err = finding.Named(finding.HostNotReady, "volume-missing", "%s keeps its databases in no volume, so they would be gone with the container: put the volumes back into %s first", c.Name, compose.FileName)
	}
	return path, err
}
