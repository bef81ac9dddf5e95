package install

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// dailyAge is how old the last good backup may be where one is made every day.
const dailyAge = 26 * time.Hour

// dailyProblem says why the daily backup of a directory is none: it can't
// happen, it failed, or it did not happen. "" when all is well, or none is set.
func dailyProblem(ctx context.Context, dir string, now time.Time) string {
	d := ReadDailyBackup(dir)
	if d == nil {
		return ""
	}
	s := scheduler{systemctl: systemctl}
	if reason := s.idle(ctx, d, dir); reason != "" {
		return reason
	}
	return d.overdue(ReadLastBackup(dir), now)
}

// overdue looks at what became of it.
func (d *DailyBackup) overdue(last *LastBackup, now time.Time) string {
	const form = "2006-01-02 15:04"
	since := d.Set
	if last != nil && last.Good().After(since) {
		since = last.Good()
	}
	switch {
	case last != nil && !last.OK && last.At.After(d.Set):
		return "the backup of " + last.At.Local().Format(form) + " failed: " + strings.SplitN(last.Message, "\n", 2)[0]
	case now.Sub(since) <= dailyAge:
		return ""
	case last == nil || last.Good().IsZero():
		return "a backup is to be made every day at " + d.Clock + " IST, and none was made yet"
	}
	return "a backup is to be made every day at " + d.Clock + " IST, and the last good one is of " + last.Good().Local().Format(form)
}

// idle says why the host does not make the backup.
func (s scheduler) idle(ctx context.Context, d *DailyBackup, dir string) string {
	there := d.files(s.root, dir)
	for _, file := range d.Files {
		if _, err := os.Stat(filepath.Join(s.root, file)); err != nil {
			return file + ", which makes the daily backup, is gone: set it up again with backup --schedule " + d.Clock
		}
		text, err := readfile.NoLink(filepath.Join(s.root, file), readfile.Own)
		program := programIn(string(text))
		if err != nil || program == "" {
			continue
		}
		if info, err := os.Stat(filepath.Join(s.root, program)); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return file + " makes the daily backup with " + program + ", which is not there any more: set it up again with backup --schedule " + d.Clock
		}
	}
	if len(there) == 0 {
		return d.Files[0] + " makes the backup of another instance, and nobody makes this one's: set it up again with backup --schedule " + d.Clock
	}
	for _, file := range there {
		if strings.HasPrefix(file, cronTables) {
			if reason := cronHere(s.root); reason != "" {
				return reason + ", so nobody runs " + file + ", the daily backup: apt-get install cron, or run that line from what you have"
			}
		}
		if strings.HasSuffix(file, ".timer") && s.systemctl(ctx, "--quiet", "is-enabled", filepath.Base(file)) != nil {
			return filepath.Base(file) + ", which makes the daily backup, is disabled: systemctl enable --now " + filepath.Base(file)
		}
	}
	return ""
}
