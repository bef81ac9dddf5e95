package install

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Let's Encrypt takes five failed attempts an hour for one name
// (https://letsencrypt.org/docs/rate-limits/), and then none for an hour.
const (
	refusalsAnHour = 5
)

// noteRefusal keeps that an attempt failed. It is of no use to fail for it.
func (in *Installer) noteRefusal(domain string) {
	file, err := instance.OpenOwn(in.dir.Work(world.RefusalsName), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "%s %s\n", time.Now().UTC().Format(time.RFC3339), domain)
}

// planTrial has a trial come first when the last attempts failed, and refuses
// the one that would close the door for an hour.
func planTrial(o *observed, p *Plan) error {
	a, recent := p.answers, o.Edge.Refused
	if len(recent) == 0 {
		return nil
	}
	hour := slices.DeleteFunc(slices.Clone(recent), func(at time.Time) bool { return !at.After(o.Now.Add(-time.Hour)) })
	if a.TLS.CA == "" && len(hour) >= refusalsAnHour {
		return finding.Errorf(finding.HostNotReady, "Let's Encrypt refused %s %d times within an hour, and takes no more before %s. "+
			"Use the time: `openalgo-install --answers FILE --rehearse` tries it all with certificates for trials",
			a.Domain, len(hour), hour[0].Add(time.Hour).Local().Format("15:04"))
	}
	p.edge.trial = a.TLS.CATrial
	if a.TLS.CA == "" {
		p.edge.trial = cmp.Or(p.edge.trial, letsEncryptStaging)
	}
	return nil
}
