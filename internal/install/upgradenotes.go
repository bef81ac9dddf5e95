package install

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// planUpgrade says from what to what an upgrade goes, and what the release
// takes away. It is for people: where something can't be told, it is left out.
func (in *Installer) planUpgrade(ctx context.Context, o *observed, p *Plan) {
	c := o.container()
	if !p.intent.upgrades() || c == nil || o.image == nil || o.image.ID == c.ImageID {
		return
	}
	now, err := in.Engine.Image(ctx, c.ImageID)
	if err != nil {
		return
	}
	p.warn("from %s to %s", in.releaseOf(ctx, now), in.releaseOf(ctx, *o.image))
	if o.image.Created.Before(now.Created) {
		p.Asks = append(p.Asks, Ask{AskDown, "This image is older than the one that runs. Databases only go forward, so an older OpenAlgo may not be able to read them; " +
			"`openalgo-install rollback` goes back together with the data of then"})
	}
	in.planLost(ctx, o, p, now)
}

// releaseOf names a release by the app's own version and the day of its image.
func (in *Installer) releaseOf(ctx context.Context, image engine.Image) string {
	made := "an image of " + image.Created.Local().Format(time.DateOnly)
	text, err := in.readFromImage(ctx, image.ID, openalgo.Version)
	if err != nil {
		return made
	}
	if m := openalgo.Release.FindSubmatch(text); m != nil {
		return fmt.Sprintf("OpenAlgo %s (%s)", m[1], made)
	}
	return made
}

// planLost names the settings of this .env that the former release knew and
// this one does not, and a broker that it does not list.
func (in *Installer) planLost(ctx context.Context, o *observed, p *Plan, now engine.Image) {
	before, err := in.readFromImage(ctx, now.ID, openalgo.Sample)
	if err != nil || o.sample == nil || o.env == nil {
		return
	}
	old, err1 := envfile.Parse(before)
	fresh, err2 := envfile.Parse(o.sample)
	if err1 != nil || err2 != nil {
		return
	}
	var gone []string
	for _, key := range old.Keys() {
		_, stays := fresh.Get(key)
		if _, ours := o.env.Get(key); ours && !stays {
			gone = append(gone, key)
		}
	}
	if len(gone) > 0 {
		p.warn("the release does not know these settings of .env any more; they stay there, without effect: %s", strings.Join(gone, ", "))
	}
	brokers, _ := fresh.Get("VALID_BROKERS")
	if id := brokerOf(o); brokers != "" && !slices.Contains(strings.Split(brokers, ","), id) {
		p.warn("the release does not list the broker %s: you may not be able to log in with it", id)
	}
}
