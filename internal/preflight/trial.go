package preflight

import (
	"cmp"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// RefusalsAnHour is how many failed attempts Let's Encrypt takes for one name, and then
// none for an hour (https://letsencrypt.org/docs/rate-limits/).
const RefusalsAnHour = 5

// LetsEncryptStaging gives certificates that nobody trusts and has no limits
// worth a thought: for test installs, and first when the last attempt failed.
const LetsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"

// Trial has a trial certificate come first when the last attempts failed: it returns
// the authority to ask, "" for none. It refuses the attempt that would close the door
// for an hour.
func Trial(o *world.Observation, a answers.Answers) (authority string, err error) {
	recent := o.Edge.Refused
	if len(recent) == 0 {
		return "", nil
	}
	hour := slices.DeleteFunc(slices.Clone(recent), func(at time.Time) bool { return !at.After(o.Now.Add(-time.Hour)) })
	if a.TLS.CA == "" && len(hour) >= RefusalsAnHour {
		return "", finding.Named(finding.HostNotReady, "certificate-refused", "Let's Encrypt refused %s %d times within an hour. It accepts no more attempts before %s",
			a.Domain, len(hour), market.Text(hour[0].Add(time.Hour))).
			With(finding.Run("To test the rest in the meantime, with a test certificate", "--answers", "FILE", "--rehearse"))
	}
	if a.TLS.CA == "" {
		return cmp.Or(a.TLS.CATrial, LetsEncryptStaging), nil
	}
	return a.TLS.CATrial, nil
}
