package later

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// ByHand refuses a schedule of the machine for a Docker that runs as a user who has no
// systemd: it would run as root, whose Docker is another. It has the lines for a
// schedule of the user's.
func ByHand(job Job) error {
	return finding.Named(finding.HostNotReady, "schedule-by-hand", "a schedule of this machine runs as root, and this Docker runs without root\n\n"+
		"systemd runs nothing for your user here. Your own crontab can run the backup.").
		With(job.crontab()...).Ending(finding.Unchanged)
}

// crontab has the lines for the crontab of a user.
func (d Job) crontab() []finding.Hint {
	at := d.At.Local()
	return []finding.Hint{finding.Shell("Open your crontab", "crontab -e"),
		finding.Shell("Add these lines", fmt.Sprintf("%d %d * * * %s", at.Minute(), at.Hour(), strings.Join(d.Backup, " ")), "@reboot "+strings.Join(d.Recover, " "))}
}
