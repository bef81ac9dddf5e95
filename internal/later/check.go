package later

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// dailyAge is how old the last good backup may be where one is made every day.
const dailyAge = 26 * time.Hour

// DailyProblem says why there is no daily backup: it cannot run, it failed, or it
// did not run. "" when all is well, or when none is set up.
func DailyProblem(ctx context.Context, dir instance.Dir, now time.Time) string {
	d := LoadDaily(dir)
	if d == nil {
		return ""
	}
	if reason := schedulerOf(d.isUsers()).idle(ctx, d, string(dir)); reason != "" {
		return reason
	}
	return d.overdue(backup.LoadLast(dir), now)
}

// overdue says when the last run failed or did not happen.
func (d *Daily) overdue(last *backup.Last, now time.Time) string {
	const form = "2 Jan 2006, 15:04 MST"
	since := d.Set
	if last != nil && last.Good().After(since) {
		since = last.Good()
	}
	switch {
	case last != nil && !last.OK && last.At.After(d.Set):
		return "the backup of " + last.At.In(market.IST).Format(form) + " failed: " + strings.SplitN(last.Message, "\n", 2)[0]
	case now.Sub(since) <= dailyAge:
		return ""
	case last == nil || last.Good().IsZero():
		return "a backup is scheduled every day at " + d.Clock + " IST, but there is none yet"
	}
	return "a backup is scheduled every day at " + d.Clock + " IST, but the last good one is of " + last.Good().In(market.IST).Format(form)
}

// idle says why this machine does not run the backup.
func (s scheduler) idle(ctx context.Context, d *Daily, dir string) string {
	there, enable := d.files(s.root, dir), "sudo systemctl enable --now "
	if d.isUsers() {
		enable = "systemctl --user enable --now "
	}
	again := finding.Command(dir, "backup", "--schedule", d.Clock)
	for _, file := range d.Files {
		if _, err := os.Stat(filepath.Join(s.root, file)); err != nil {
			return file + ", which runs the daily backup, is gone. Set it up again: " + again
		}
		text, err := readfile.NoLink(filepath.Join(s.root, file), readfile.Own)
		program := programIn(string(text))
		if err != nil || program == "" {
			continue
		}
		if info, err := os.Stat(filepath.Join(s.root, program)); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return file + " runs the daily backup with " + program + ", which no longer exists. Set the backup up again: " + again
		}
	}
	if len(there) == 0 {
		return d.Files[0] + " runs the backup of another instance, so this instance has no daily backup. Set it up again: " + again
	}
	for _, file := range there {
		if strings.HasPrefix(file, cronTables) {
			if reason := cronHere(s.root); reason != "" {
				return reason + ", so nothing runs " + file + ", the daily backup. Install cron (sudo apt-get install cron), or let your own scheduler run that line"
			}
		}
		if strings.HasSuffix(file, ".timer") && s.systemctl(ctx, "--quiet", "is-enabled", filepath.Base(file)) != nil {
			return filepath.Base(file) + ", which runs the daily backup, is disabled. Enable it: " + enable + filepath.Base(file)
		}
	}
	return ""
}
