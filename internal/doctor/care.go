package doctor

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// leaked finds keys that everybody can read in OpenAlgo's own history
// (docs/openalgo-facts.md 1.5).
func leaked(p patient) (out []Finding) {
	if p.env == nil {
		return nil
	}
	if value, _ := p.env.Get(keys.AppKey); keys.AppKeyState(value) == keys.Leaked {
		out = append(out, failure("keys", finding.Named(finding.Failed, "app-key-published", "OpenAlgo once published this APP_KEY, so anyone can forge a login. After you replace it, log in again").With(ours("--answers", p.dir+"/openalgo-install.yaml")))...)
	}
	if value, _ := p.env.Get(keys.Pepper); keys.PepperState(value) == keys.Leaked {
		out = append(out, warning("keys", finding.Warn("pepper-known", "OpenAlgo once published this API_KEY_PEPPER, so whoever gets the database can open it. "+
			"Your data needs it, so it is never replaced. Keep your backups private"))...)
	}
	return out
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
		return warning("timezone", finding.Warn("time-zone", "the container's time zone is %q, but schedules of strategies use %s", tz, zone).With(finding.Hint{Do: "write TZ: " + zone + " under environment in " + p.dir + "/docker-compose.yaml, then run `docker compose up -d`"}))
	}
	return nil
}
