package install

import (
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// dataDirectories are the directories that a container mounts as data, by
// their place in it.
func dataDirectories(c engine.Container) map[string]string {
	out := map[string]string{}
	for _, m := range c.Mounts {
		if _, ok := openalgo.TreeOf(m.Target); ok && bindSource(m) != "" {
			out[m.Target] = bindSource(m)
		}
	}
	return out
}
