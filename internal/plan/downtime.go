package plan

import (
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// expectDowntime says how long OpenAlgo will be down while its container is
// recreated.
func expectDowntime(o *world.Observation, p *Plan) {
	c, old, i := p.Change(KindContainer, p.ContainerName()), o.Container(), p.Intent
	if c == nil || c.Action != ActionRecreate || old == nil || !stacks.IsUp(*old) {
		return
	}
	copies := i.Upgrades() || i.Restores() || i.Data == ToVolumes || i.Adopts() && len(unmounted(*old)) > 0
	p.Downtime = o.Downtime(p.ImageID, p.ImageRef(), copies)
}
