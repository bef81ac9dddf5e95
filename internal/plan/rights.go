package plan

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// askForRights asks for the rights that the Compose files of a backup give the
// container, beyond those that OpenAlgo needs or has here already: whoever can
// change a backup could otherwise take over this machine.
func askForRights(o *world.Observation, p *Plan) {
	if p.Stack == nil || p.Intent.Backup.Exact {
		return
	}
	files := map[string][]byte{compose.FileName: p.ComposeText}
	if o.Override != nil {
		files[filepath.Base(o.Override.Path)] = o.Override.Content
	}
	had := guard.RightsHere(o)
	wanted := slices.DeleteFunc(guard.Rights(o.Dir, p.Stack, files), func(right string) bool { return slices.Contains(had, right) })
	if image := ImageRef(o, p.Intent); p.Stack.Image != image {
		wanted = append(wanted, "another image, "+p.Stack.Image)
	}
	if len(wanted) > 0 {
		p.Asks = append(p.Asks, Ask{AskRights, "The Compose files of this backup ask for rights on this machine that OpenAlgo does not need: " + strings.Join(wanted, "; ") + ". Continue only if you know who wrote them"})
	}
}
