package later

import (
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// ByHand refuses a schedule of the machine for a Docker that runs as a user: it would
// run as root, whose Docker is another. It has the lines for a schedule of the user's.
func ByHand(at time.Time, backup, recover []string) error {
	at = at.Local()
	return finding.Named(finding.HostNotReady, "schedule-by-hand", "a schedule of this machine runs as root, and this Docker runs without root\n\n"+
		"Your own crontab can run the backup.").
		With(finding.Shell("Open your crontab", "crontab -e"),
			finding.Shell("Add these lines", fmt.Sprintf("%d %d * * * %s", at.Minute(), at.Hour(), strings.Join(backup, " ")), "@reboot "+strings.Join(recover, " "))).
		Ending(finding.Unchanged)
}
