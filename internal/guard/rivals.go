package guard

import (
	"fmt"
	"strings"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// Rivals describes the containers of one project where a second one
// runs beside the first; "" when none does. It shows what tells them apart,
// since only the user knows which of them is in use.
func Rivals(containers []docker.Container) string {
	var lines []string
	second := false
	for i, c := range containers {
		second = second || i > 0 && stacks.IsUp(c)
		if stacks.IsUp(c) || i == 0 {
			lines = append(lines, fmt.Sprintf("    %s: image %s, %s; to stop it: docker stop %[1]s", c.Name, c.Image, sinceWhen(c)))
		}
	}
	if !second {
		return ""
	}
	return "several containers belong to this instance. Two of them on one database can damage it. " +
		"Check which one you use, then stop the others:\n" + strings.Join(lines, "\n")
}

// sinceWhen says since when a container runs, in IST.
func sinceWhen(c docker.Container) string {
	if !stacks.IsUp(c) {
		return "not running"
	}
	return "running since " + market.Text(c.StartedAt)
}
