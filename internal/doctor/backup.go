package doctor

import (
	"context"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// backupAge is how old the last backup may be before doctor warns.
const backupAge = 31 * 24 * time.Hour

// lastBackup is how the last one ended, and whether it is still there.
type lastBackup struct{ gone bool }

func (c *lastBackup) look(_ context.Context, _ Look, p *patient) {
	if p.instance != nil && p.instance.Backup != nil && p.instance.Backup.OK && p.instance.Backup.File != "" {
		c.gone = gone(p.instance.Backup.File)
	}
}

func (c *lastBackup) judge(p patient) []Finding {
	if p.instance == nil {
		return nil
	}
	last, away := p.instance.Backup, p.instance.Elsewhere
	switch {
	case p.instance.BackupProblem != "":
		return failure("backup", finding.Named(finding.Failed, "backup-daily", "%s", p.instance.BackupProblem).With(ours("backup")))
	case last == nil:
		return ok("backup", "openalgo-install has made no backup yet. To make one: %s", p.reader.Command("backup"))
	case !last.OK:
		return warning("backup", finding.Warn("backup-failed", "the backup of %s failed: %s", market.Text(last.At), strings.SplitN(last.Message, "\n", 2)[0]).With(ours("backup")))
	case last.Unchecked != "":
		return warning("backup", finding.Warn("backup-unchecked", "the databases in the last backup could not be checked: %s", last.Unchecked).With(ours("backup")))
	case p.now.Sub(last.At) > backupAge:
		return warning("backup", finding.Warn("backup-old", "the last backup is of %s", market.Day(last.At)).With(ours("backup")))
	case away.Failed():
		return warning("backup", finding.Warn("backup-not-copied", "the last backup is on this machine, and not in %s: %s", away.Address, strings.SplitN(away.Message, "\n", 2)[0]).
			With(ours("backup", "--to", away.Address)))
	case away != nil && away.ReadBack != nil && !away.ReadBack.OK:
		r := away.ReadBack
		return warning("backup", finding.Warn("copy-not-whole", "the copy %s in %s could not be read back whole: %s", r.Name, away.Address, strings.SplitN(r.Message, "\n", 2)[0]).
			With(ours("backup", "--to", away.Address)))
	case away != nil && away.Unproven:
		return warning("backup", finding.Warn("key-unproven", "you have not shown yet that you kept the key of the backups in %s. They cannot be read without it", away.Address).
			With(ours("backup", "verify", away.Address, "--identity", "key.txt")))
	case c.gone:
		return warning("backup", finding.Warn("backup-missing", "the last backup no longer exists: %s", last.File).With(ours("backup")))
	}
	return ok("backup", "the last backup is of %s: %s", market.Text(last.At), last.File)
}
