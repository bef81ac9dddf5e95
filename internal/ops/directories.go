package ops

import (
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// ownDirectories are the directories beside .env that keep this instance's
// data in the stead of volumes.
func (in *Session) ownDirectories(o *observed) []string {
	asked := strings.Contains(string(o.AnswersText), "\nvolumes: bind\n")
	saved, _ := answers.ParseSaved(o.AnswersText)
	var out []string
	for _, name := range openalgo.Trees {
		path := in.dir.Path(name)
		mounted := slices.ContainsFunc(o.Containers, func(c engine.Container) bool {
			return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return directoryOf(m) == path })
		})
		if info, err := os.Lstat(path); err == nil && info.IsDir() && (asked || mounted || saved.Data[name] == path) && !o.State.Foreign {
			out = append(out, path)
		}
	}
	return out
}
