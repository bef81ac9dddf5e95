package doctor

import (
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/keys"
)

// leaked finds keys that everybody can read in OpenAlgo's own history
// (docs/openalgo-facts.md 1.5).
func leaked(p patient) (out []Finding) {
	if p.env == nil {
		return nil
	}
	if value, _ := p.env.Get(keys.AppKey); keys.AppKeyState(value) == keys.Leaked {
		out = append(out, failure("keys", p.command+" --answers "+p.dir+"/openalgo-install.yaml",
			"APP_KEY is one that OpenAlgo once published: anybody can forge a session. A new one costs one login")...)
	}
	if value, _ := p.env.Get(keys.Pepper); keys.PepperState(value) == keys.Leaked {
		out = append(out, warning("keys", "",
			"API_KEY_PEPPER is one that OpenAlgo once published: whoever gets the database can open it. Data that is there needs it, so it is never replaced; keep backups from others")...)
	}
	return out
}

// backupAge is how old the last backup may be before doctor warns.
const backupAge = 31 * 24 * time.Hour

func lastBackup(p patient) []Finding {
	if p.instance == nil {
		return nil
	}
	last := p.instance.Backup
	switch {
	case p.instance.BackupProblem != "":
		return failure("backup", p.command+" backup", "%s", p.instance.BackupProblem)
	case last == nil:
		return ok("backup", "none was made by this program yet; `%s backup` makes one", p.command)
	case !last.OK:
		return warning("backup", p.command+" backup", "the backup of %s failed: %s", last.At.Format("2006-01-02 15:04"), strings.SplitN(last.Message, "\n", 2)[0])
	case last.Unchecked != "":
		return warning("backup", p.command+" backup", "the databases in the last one could not be checked: %s", last.Unchecked)
	case p.now.Sub(last.At) > backupAge:
		return warning("backup", p.command+" backup", "the last one is of %s", last.At.Format("2006-01-02"))
	case p.backupGone:
		return warning("backup", p.command+" backup", "the last one is not there any more: %s", last.File)
	}
	return ok("backup", "the last one is of %s: %s", last.At.Format("2006-01-02 15:04"), last.File)
}

func newer(p patient) []Finding {
	if !p.newer {
		return nil
	}
	return warning("upgrade", p.command+" upgrade", "the registry has a newer image of %s", p.instance.Image.Ref)
}

// zone is where the app's scheduler takes market hours from.
const zone = "Asia/Kolkata"

func timezone(p patient) []Finding {
	if p.container == nil {
		return nil
	}
	tz := ""
	for _, pair := range p.container.Env {
		if value, found := strings.CutPrefix(pair, "TZ="); found {
			tz = value
		}
	}
	if tz != zone {
		return warning("timezone", "write TZ: "+zone+" under environment in "+p.dir+"/docker-compose.yaml, then `docker compose up -d`",
			"the container's time zone is %q, and schedules of strategies mean %s", tz, zone)
	}
	return nil
}
