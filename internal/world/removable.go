package world

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// LookAtRemovable looks at what an uninstall may remove. The daily backup and what
// other installers left are looked at by who knows them.
func (l *Looker) LookAtRemovable(ctx context.Context, o *Observation) error {
	r := &o.Removable
	networks, err := l.Engine.Networks(ctx, compose.LabelProject+"="+o.Project)
	if err != nil {
		return fmt.Errorf("looking at the networks: %w", err)
	}
	for _, n := range networks {
		r.Networks = append(r.Networks, n.Name)
	}
	r.Directories = ownDirectories(o)
	if o.State.Edge.Kind != "" {
		r.Site = seeGone(ctx, l, o, o.State.Edge)
	}
	r.Work, r.Interrupted = isThere(o.Dir.Work("")), o.Dir.HasJournal()
	r.Draft = draft.For(string(o.Dir)).Kept()
	if archives := backup.Archives(o.Dir); hasEntries(archives) {
		r.Archives = archives
	}
	return nil
}

// ownDirectories are the directories beside .env that keep this instance's data in
// place of volumes, by their names.
func ownDirectories(o *Observation) (out []string) {
	asked := strings.Contains(string(o.AnswersText), "\nvolumes: bind\n")
	saved, _ := answers.ParseSaved(o.AnswersText)
	for _, name := range openalgo.Trees {
		path := o.Dir.Path(name)
		mounted := slices.ContainsFunc(o.Containers, func(c engine.Container) bool {
			return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return DirectoryOf(m) == path })
		})
		if info, err := os.Lstat(path); err == nil && info.IsDir() && (asked || mounted || saved.Data[name] == path) && !o.State.Foreign {
			out = append(out, name)
		}
	}
	return out
}
