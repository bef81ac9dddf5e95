package plan

import (
	"fmt"
	"slices"
	"strings"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planUpgrade says from what to what an upgrade goes, and what the release
// removes. It is for people: where something cannot be told, it is left out.
func planUpgrade(o *world.Observation, p *Plan) {
	c := o.Container()
	if !p.Intent.Upgrades() || c == nil || o.Runs == nil || o.Image == nil || o.Image.ID == c.ImageID {
		return
	}
	p.Warn(finding.Warn("release-changes", "from %s to %s", releaseName(o.Runs.Image, o.Runs.Version), releaseName(*o.Image, o.ImageVersion)))
	if o.Image.Created.Before(o.Runs.Image.Created) {
		p.Asks = append(p.Asks, Ask{AskDown, "This image is older than the current one, and an older OpenAlgo may be unable to read newer databases. " +
			"To return to the previous release with its data: " + finding.Command(o.Dir, "rollback")})
	}
	planLost(o, p)
}

// releaseName names a release by OpenAlgo's own version and the day of its image.
func releaseName(image docker.Image, version string) string {
	made := "an image of " + market.Day(image.Created)
	if version == "" {
		return made
	}
	return fmt.Sprintf("OpenAlgo %s (%s)", version, made)
}

// planLost names the settings of this .env that the previous release knew and
// this one does not, and a broker that it does not list.
func planLost(o *world.Observation, p *Plan) {
	if o.Runs.Sample == nil || o.Sample == nil || o.Env == nil {
		return
	}
	old, err1 := envfile.Parse(o.Runs.Sample)
	fresh, err2 := envfile.Parse(o.Sample)
	if err1 != nil || err2 != nil {
		return
	}
	var gone []string
	for _, key := range old.Keys() {
		_, stays := fresh.Get(key)
		if _, ours := o.Env.Get(key); ours && !stays {
			gone = append(gone, key)
		}
	}
	if len(gone) > 0 {
		p.Warn(finding.Warn("settings-dropped", "the release no longer uses these settings of .env. They stay in .env without effect: %s", strings.Join(gone, ", ")))
	}
	brokers, _ := fresh.Get("VALID_BROKERS")
	if id := settings.BrokerOf(o.Env); brokers != "" && !slices.Contains(strings.Split(brokers, ","), id) {
		p.Warn(finding.Warn("broker-unlisted", "the release does not list the broker %s. You may be unable to log in to it", id))
	}
}
